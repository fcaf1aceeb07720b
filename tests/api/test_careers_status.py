"""Following an application by its secret link, and withdrawing."""

import html
import re
import secrets
from typing import Any

import asyncpg
import msgspec
import pytest

from core.applications.contracts import (
    ApplicationView,
    GetApplication,
    GetHistory,
    ListApplications,
    RejectApplication,
    ReopenApplication,
)
from core.candidates.contracts import DeleteCandidate, ListNotes
from core.jobs.contracts import ChangeJobStatus, GetJob, JobView
from tenants.runtime import Runtime
from tests.fixtures.applicants import Applicant, ApplicantFor, applicant, applicant_for
from tests.fixtures.clients import ClientFor
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World

__all__ = ["applicant", "applicant_for"]


@pytest.fixture
def hiring(runtime: Runtime, world: World) -> Hiring:
    return Hiring(runtime, world)


async def _only(hiring: Hiring, job: JobView) -> ApplicationView:
    (row,) = (await hiring.scope().ask(ListApplications(job_id=job.id))).items
    return await hiring.scope().ask(GetApplication(application_id=row.id))


async def test_the_link_shows_each_stage_and_no_reason(
    hiring: Hiring, applicant: Applicant
) -> None:
    job = await hiring.open_job(title="Followed")
    path = f"/careers/applications/{await applicant.apply(job)}"
    fresh = await applicant.get(path)
    assert "We have your application" in fresh.text
    assert job.stages[0].name in fresh.text
    moved = await hiring.move(await _only(hiring, job), 2, job)
    for address in (path, f"{path}/progress"):
        shown = (await applicant.get(address)).text
        assert f"<strong>{job.stages[2].name}</strong>" in shown
        assert "working on your application" in shown
    command = RejectApplication(
        application_id=moved.id, reason="pay", note="Too expensive for us", expected_version=None
    )
    await hiring.scope().execute(command)
    ended = (await applicant.get(path)).text
    assert "This time it is somebody else" in ended
    assert "Too expensive" not in ended
    assert "Pay expectation" not in ended
    assert "Withdraw this application" not in ended
    reopen = ReopenApplication(application_id=moved.id, reason="We were wrong")
    await hiring.scope().execute(reopen)
    again = (await applicant.get(path)).text
    assert "Application taken up again" in again
    assert "We were wrong" not in again
    for person in (each.name for each in hiring.tenant.members.values()):
        assert person not in again, "who works on it stays inside"


INTERNAL = ("Sift & dump", "Grill them", "Lowball")


async def test_applicants_read_public_names_and_never_the_others(
    hiring: Hiring, applicant: Applicant, client_for: ClientFor, examined: Examined
) -> None:
    job = await hiring.open_job(title="Named")
    link = await applicant.apply(job)
    path = f"/careers/applications/{link}"
    stages = [msgspec.to_builtins(stage) for stage in job.stages]
    for stage, name in zip(stages[1:4], INTERNAL, strict=True):
        stage["name"] = name
    stages[1]["public_name"] = stages[2]["public_name"] = " In review "
    stages[3]["public_name"] = "Conversation"
    client = client_for("acme", "recruiter")

    async def keep(**more: Any) -> None:
        answer = await client.put(f"/api/v1/jobs/{job.id}/stages", json={"stages": stages, **more})
        assert answer.status_code == 200, answer.text

    await keep()
    shown = await hiring.scope().ask(GetJob(job_id=job.id))
    assert [stage.public_name for stage in shown.stages[:4]] == [
        None,
        "In review",
        "In review",
        "Conversation",
    ]
    application = await _only(hiring, job)
    for place in (1, 2, 3):
        application = await hiring.move(application, place, shown)
    page = (await applicant.get(path)).text
    assert "<strong>Conversation</strong>" in page
    assert page.count("In review") == 1, "two stages that are one to applicants"
    # What was public stays so when its stage is gone.
    gone = stages.pop(3)
    await keep(move_to={gone["id"]: stages[1]["id"]})
    for address in (path, f"{path}/progress"):
        page = (await applicant.get(address)).text
        assert "<strong>Conversation</strong>" in page
        assert '<strong class="stage-name">In review</strong>' in page
        for name in INTERNAL:
            assert html.escape(name) not in page
            assert name not in page
    second = await applicant.apply(job)
    stages[0]["public_name"] = "Letterbox"
    await keep()
    page = (await applicant.get(f"/careers/applications/{second}")).text
    assert "Letterbox" in page
    assert stages[0]["name"] not in _visible(page)
    examined("internal names", len(INTERNAL) + 1)


async def test_a_planted_internal_name_is_found(
    hiring: Hiring, applicant: Applicant, database: TestDatabase
) -> None:
    job = await hiring.open_job(title="Planted")
    link = await applicant.apply(job)
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute(
            "UPDATE stages SET name = $2, public_name = NULL WHERE id = $1",
            job.stages[0].id,
            INTERNAL[0],
        )
    finally:
        await connection.close()
    page = (await applicant.get(f"/careers/applications/{link}")).text
    assert html.escape(INTERNAL[0]) in page, "the check above looks for what is never there"


@pytest.mark.parametrize("public_name", ["", "   ", "two\nlines", "x" * 61, 5])
async def test_a_public_name_is_a_line_or_nothing(
    hiring: Hiring, client_for: ClientFor, public_name: Any
) -> None:
    job = await hiring.open_job()
    stages = [msgspec.to_builtins(stage) for stage in job.stages]
    stages[1]["public_name"] = public_name
    answer = await client_for("acme", "recruiter").put(
        f"/api/v1/jobs/{job.id}/stages", json={"stages": stages}
    )
    assert answer.status_code in {400, 422}
    assert "public_name" in answer.text


async def test_new_jobs_have_the_public_names_of_the_default_stages(
    hiring: Hiring, client_for: ClientFor
) -> None:
    client = client_for("acme", "admin")
    before = (await client.get("/api/v1/pipeline")).json()["stages"]
    named = [{**stage, "public_name": f"Step {place}"} for place, stage in enumerate(before)]
    saved = await client.put("/api/v1/pipeline", json={"stages": named})
    assert saved.status_code == 200, saved.text
    try:
        job = await hiring.open_job()
        assert [stage.public_name for stage in job.stages] == [
            f"Step {place}" for place in range(len(before))
        ]
    finally:
        await client.put("/api/v1/pipeline", json={"stages": before})


async def test_the_second_link_says_nothing_that_is_false_whatever_becomes_of_the_first(
    hiring: Hiring, applicant: Applicant, examined: Examined
) -> None:
    job = await hiring.open_job(title="Twice")
    first = await applicant.apply(job, email="twice@example.com")
    second = await applicant.apply(job, email="twice@example.com")
    path = f"/careers/applications/{second}"
    arrived = _visible((await applicant.get(path)).text)
    assert "Received" in arrived
    assert "the link that you got first shows the progress" in arrived
    assert "will look at it" not in arrived
    told = 0
    application = await hiring.move(await _only(hiring, job), 3, job)
    assert _visible((await applicant.get(path)).text) == arrived
    told += 1
    reject = RejectApplication(application_id=application.id, reason="skills")
    await hiring.scope().execute(reject)
    assert _visible((await applicant.get(path)).text) == arrived, "a stranger learns of the end"
    told += 1
    assert "somebody else" in (await applicant.get(f"/careers/applications/{first}")).text
    examined("moments", told)


def _visible(page: str) -> str:
    """The words of the page."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())


async def test_a_job_that_closes_leaves_its_applicants_their_page(
    hiring: Hiring, applicant: Applicant
) -> None:
    job = await hiring.open_job(title="Closing")
    link = await applicant.apply(job)
    close = ChangeJobStatus(job_id=job.id, status="closed", reason="Enough")
    await hiring.scope().execute(close)
    page = await applicant.get(f"/careers/applications/{link}")
    assert page.status_code == 200
    assert "those that came before are still being considered" in page.text
    assert "Enough" not in page.text


async def test_withdrawing_needs_a_post_and_happens_once(
    hiring: Hiring, applicant: Applicant
) -> None:
    job = await hiring.open_job()
    path = f"/careers/applications/{await applicant.apply(job)}"
    assert (await applicant.get(f"{path}/withdraw")).status_code == 405
    assert (await _only(hiring, job)).disposition == "active"
    for _ in range(2):
        answer = await applicant.client.post(f"{path}/withdraw", data={"reason": "timing"})
        assert answer.status_code == 303
        assert answer.headers["location"] == path
    view = await _only(hiring, job)
    assert (view.disposition, view.disposition_reason) == ("withdrawn", "timing")
    history = await hiring.scope().ask(GetHistory(application_id=view.id))
    assert [(change.kind, change.by) for change in history.changes] == [
        ("applied", None),
        ("withdrawn", None),
    ]
    page = (await applicant.get(path)).text
    assert "You withdrew your application" in page
    assert "Withdraw this application" not in page


@pytest.mark.parametrize("reason", ["", "no_response", "nonsense"])
async def test_a_reason_that_applicants_can_not_choose_is_none(
    hiring: Hiring, applicant: Applicant, reason: str
) -> None:
    job = await hiring.open_job()
    path = f"/careers/applications/{await applicant.apply(job)}"
    await applicant.client.post(f"{path}/withdraw", data={"reason": reason})
    view = await _only(hiring, job)
    assert view.disposition_reason == "other"
    assert view.disposition_note == "Withdrawn on the careers site, without a reason."


async def test_what_has_ended_is_not_withdrawn(hiring: Hiring, applicant: Applicant) -> None:
    job = await hiring.open_job()
    path = f"/careers/applications/{await applicant.apply(job)}"
    view = await _only(hiring, job)
    await hiring.scope().execute(
        RejectApplication(application_id=view.id, reason="skills", expected_version=None)
    )
    answer = await applicant.client.post(f"{path}/withdraw", data={"reason": "pay"})
    assert answer.status_code == 303
    assert (await _only(hiring, job)).disposition == "rejected"
    assert "somebody else" in (await applicant.get(path)).text


async def test_the_link_of_a_repeated_application_does_not_end_the_first(
    hiring: Hiring, applicant: Applicant
) -> None:
    job = await hiring.open_job()
    first = await applicant.apply(job, email="first@example.com")
    second = await applicant.apply(job, email="first@example.com")
    path = f"/careers/applications/{second}"
    await applicant.client.post(f"{path}/withdraw", data={"reason": "pay"})
    assert "You withdrew your application" in (await applicant.get(path)).text
    view = await _only(hiring, job)
    assert view.disposition == "active"
    assert (
        "We have your application" in (await applicant.get(f"/careers/applications/{first}")).text
    )
    (note,) = (await hiring.scope().ask(ListNotes(candidate_id=view.candidate_id))).items
    assert note.author_name == "Careers site"
    assert "ask the candidate before you act" in note.text
    await applicant.client.post(f"{path}/withdraw", data={"reason": ""})
    notes = await hiring.scope().ask(ListNotes(candidate_id=view.candidate_id))
    assert len(notes.items) == 1


async def test_who_withdrew_may_apply_again(hiring: Hiring, applicant: Applicant) -> None:
    job = await hiring.open_job()
    first = await applicant.apply(job, email="back@example.com")
    await applicant.client.post(f"/careers/applications/{first}/withdraw", data={"reason": ""})
    second = await applicant.apply(job, email="back@example.com")
    assert (
        "We have your application" in (await applicant.get(f"/careers/applications/{second}")).text
    )
    assert "You withdrew" in (await applicant.get(f"/careers/applications/{first}")).text


async def test_a_link_is_secret_and_leaves_no_trace(
    hiring: Hiring,
    applicant: Applicant,
    applicant_for: ApplicantFor,
    database: TestDatabase,
    examined: Examined,
) -> None:
    job = await hiring.open_job()
    link = await applicant.apply(job, email="traced@example.com")
    path = f"/careers/applications/{link}"
    for address in (path, f"{path}/progress"):
        answer = await applicant.get(address)
        assert answer.headers.get_list("referrer-policy") == ["no-referrer"]
        assert "noindex" in answer.headers["x-robots-tag"]
        assert answer.headers["cache-control"] == "no-store"
    assert '<meta name="robots" content="noindex, nofollow">' in (await applicant.get(path)).text
    superuser = await asyncpg.connect(database.admin_url)
    try:
        tables = await superuser.fetch(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        )
        holding = set()
        for table in tables:
            name = table["table_name"]
            rows = await superuser.fetch(f'SELECT t::text AS row FROM "{name}" t')
            assert not [row for row in rows if link in row["row"]], f"{name} keeps the link"
            if [row for row in rows if "traced@example.com" in row["row"]]:
                holding.add(name)
        assert holding >= {"submissions", "candidates"}, "the search finds what is there"
    finally:
        await superuser.close()
    examined("tables", len(tables))
    stranger = applicant_for("globex")
    wrong = [link[:-1] + ("A" if link[-1] != "A" else "B"), link[:-1], secrets.token_urlsafe(32)]
    wrong += ["x" * 5_000, "%00", "...", "'--"]
    answers = [await applicant.get(f"/careers/applications/{each}") for each in wrong]
    answers += [await stranger.get(path), await stranger.get(f"{path}/progress")]
    answers.append(await stranger.client.post(f"{path}/withdraw", data={"reason": ""}))
    assert {answer.status_code for answer in answers} == {404}
    assert not [answer for answer in answers if job.title in answer.text]
    examined("links that open nothing", len(answers))


async def test_an_erased_candidate_leaves_nothing_behind_the_link(
    hiring: Hiring, applicant: Applicant, database: TestDatabase
) -> None:
    job = await hiring.open_job()
    link = await applicant.apply(job, email="erase.me@example.com", full_name="Erase Me")
    view = await _only(hiring, job)
    await hiring.scope().execute(DeleteCandidate(candidate_id=view.candidate_id))
    assert (await applicant.get(f"/careers/applications/{link}")).status_code == 404
    superuser = await asyncpg.connect(database.admin_url)
    left = await superuser.fetchval(
        "SELECT count(*) FROM submissions WHERE email = 'erase.me@example.com'"
    )
    await superuser.close()
    assert left == 0


async def test_links_are_long_and_all_different(hiring: Hiring, applicant: Applicant) -> None:
    job = await hiring.open_job()
    links = {await applicant.apply(job, email=f"link{number}@example.com") for number in range(4)}
    assert len(links) == 4
    assert all(re.fullmatch(r"[\w-]{43}", link) for link in links), "256 bits"
