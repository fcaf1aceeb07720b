"""Stopping mails by the link in them: nothing but a POST does, and then none is sent."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
import pytest_asyncio

from core.applications.contracts import ApplicationId, GetApplication
from core.automations.contracts import CreateRule, ListPlanned
from core.automations.definition import RuleDefinition, SendMail, WhenApplied
from core.candidates.contracts import CreateCandidate, DeleteCandidate
from core.messages.contracts import MessageId, ShowMessage
from core.notifications.contracts import ChangeDefaults, ShowSettings, TypeDefault
from core.ports.messaging import Messaging, OutgoingEmail, SentEmail
from core.ports.unsubscribing import unsubscribe_headers
from core.tenancy.contracts import Branding, UpdateTenant
from plugins.sdk import PluginContext, PortAdapter
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.clients import ClientFor
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.plugins import catalogue_of, enable, made_plugin, manifest_of, runtime_with
from tests.fixtures.surveys import Survey, member_path
from tests.fixtures.worlds import World

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


TAKEN: list[OutgoingEmail] = []


class Service:
    """Takes every message."""

    async def send(self, email: OutgoingEmail) -> SentEmail:
        TAKEN.append(email)
        return SentEmail(str(email.id))


def _service(_context: PluginContext[Any]) -> Service:
    return Service()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def runtime(settings: Settings, database: TestDatabase) -> AsyncIterator[Runtime]:
    entry = made_plugin(manifest_of("taking"), ports=[PortAdapter(Messaging, _service)])
    async with runtime_with(settings, database, catalogue_of(entry)) as opened:
        yield opened


@pytest.fixture
def stranger(client_for: ClientFor) -> httpx.AsyncClient:
    return client_for("acme", None)


async def is_stopped(database: TestDatabase, survey: Survey) -> bool:
    connection = await asyncpg.connect(database.admin_url)
    try:
        found = await connection.fetchval(
            "SELECT count(*) FROM stopped_mails WHERE address = $1", survey.address
        )
    finally:
        await connection.close()
    return bool(found)


async def test_one_post_stops_and_the_page_takes_it_back(
    runtime: Runtime, world: World, stranger: httpx.AsyncClient, database: TestDatabase
) -> None:
    survey = await Survey(runtime, world).write()
    shown = await stranger.get(survey.path)
    assert shown.status_code == 200
    assert "Surveys" in shown.text
    assert survey.address not in shown.text
    assert shown.headers["x-robots-tag"].startswith("noindex")
    answer = await stranger.post(survey.path, data=ONE_CLICK)
    assert answer.status_code == 200, "mail services follow no redirect (RFC 8058 3.2)"
    assert "No more of these e-mails" in answer.text
    assert await is_stopped(database, survey)
    assert (await stranger.post(survey.path, data=ONE_CLICK)).status_code == 200
    undone = await stranger.post(survey.path, data={"action": "resume"})
    assert (undone.status_code, undone.headers["location"]) == (303, survey.path)
    assert not await is_stopped(database, survey)
    assert "Stop these e-mails" in (await stranger.get(survey.path)).text
    stopped = await stranger.post(survey.path, data={"action": "stop"})
    assert stopped.status_code == 303
    assert await is_stopped(database, survey)


async def test_multipart_and_a_webmail_that_asks_from_its_own_page_do_as_well(
    runtime: Runtime, world: World, stranger: httpx.AsyncClient, database: TestDatabase
) -> None:
    survey = await Survey(runtime, world).write()
    answer = await stranger.post(survey.path, files={"List-Unsubscribe": (None, "One-Click")})
    assert answer.status_code == 200
    assert await is_stopped(database, survey)
    await stranger.post(survey.path, data={"action": "resume"})
    foreign = {"origin": "https://mail.example", "sec-fetch-site": "cross-site"}
    answer = await stranger.post(survey.path, data=ONE_CLICK, headers=foreign)
    assert answer.status_code == 200
    assert await is_stopped(database, survey)


PREFETCHES: list[tuple[str, dict[str, str]]] = [
    ("HEAD", {}),
    ("GET", {}),
    ("GET", {"sec-purpose": "prefetch"}),
    ("GET", {"sec-purpose": "prefetch;prerender", "purpose": "prefetch"}),
    ("GET", {"user-agent": "Mozilla/5.0 (compatible; SafeLinks)"}),
    ("OPTIONS", {}),
]


async def test_what_scanners_do_changes_nothing(
    runtime: Runtime,
    world: World,
    stranger: httpx.AsyncClient,
    database: TestDatabase,
    examined: Examined,
) -> None:
    survey = await Survey(runtime, world).write()
    for method, headers in PREFETCHES:
        for path in (survey.path, f"{survey.path}?List-Unsubscribe=One-Click&action=stop"):
            await stranger.request(method, path, headers=headers)
            assert not await is_stopped(database, survey), (method, headers)
    for body in ({}, {"List-Unsubscribe": "yes"}, {"action": "look"}, {"list-unsubscribe": "x"}):
        answer = await stranger.post(survey.path, data=body)
        assert answer.status_code in (400, 415)
        assert not await is_stopped(database, survey), body
    await stranger.post(survey.path, data=ONE_CLICK)
    assert await is_stopped(database, survey)
    for method, headers in PREFETCHES:
        await stranger.request(method, survey.path, headers=headers)
        assert await is_stopped(database, survey), "looking must not resume either"
    examined("requests", 3 * len(PREFETCHES) + 4)


async def test_a_get_that_consumes_is_found_out(
    runtime: Runtime, world: World, stranger: httpx.AsyncClient, database: TestDatabase
) -> None:
    """The planted defect: a page that stops mails when it is opened."""
    survey = await Survey(runtime, world).write()

    async def careless(method: str, path: str, headers: dict[str, str]) -> None:
        if method in ("GET", "HEAD"):
            await stranger.post(path, data=ONE_CLICK)

    changed = []
    for method, headers in PREFETCHES:
        await careless(method, survey.path, headers)
        changed.append(await is_stopped(database, survey))
        await stranger.post(survey.path, data={"action": "resume"})
    assert changed == [method != "OPTIONS" for method, _ in PREFETCHES]


async def test_what_is_stopped_is_not_sent_and_says_why(
    runtime: Runtime,
    world: World,
    database: TestDatabase,
    client_for: ClientFor,
    stranger: httpx.AsyncClient,
) -> None:
    await enable(runtime, world.acme, "taking")
    worker = DueWork(TaskRunner(runtime), database.relay_url)
    survey = await Survey(runtime, world).write()
    recruiter = client_for("acme", "recruiter")
    again = f"/api/v1/messages/{survey.id}/send-again"
    assert (await recruiter.post(again)).status_code == 200
    await stranger.post(survey.path, data=ONE_CLICK)
    await worker.run_due()
    scope = survey.hiring.scope()
    view = await scope.ask(ShowMessage(message_id=MessageId(survey.id)))
    assert view.state == "failed"
    assert "stopped such messages" in (view.detail or "")
    assert view.timeline[-1].kind == "suppressed"
    refused = await recruiter.post(again)
    assert (refused.status_code, refused.json()["code"]) == (409, "address_suppressed")
    # What answers the application goes on.
    answer = await Survey(runtime, world).write("status_update", survey.address.upper())
    await recruiter.post(f"/api/v1/messages/{answer.id}/send-again")
    await worker.run_due()
    view = await scope.ask(ShowMessage(message_id=MessageId(answer.id)))
    assert view.state == "sent"
    # And once it is taken back, so do the others, with the headers of RFC 8058.
    await stranger.post(survey.path, data={"action": "resume"})
    assert (await recruiter.post(again)).status_code == 200
    await worker.run_due()
    sent = next(each for each in TAKEN if each.id == survey.id)
    assert set(sent.headers) >= set(unsubscribe_headers(survey.url))
    assert survey.url in sent.text
    assert survey.url in (sent.html or "")
    other = next(each for each in TAKEN if each.id == answer.id)
    assert "List-Unsubscribe" not in dict(other.headers)
    assert survey.url not in (await recruiter.get(f"/api/v1/messages/{survey.id}")).text


async def test_no_other_link_opens_and_no_other_tenants(
    runtime: Runtime,
    world: World,
    client_for: ClientFor,
    stranger: httpx.AsyncClient,
    database: TestDatabase,
    examined: Examined,
) -> None:
    survey = await Survey(runtime, world).write()
    answer = await Survey(runtime, world).write("status_update")
    code = survey.path.rpartition("/")[2]
    wrong = [
        "x", "é", code[:-1], code + "A", code[:-2] + ("AA" if code[-2:] != "AA" else "BB"),
        "A" * 44, "=" * 44, "%00", code.swapcase(), answer.path.rpartition("/")[2],
    ]  # fmt: skip
    for each in wrong:
        assert (await stranger.get(f"/unsubscribe/{each}")).status_code == 404, each
        assert (await stranger.post(f"/unsubscribe/{each}", data=ONE_CLICK)).status_code == 404
    elsewhere = client_for("globex", None)
    assert (await elsewhere.get(survey.path)).status_code == 404
    assert (await elsewhere.post(survey.path, data=ONE_CLICK)).status_code == 404
    assert not await is_stopped(database, survey)
    examined("links", len(wrong) + 1)


async def test_it_goes_with_the_candidate(
    runtime: Runtime, world: World, stranger: httpx.AsyncClient, database: TestDatabase
) -> None:
    survey = await Survey(runtime, world).write()
    await stranger.post(survey.path, data=ONE_CLICK)
    assert survey.application_id is not None
    admin = survey.hiring.scope("admin")
    application = await admin.ask(
        GetApplication(application_id=ApplicationId(survey.application_id))
    )
    await admin.execute(DeleteCandidate(candidate_id=application.candidate_id))
    assert not await is_stopped(database, survey)
    assert (await stranger.get(survey.path)).status_code == 404


async def test_members_stop_and_resume_what_they_are_told_by_mail(
    runtime: Runtime, world: World, stranger: httpx.AsyncClient
) -> None:
    scope = runtime.scope(world.acme.context, world.acme.actor("recruiter"), "r-1")

    async def cadences() -> dict[str, str]:
        return {each.type: each.email for each in (await scope.ask(ShowSettings())).types}

    before = await cadences()
    path = member_path(runtime, world, "recruiter", "mention")
    assert before["mention"] == "at_once"
    await stranger.get(path)
    assert await cadences() == before
    shown = await stranger.post(path, data=ONE_CLICK)
    assert "You still see them in your notifications." in shown.text
    assert await cadences() == before | {"mention": "off"}
    await stranger.post(path, data={"action": "resume"})
    assert await cadences() == before
    everything = member_path(runtime, world, "recruiter")
    await stranger.post(everything, data=ONE_CLICK)
    assert set((await cadences()).values()) == {"off"}
    await stranger.post(everything, data={"action": "resume"})
    assert await cadences() == before


async def test_what_an_admin_decided_stays(
    runtime: Runtime, world: World, stranger: httpx.AsyncClient
) -> None:
    admin = runtime.scope(world.acme.context, world.acme.actor("admin"), "r-2")
    locked = TypeDefault(type="assignment", email="at_once", locked=True)
    await admin.execute(ChangeDefaults(types=(locked,)))
    path = member_path(runtime, world, "recruiter", "assignment")
    shown = await stranger.post(path, data=ONE_CLICK)
    assert "has decided" in shown.text
    scope = runtime.scope(world.acme.context, world.acme.actor("recruiter"), "r-3")
    types = (await scope.ask(ShowSettings())).types
    assert next(each.email for each in types if each.type == "assignment") == "at_once"
    await admin.execute(ChangeDefaults(types=(TypeDefault(type="assignment", locked=False),)))


async def test_a_rule_mails_the_link_and_skips_who_used_it(
    runtime: Runtime, world: World, database: TestDatabase, stranger: httpx.AsyncClient
) -> None:
    await enable(runtime, world.acme, "taking")
    worker = DueWork(TaskRunner(runtime), database.relay_url)
    hiring = Hiring(runtime, world)
    survey = UpdateTenant(branding=Branding(survey_url="https://survey.example/acme"))
    await hiring.scope("admin").execute(survey)
    rule = await hiring.scope("admin").execute(
        CreateRule(
            definition=RuleDefinition(
                name="Ask", when=WhenApplied(), action=SendMail(template="survey")
            )
        )
    )
    address = f"{uuid4().hex}@example.com"
    outcomes = []
    for _ in range(2):
        candidate = await hiring.scope().execute(
            CreateCandidate(full_name="Ada Löw", emails=(address,))
        )
        application = await hiring.apply_as(candidate.id, await hiring.open_job(), source="careers")
        while await worker.run_due():
            pass
        steps = await hiring.scope().ask(ListPlanned(application_id=application.id))
        outcomes += [(each.state, each.reason) for each in steps.items if each.rule_key == rule.key]
        sent = [each for each in TAKEN if each.to.address == address]
        if len(outcomes) == 1:
            (mail,) = [each for each in sent if "List-Unsubscribe" in dict(each.headers)]
            url = dict(mail.headers)["List-Unsubscribe"].strip("<>")
            assert url in mail.text
            path = "/unsubscribe/" + url.rpartition("/")[2]
            stopped = await stranger.post(path, data=ONE_CLICK)
            assert stopped.status_code == 200, url
    assert outcomes == [("done", None), ("skipped", "unsubscribed")]
