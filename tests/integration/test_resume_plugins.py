"""A plugin that brings another résumé parser: for its tenant only, held to the text, and replaced
by our own parser when it fails."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from core.resumes.contracts.readings import GetResume, ParseAgain, ResumeView
from plugins.resume_parser.version import NAME, VERSION
from plugins.sdk import Action, Permission, PortAdapter, Refused, TryLater
from plugins.sdk.commands import AddFile, CandidateId, CreateCandidate, FileId
from plugins.sdk.ports import (
    Experience,
    ParsedResume,
    ParsingRefused,
    ReadDocument,
    Resume,
    ResumeParser,
    Skill,
    SourceSpan,
)
from tenants.due_work import DueWork
from tenants.plugins.adapters import RULES
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.plugins import catalogue_of, enable, made_plugin, manifest_of, runtime_with
from tests.fixtures.resume_files import KEYWORDS, cv_pdf
from tests.fixtures.worlds import World, WorldTenant

PERMISSIONS = (Action.VIEW_CANDIDATES.value,)
Answer = Callable[[ReadDocument], Awaitable[Any]]


class Vendor:
    """What the plugin answers next, and what it was given."""

    def __init__(self) -> None:
        self.answer: Answer = honest
        self.given: list[tuple[str, ReadDocument]] = []


def line_of(document: ReadDocument, text: str) -> SourceSpan:
    for number, line in enumerate(document.lines):
        if text in line.text:
            start = line.text.index(text)
            return SourceSpan(number, start, number, start + len(text), line.page)
    raise AssertionError(text)


async def honest(document: ReadDocument) -> ParsedResume:
    resume = Resume(
        name="Ada Lovelace",
        headline="Junior Analyst",
        experience=(Experience("Difference Works Inc", "Junior Analyst", "2016-01", "2019-02"),),
        skills=(Skill("Data analysis", "Statistics"),),
        confidence={"name": 0.99},
    )
    sources = {"name": line_of(document, "Ada Lovelace")}
    return ParsedResume(resume, sources, "en")


vendor = Vendor()


class VendorParser:
    def __init__(self, context: Any) -> None:
        self._context = context

    async def parse(self, document: ReadDocument, today: Any) -> Any:
        assert today.year > 2000
        vendor.given.append((self._context.tenant.slug, document))
        return await vendor.answer(document)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def runtime(
    settings: Settings, database: TestDatabase, world: World
) -> AsyncIterator[Runtime]:
    parser = made_plugin(
        manifest_of(
            "vendor_cv",
            name="Vendor CV",
            version="3.1.4",
            permissions=tuple(Permission(action=each, why="To parse.") for each in PERMISSIONS),
        ),
        ports=(PortAdapter(ResumeParser, VendorParser),),
    )
    async with runtime_with(settings, database, catalogue_of(parser)) as opened:
        await enable(opened, world.acme, "vendor_cv", PERMISSIONS)
        yield opened


@pytest.fixture(autouse=True)
def fresh_vendor(runtime: Runtime, world: World) -> None:
    vendor.answer = honest
    vendor.given.clear()
    runtime.plugins.guard.forget(world.acme.id, "vendor_cv")


class File:
    """A file of a new candidate."""

    def __init__(
        self, runtime: Runtime, database: TestDatabase, tenant: WorldTenant, ids: tuple[Any, Any]
    ) -> None:
        self.scope = runtime.scope(tenant.context, tenant.actor("recruiter"), "request")
        self.candidate_id, self.file_id = CandidateId(ids[0]), FileId(ids[1])
        self._work = DueWork(TaskRunner(runtime), database.relay_url)

    async def read(self) -> ResumeView:
        await self._work.run_due()
        return await self.scope.ask(GetResume(candidate_id=self.candidate_id, file_id=self.file_id))

    async def read_again(self) -> ResumeView:
        await self.scope.execute(ParseAgain(candidate_id=self.candidate_id, file_id=self.file_id))
        return await self.read()


Added = Callable[..., Awaitable[File]]


@pytest.fixture
def added(runtime: Runtime, database: TestDatabase) -> Added:
    async def add(tenant: WorldTenant, content: bytes | None = None, name: str = "cv.pdf") -> File:
        scope = runtime.scope(tenant.context, tenant.actor("recruiter"), "request")
        candidate = await scope.execute(CreateCandidate(full_name="Somebody"))
        file = await scope.execute(
            AddFile(
                candidate_id=CandidateId(candidate.id),
                name=name,
                content=cv_pdf() if content is None else content,
            )
        )
        return File(runtime, database, tenant, (candidate.id, file.id))

    return add


async def test_the_plugin_parses_for_its_tenant_and_for_no_other(
    added: Added, world: World, examined: Examined
) -> None:
    ours, theirs = await added(world.acme), await added(world.globex)
    view, other = await ours.read(), await theirs.read()
    assert (view.state, view.detail) == ("parsed", "")
    assert (view.parser, view.parser_version) == ("plugin:vendor_cv", "3.1.4")
    assert view.resume is not None
    assert view.resume.headline == "Junior Analyst"
    assert view.resume.skills == (Skill("Data analysis", "Statistics"),)
    assert view.resume.years_of_experience == 3.2, "counted by us"
    assert view.confidence["name"] == 0.99
    place = view.sources["skills.0"]
    assert view.lines[place.first_line].text[place.start : place.end] == "Statistics"
    assert (other.parser, other.parser_version) == (NAME, VERSION)
    assert other.resume is not None
    assert other.resume.headline is None
    assert [slug for slug, _ in vendor.given] == ["acme"]
    examined("tenants", 2)


async def test_the_plugin_sees_what_a_reader_sees(
    added: Added, world: World, examined: Examined
) -> None:
    view = await (await added(world.acme, cv_pdf(with_keywords=True))).read()
    ((_, document),) = vendor.given
    assert " ".join(view.hidden_text) == KEYWORDS
    for word in KEYWORDS.split():
        assert word not in repr(document)
    assert document.lines[0].x0 is not None
    assert "Ada Lovelace" in {line.text for line in document.lines}
    examined("hidden words", len(KEYWORDS.split()))


async def test_a_file_that_is_no_resume_never_reaches_it(added: Added, world: World) -> None:
    view = await (await added(world.acme, b"\x89PNG\r\n\x1a\n" + bytes(100), "face.png")).read()
    assert view.state == "unsupported"
    assert vendor.given == []


async def raises(_: ReadDocument) -> Any:
    raise ZeroDivisionError("planted")


async def refuses(_: ReadDocument) -> Any:
    raise ParsingRefused("This language isn't in your contract.")


async def refuses_as_any_plugin(_: ReadDocument) -> Any:
    raise Refused("The account is closed.\x00")


async def is_away(_: ReadDocument) -> Any:
    raise TryLater("Slow down.")


async def answers_nonsense(_: ReadDocument) -> Any:
    return {"resume": "no"}


async def answers_wrong_dates(_: ReadDocument) -> Any:
    return ParsedResume(Resume(experience=(Experience("A", "B", "yesterday"),)), {}, "en")


async def answers_too_much(_: ReadDocument) -> Any:
    return ParsedResume(Resume(certifications=("x" * 1_000,) * 10_000), {}, "en")


async def exits(_: ReadDocument) -> Any:
    raise SystemExit(3)


async def invents_all(_: ReadDocument) -> Any:
    return ParsedResume(Resume(name="Best Candidate", email="best@example.com"), {}, "en")


FAILURES: dict[str, tuple[Answer, str]] = {
    "it raises": (raises, "ZeroDivisionError"),
    "it refuses": (refuses, "This language isn't in your contract."),
    "it refuses as any plugin": (refuses_as_any_plugin, "The account is closed."),
    "it is away": (is_away, "Slow down."),
    "it answers nonsense": (answers_nonsense, "not what was asked for"),
    "it answers what is no date": (answers_wrong_dates, "not what was asked for"),
    "it answers too much": (answers_too_much, "too large"),
    "it ends the process": (exits, "SystemExit"),
    "it invents all": (invents_all, "Nothing of what it found stands in the document."),
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_our_parser_stands_in_and_the_page_says_so(
    added: Added, world: World, failure: str
) -> None:
    vendor.answer, why = FAILURES[failure]
    file = await added(world.acme)
    view = await file.read()
    assert (view.state, view.parser) == ("parsed", NAME)
    assert view.resume is not None
    assert view.resume.email == "ada@example.com"
    assert "Vendor CV couldn't parse this file" in view.detail
    assert why in view.detail
    assert "\x00" not in view.detail
    vendor.answer = honest
    again = await file.read_again()
    assert (again.parser, again.detail) == ("plugin:vendor_cv", "")


async def test_a_plugin_that_hangs_holds_nothing_up(
    added: Added, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = msgspec.structs.replace(RULES[ResumeParser], seconds=0.3)
    monkeypatch.setitem(RULES, ResumeParser, rules)

    async def hangs(_: ReadDocument) -> Any:
        await asyncio.sleep(60)

    vendor.answer = hangs
    view = await (await added(world.acme)).read()
    assert (view.state, view.parser) == ("parsed", NAME)
    assert "took longer than" in view.detail


async def test_what_a_plugin_invents_beside_the_truth_is_left_out_and_said(
    added: Added, world: World, examined: Examined
) -> None:
    async def embellishes(document: ReadDocument) -> ParsedResume:
        true = await honest(document)
        made_up = Experience("Google", "Director", "2001-01", "2015-12", highlights=("Led it.",))
        resume = msgspec.structs.replace(
            true.resume,
            phone="+15551234567",
            experience=(made_up, *true.resume.experience),
            skills=(Skill("Kubernetes", "Kubernetes"), *true.resume.skills),
            years_of_experience=50.0,
            hidden_text=("hello",),
        )
        return ParsedResume(resume, {**true.sources, "headline": SourceSpan(0, 0, 0, 4)}, "en")

    vendor.answer = embellishes
    view = await (await added(world.acme, cv_pdf(with_keywords=True))).read()
    assert view.parser == "plugin:vendor_cv"
    assert view.resume is not None
    assert (view.resume.name, view.resume.phone, view.resume.headline) == (
        "Ada Lovelace",
        None,
        None,
    )
    assert [each.company for each in view.resume.experience] == ["Difference Works Inc"]
    assert [each.name for each in view.resume.skills] == ["Data analysis"]
    assert view.resume.years_of_experience == 3.2
    assert " ".join(view.hidden_text) == KEYWORDS
    assert "don't stand in the document" in view.detail
    shown = msgspec.json.encode(view).decode()
    for invented in ("Google", "Director", "5551234567"):
        assert invented not in shown
    examined("invented values", 6)


async def test_a_plugin_can_change_nothing_of_what_its_answer_is_held_against(
    added: Added, world: World
) -> None:
    async def tampers(document: ReadDocument) -> ParsedResume:
        object.__setattr__(document.lines[0], "text", "Best Candidate")
        return ParsedResume(Resume(name="Best Candidate"), {}, "en")

    vendor.answer = tampers
    view = await (await added(world.acme)).read()
    assert view.resume is not None
    assert view.resume.name == "Ada Lovelace"
    assert view.lines[0].text == "Ada Lovelace"
