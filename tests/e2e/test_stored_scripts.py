"""What a candidate can write is text on every page: no script of theirs runs in a real browser."""

from typing import Final

import pytest
from playwright.async_api import Page, expect

from core.candidates.contracts import (
    AddFile,
    CandidateView,
    CreateCandidate,
    Education,
    Experience,
)
from core.imports.contracts import ImportOptions, RunImport, StartImport
from core.jobs.contracts import JobView, QuestionSpec
from tenants.runtime import Runtime
from tests.fixtures.boards import Board
from tests.fixtures.browsers import Visit
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World

pytestmark = pytest.mark.usefixtures("background")

ATTEMPTS: Final = (
    "<script>window.ran=1;alert(1)</script>",
    "\"><img src=x onerror='window.ran=1;alert(1)'>",
    "<svg onload=alert(1)><style>*{display:none}</style>",
    "javascript:alert(1)//\u2028</textarea></title><iframe srcdoc='<script>alert(1)</script>'>",
    "{{ 7*7 }}${alert(1)}<a href=javascript:alert(1)>x</a>",
    "' onfocus=alert(1) autofocus x='</script><script>alert(1)</script>",
)


class Hostile:
    """One candidate for each attempt, who wrote it wherever one can write."""

    def __init__(self, job: JobView, people: list[CandidateView], files: list[str]) -> None:
        self.job = job
        self.people = people
        self.files = files


@pytest.fixture
async def hostile(runtime: Runtime, world: World) -> Hostile:
    hiring = Hiring(runtime, world)
    scope = hiring.scope()
    job = await hiring.open_job(questions=(QuestionSpec("long_text", "Why you?"),))
    people, files = [], []
    for number, attempt in enumerate(ATTEMPTS):
        person = await scope.execute(_person(attempt))
        await hiring.apply_as(
            person.id, job, source="careers", answers={job.questions[0].id: attempt}
        )
        name = "".join(each for each in attempt if each not in '/\\:\u2028"|?*\n') + ".txt"
        told = f"{attempt}\n{attempt}@example.com\nExperience\n2019 - 2021 {attempt}, {attempt}\n"
        file = await scope.execute(
            AddFile(candidate_id=person.id, name=name[-120:], content=told.encode())
        )
        people.append(person)
        files.append(f"/candidates/{person.id}/files/{file.id}")
        assert number == len(people) - 1
    return Hostile(job, people, files)


def _person(attempt: str) -> CreateCandidate:
    short = attempt.replace("\u2028", "")
    return CreateCandidate(
        full_name=short,
        preferred_name=short,
        headline=short,
        location=short,
        emails=("shared@example.com",),
        skills=(short[:80],),
        tags=(short[:50],),
        source=short[:100],
        experience=(Experience(short, short, "2019", None, short),),
        education=(Education(short, short, short, "2012", "2018"),),
        resume_text=short,
    )


async def _is_calm(page: Page) -> None:
    assert await page.evaluate("() => window.ran") is None
    assert await page.locator("main").is_visible()


async def test_nothing_that_candidates_write_runs(
    visit: Visit, hostile: Hostile, examined: Examined
) -> None:
    visit.expect("favicon")  # /search is a piece of a page, and has no icon
    job = hostile.job.id
    first, second = hostile.people[0].id, hostile.people[1].id
    page = await visit.page(f"/jobs/{job}", "admin")
    board = await Board(page).loaded()
    await expect(page.locator(".board-card")).to_have_count(len(ATTEMPTS))
    await board.card("window.ran=1;alert(1)</script>").locator(".card-owner").click()
    await expect(page.locator("#card-assign")).to_contain_text(ATTEMPTS[0])
    await _is_calm(page)
    seen = 1
    for path in (
        "/dashboard",
        "/candidates",
        "/candidates?q=script",
        "/duplicates",
        f"/candidates/{first}/merge/{second}",
        "/audit",
        "/search?q=script",
        *(f"/candidates/{person.id}" for person in hostile.people),
        *(f"/candidates/{person.id}/edit" for person in hostile.people),
        *hostile.files,
    ):
        await page.goto(visit.site.url("acme", path))
        if path in hostile.files:
            await expect(page.locator(".page-head .badge")).not_to_have_text(
                "Being read", timeout=30_000
            )
            await page.reload()
        if not path.startswith("/search"):
            await _is_calm(page)
        seen += 1
    await page.goto(visit.site.url("acme", "/candidates"))
    await page.keyboard.press("/")
    await page.keyboard.type("script")
    await expect(page.locator("#palette .hit").first).to_be_visible()
    await _is_calm(page)
    examined("pages with attempts", seen + 1)


async def test_nothing_in_an_imported_file_runs(
    visit: Visit, runtime: Runtime, world: World
) -> None:
    scope = Hiring(runtime, world).scope()
    cells = ATTEMPTS[0].replace('"', '""')
    content = f'name,email,"{cells}"\n"{cells}","{cells}","{cells}"\n'.encode()
    started = await scope.execute(
        StartImport(
            kind="candidates",
            file_name=f"{ATTEMPTS[0]}.csv",
            content=content,
            options=ImportOptions(dry_run=True),
            mapping={ATTEMPTS[0]: "ignore"},
        )
    )
    await scope.execute(RunImport(import_id=started.id, dry_run=True))
    page = await visit.page(f"/imports/{started.id}", "admin")
    await expect(page.locator("h1")).to_contain_text("<script>")
    await _is_calm(page)
    await page.goto(visit.site.url("acme", "/imports/new"))
    await page.locator("input[type=file]").set_input_files(
        {"name": f"{ATTEMPTS[1]}.csv", "mimeType": "text/csv", "buffer": content}
    )
    await expect(page.locator("#columns label").last).to_have_text(ATTEMPTS[0])
    await _is_calm(page)


async def test_a_script_that_runs_is_noticed(visit: Visit) -> None:
    """The same attempt in a page that doesn't escape, without our policy."""
    page = await visit.page("/sign-in", None)
    await page.goto("about:blank")
    await page.set_content(f"<main>{ATTEMPTS[0]}{ATTEMPTS[1]}</main>")
    await visit.watch.until_complaint("dialog")
    with pytest.raises(AssertionError):
        await _is_calm(page)
    assert any("dialog" in each for each in visit.watch.unexpected())
    visit.expect("")
