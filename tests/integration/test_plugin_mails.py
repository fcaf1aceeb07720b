"""E-mails of a plugin's templates: reworded by admins, sent by the plugin once, and to nobody else.

Through the real host, database and background work.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from html import unescape
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
import pytest
import pytest_asyncio

from api.app import create_app
from core.applications.contracts import ApplicationView
from core.candidates.contracts import CreateCandidate
from core.installations.contracts import DisablePlugin
from core.messages import by_plugins
from core.messages.by_plugins import SendPluginMail
from core.messages.contracts import ListMessages, MessageRow, ShowMessage
from core.shared.actor import plugin as plugin_actor
from core.shared.clock import UtcDatetime
from core.shared.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound
from core.shared.ids import EventId
from core.shared.permissions import Action
from core.shared.reactions import Delivery, PublishedEvent
from core.templates import markup
from core.templates.contracts import (
    ChangeTemplate,
    ListTemplates,
    ListTemplateVersions,
    ShowTemplate,
    TemplateRow,
)
from core.templates.errors import TemplateNotFound
from plugins.host.failures import PluginFailed
from plugins.sdk import Request
from plugins.sdk.mail import mail_kind
from tenants.due_work import DueWork
from tenants.plugins.mail_kinds import TenantPluginKinds
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures import referral_plugin
from tests.fixtures.clients import new_client
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.plugins import (
    MadeEntry,
    catalogue_of,
    enable,
    made_plugin,
    manifest_of,
    runtime_with,
)
from tests.fixtures.referral_plugin import THANKS, probe
from tests.fixtures.worlds import World, WorldTenant

SEND: Final = (Action.SEND_MESSAGES.value,)
KEY: Final = "referrals.thank_you"
VALUES: Final = {"friend": "Grace <b>Hopper</b>", "rewards": "https://rewards.example/1?a=1&b=2"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plugged(
    settings: Settings, database: TestDatabase, world: World
) -> AsyncIterator[Runtime]:
    entries = (
        MadeEntry(referral_plugin, "referrals"),
        made_plugin(
            manifest_of("silent"), routes=referral_plugin.routes(), email_templates=[THANKS]
        ),
    )
    async with runtime_with(settings, database, catalogue_of(*entries)) as runtime:
        yield runtime


@pytest_asyncio.fixture(autouse=True)
async def enabled(plugged: Runtime, world: World) -> None:
    probe.taken.clear()
    await enable(plugged, world.acme, "referrals", SEND)


@pytest.fixture
def worker(plugged: Runtime, database: TestDatabase) -> DueWork:
    return DueWork(TaskRunner(plugged), database.relay_url)


class Applicants:
    """Applies for jobs of a tenant, and looks at what was written to whom."""

    def __init__(self, runtime: Runtime, world: World, slug: str = "acme") -> None:
        self.hiring = Hiring(runtime, world, slug)

    async def apply(self, name: str = "Ada Löw", email: str | None = None) -> ApplicationView:
        address = f"{uuid4().hex[:12]}@example.com" if email is None else email
        candidate = await self.hiring.scope().execute(
            CreateCandidate(full_name=name, emails=(address,) if address else ())
        )
        return await self.hiring.apply_as(candidate.id, await self.hiring.open_job())

    async def written(self, application: ApplicationView) -> list[MessageRow]:
        query = ListMessages(application_id=application.id)
        found = await self.hiring.scope().ask(query)
        return [each for each in found.items if each.purpose.startswith("referrals.")]


@pytest.fixture
def applicants(plugged: Runtime, world: World) -> Applicants:
    return Applicants(plugged, world)


async def ask(
    runtime: Runtime,
    tenant: WorldTenant,
    plugin: str = "referrals",
    *,
    locale: str = "en-GB",
    **mail: Any,
) -> dict[str, Any]:
    """Let the plugin send; what it meets comes back as it was raised."""
    met: list[DomainError] = []
    given = {"variables": VALUES, "idempotency_key": str(uuid4()), **mail}
    template = given.pop("template", "thank_you")

    async def work(context: Any) -> Any:
        try:
            return await context.mail.send(template, **given)
        except DomainError as error:
            met.append(error)
            return None

    probe.ask = work
    context = msgspec.structs.replace(tenant.context, locale=locale)
    request = Request(method="POST", path="/ask")
    answer = await runtime.plugins.requests.route(
        context, tenant.actor("recruiter"), plugin, request
    )
    if met:
        raise met[0]
    found: dict[str, Any] = answer.body
    return found


async def rows(runtime: Runtime, tenant: WorldTenant) -> list[TemplateRow]:
    scope = runtime.scope(tenant.context, tenant.actor("admin"), "look")
    found = (await scope.ask(ListTemplates())).items
    return [each for each in found if each.plugin is not None]


async def save(runtime: Runtime, tenant: WorldTenant, body: str, subject: str = "Mine") -> Any:
    scope = runtime.scope(tenant.context, tenant.actor("admin"), "save")
    return await scope.execute(ChangeTemplate(kind=KEY, language="en", subject=subject, body=body))


async def test_a_plugins_mail_goes_the_way_of_all_others(
    plugged: Runtime, world: World, worker: DueWork, applicants: Applicants
) -> None:
    application = await applicants.apply()
    await worker.run_due()
    probe.taken.clear()
    asked: dict[str, Any] = {"application_id": application.id, "idempotency_key": "one"}
    first = await ask(plugged, world.acme, **asked)
    again = await ask(plugged, world.acme, **asked, variables={**VALUES, "bonus": "1 EUR"})
    assert (first["result"], again["result"]) == ("queued", "repeated")
    assert first["message_id"] == again["message_id"]
    await worker.run_due()
    await worker.run_due()
    (email,) = probe.taken
    assert email.subject == "Thank you, Ada Löw"
    assert "Grace <b>Hopper</b> applied for Engineer." in email.text
    assert "You get" not in email.text
    assert email.html is not None
    assert "<b>Hopper" not in email.html
    assert 'href="https://rewards.example/1?a=1&amp;b=2"' in email.html
    assert dict(email.headers)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    (row,) = await applicants.written(application)
    assert (row.purpose, row.state) == (KEY, "sent")
    view = await applicants.hiring.scope().ask(ShowMessage(message_id=row.id))
    assert [each.kind for each in view.timeline] == ["queued", "sent"]


async def test_a_candidates_language_or_the_tenants_or_the_plugins(
    plugged: Runtime, world: World, worker: DueWork, applicants: Applicants
) -> None:
    subjects = []
    for locale in ("de-AT", "fr", "en-GB"):
        application = await applicants.apply()
        mail: dict[str, Any] = {"candidate_id": application.candidate_id}
        await ask(plugged, world.acme, locale=locale, **mail)
        subjects += [each.subject for each in await applicants.written(application)]
    assert subjects == ["Danke, Ada Löw", "Thank you, Ada Löw", "Thank you, Ada Löw"]


async def test_what_does_not_fit_is_named(
    plugged: Runtime, world: World, applicants: Applicants, examined: Examined
) -> None:
    application = await applicants.apply()
    elsewhere = await Applicants(plugged, world, "globex").apply()
    mine: dict[str, Any] = {"application_id": application.id}
    await ask(plugged, world.acme, **mine, idempotency_key="taken")
    refused: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({**mine, "template": "welcome"}, NotFound, "'welcome'; it has: thank_you, receipt"),
        ({**mine, "variables": {"friend": "G"}}, InvalidInput, "rewards: Give a value"),
        ({**mine, "variables": {**VALUES, "frend": "G"}}, InvalidInput, "frend: No such variable"),
        ({**mine, "variables": {**VALUES, "friend": 5}}, InvalidInput, "friend: Give a text"),
        ({**mine, "variables": {**VALUES, "friend": "x" * 2001}}, InvalidInput, "2,000"),
        (
            {**mine, "variables": {**VALUES, "rewards": "javascript:alert(1)"}},
            InvalidInput,
            "rewards: Give an address",
        ),
        (
            {**mine, "variables": {**VALUES, "rewards": "https://evil.example/only-in-the-mail"}},
            InvalidInput,
            "stand for a secret",
        ),
        ({**mine, "variables": {1: "x", "friend": "G"}}, InvalidInput, "map names to texts"),
        ({**mine, "variables": None}, InvalidInput, "map names to texts"),
        ({}, InvalidInput, "either application_id or candidate_id"),
        ({**mine, "candidate_id": application.candidate_id}, InvalidInput, "either"),
        ({"application_id": "ada@example.com"}, InvalidInput, "must be a UUID"),
        ({**mine, "idempotency_key": ""}, InvalidInput, "idempotency_key"),
        ({"application_id": uuid4()}, NotFound, "no such application"),
        ({"application_id": elsewhere.id}, NotFound, "no such application"),
        ({"candidate_id": elsewhere.candidate_id}, NotFound, "no such candidate"),
        (
            {
                **mine,
                "idempotency_key": "taken",
                "template": "receipt",
                "variables": {"number": "1"},
            },
            Conflict,
            "This idempotency key",
        ),
    ]
    for mail, kind, said in refused:
        with pytest.raises(kind, match=said):
            await ask(plugged, world.acme, **mail)
    await enable(plugged, world.acme, "silent")
    with pytest.raises(Forbidden, match="messages:send"):
        await ask(plugged, world.acme, "silent", **mine)
    assert [each for each in await rows(plugged, world.acme) if each.plugin == "silent"] == []
    around: list[str] = []

    async def go_around(context: Any) -> None:
        with pytest.raises(Forbidden) as caught:
            await context.execute(
                SendPluginMail(template="thank_you", variables=VALUES, idempotency_key="x", **mine)
            )
        around.append(caught.value.message)

    probe.ask = go_around
    request = Request(method="POST", path="/ask")
    actor = world.acme.actor("recruiter")
    await plugged.plugins.requests.route(world.acme.context, actor, "referrals", request)
    assert around == ["Plugins can't ask for SendPluginMail."]
    assert len(await applicants.written(application)) == 1
    assert await Applicants(plugged, world, "globex").written(elsewhere) == []
    examined("refusals", len(refused) + 2)


async def test_a_candidate_without_an_address_is_told_of(
    plugged: Runtime, world: World, applicants: Applicants
) -> None:
    application = await applicants.apply(email="")
    assert (await ask(plugged, world.acme, application_id=application.id))["result"] == "no_address"


def published(application: ApplicationView, event_id: UUID) -> PublishedEvent:
    fields = {
        "aggregate_id": str(application.id),
        "candidate_id": str(application.candidate_id),
        "job_id": str(application.job_id),
        "stage_id": str(application.stage_id),
        "source": "test",
    }
    return PublishedEvent(
        type="application.created",
        version=1,
        aggregate_id=application.id,
        fields=fields,
        delivery=Delivery(
            event_id=EventId(event_id),
            position=1,
            task_id=uuid4(),
            attempt=1,
            request_id="request",
            occurred_at=UtcDatetime(datetime.now(UTC)),
        ),
    )


async def is_asked_for_once(
    runtime: Runtime, tenant: WorldTenant, application: ApplicationView, key: str
) -> bool:
    """Whether the second of two calls with one key finds the first."""
    mail: dict[str, Any] = {"application_id": application.id, "idempotency_key": key}
    results = [(await ask(runtime, tenant, **mail))["result"] for _ in range(2)]
    return results == ["queued", "repeated"]


async def test_a_key_that_means_nothing_is_found(
    plugged: Runtime, world: World, applicants: Applicants, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = await applicants.apply()
    assert await is_asked_for_once(plugged, world.acme, application, "sound")
    with monkeypatch.context() as planted:
        planted.setattr(by_plugins, "id_of", lambda *_: uuid4())
        assert not await is_asked_for_once(plugged, world.acme, application, "planted")


async def test_no_crash_and_no_race_sends_twice(
    plugged: Runtime, world: World, worker: DueWork, applicants: Applicants, examined: Examined
) -> None:
    application = await applicants.apply()
    await worker.run_due()
    probe.taken.clear()
    outcomes: list[str] = []
    fails = iter((True, True, False, False))

    async def work(context: Any) -> None:
        sent = await context.mail.send(
            "thank_you",
            application_id=application.id,
            variables=VALUES,
            idempotency_key=f"application-{application.id}",
        )
        outcomes.append(sent.result)
        if next(fails):
            raise RuntimeError("ended in between")

    probe.ask = work
    one, other = uuid4(), uuid4()
    for event_id in (one, one, one, other):
        event = published(application, event_id)
        with contextlib.suppress(PluginFailed):
            await plugged.plugins.subscribers.deliver(
                world.acme.context, "plugin:referrals:thank", event
            )
    assert outcomes == ["queued", "queued", "queued", "repeated"], "a repeated call gets its answer"
    racing: dict[str, Any] = {"application_id": application.id, "idempotency_key": "race"}
    scope = plugged.scope(world.acme.context, await _actor(plugged, world.acme), "race")
    command = SendPluginMail(template="thank_you", variables=VALUES, **racing)
    # With nothing in mind of which plugins are enabled, and more calls than connections.
    plugged.plugins.enabled.forget(world.acme.id)
    results = await asyncio.gather(*(scope.execute(command) for _ in range(8)))
    assert sorted(each.result for each in results) == ["queued", *["repeated"] * 7]
    assert len({each.message_id for each in results}) == 1
    await worker.run_due()
    assert len(await applicants.written(application)) == 2
    assert len(probe.taken) == 2
    examined("attempts", len(outcomes) + len(results))


async def _actor(runtime: Runtime, tenant: WorldTenant, plugin: str = "referrals") -> Any:
    found = await runtime.plugins.enabled.find(tenant.id, plugin)
    assert found is not None
    return plugin_actor(tenant.id, found.installation_id, plugin, frozenset(SEND))


async def test_who_stopped_such_mails_gets_none_but_receipts(
    plugged: Runtime, world: World, worker: DueWork, applicants: Applicants
) -> None:
    application = await applicants.apply()
    await worker.run_due()
    probe.taken.clear()
    mine: dict[str, Any] = {"application_id": application.id}
    await ask(plugged, world.acme, **mine)
    waiting = await ask(plugged, world.acme, **mine)
    assert waiting["result"] == "queued"
    await worker.run_due()
    link = dict(probe.taken[0].headers)["List-Unsubscribe"].strip("<>").rpartition("/")[2]
    assert link in probe.taken[0].text
    async with new_client(create_app(plugged), world, "acme") as candidate:
        shown = await candidate.get(f"/unsubscribe/{link}")
        assert "E-mails like this one" in shown.text
        one_click = {"List-Unsubscribe": "One-Click"}
        answer = await candidate.post(f"/unsubscribe/{link}", data=one_click)
        assert "No more of these e-mails" in answer.text
    assert (await ask(plugged, world.acme, **mine))["result"] == "stopped"
    receipt: dict[str, Any] = {"template": "receipt", "variables": {"number": "8"}}
    assert (await ask(plugged, world.acme, **mine, **receipt))["result"] == "queued"
    await worker.run_due()
    assert [each.subject for each in probe.taken][-1] == "Your receipt"
    assert "List-Unsubscribe" not in dict(probe.taken[-1].headers)


async def test_admins_reword_it_and_another_tenant_does_not_notice(
    plugged: Runtime, world: World, applicants: Applicants
) -> None:
    assert [(each.kind, each.plugin_name) for each in await rows(plugged, world.acme)] == [
        (KEY, "Referral rewards"),
        ("referrals.receipt", "Referral rewards"),
    ]
    assert await rows(plugged, world.globex) == []
    scope = plugged.scope(world.globex.context, world.globex.actor("admin"), "look")
    with pytest.raises(TemplateNotFound):
        await scope.ask(ShowTemplate(kind=KEY, language="en"))
    await enable(plugged, world.globex, "referrals", SEND)
    with pytest.raises(InvalidInput) as caught:
        await save(plugged, world.acme, "{{frend}} {{bonus}} [x]({{friend}})", "{{nobody}}")
    codes = [(each.field, each.code) for each in caught.value.fields]
    assert codes == [
        ("body", "unknown_variable"),
        ("body", "may_be_missing"),
        ("body", "wrong_link"),
        ("subject", "unknown_variable"),
    ]
    view = await save(plugged, world.acme, "For {{friend}}: {{company_name}}.", "Ours")
    assert (view.version, view.languages, view.flaws) == (1, ("en", "de"), ())
    with pytest.raises(TemplateNotFound):
        await plugged.scope(world.acme.context, world.acme.actor("admin"), "look").ask(
            ShowTemplate(kind=KEY, language="fr")
        )
    other = Applicants(plugged, world, "globex")
    for tenant, who, subject in (
        (world.acme, applicants, "Ours"),
        (world.globex, other, "Thank you, Ada Löw"),
    ):
        application = await who.apply()
        await ask(plugged, tenant, application_id=application.id)
        (row,) = await who.written(application)
        assert row.subject == subject


async def is_out_of_use(
    runtime: Runtime, tenant: WorldTenant, application: ApplicationView
) -> bool:
    """Whether a disabled plugin's templates are neither listed, shown nor sent."""
    actor = await _actor(runtime, tenant)
    listed = await rows(runtime, tenant)
    scope = runtime.scope(tenant.context, actor, "send")
    command = SendPluginMail(
        template="thank_you",
        application_id=application.id,
        variables=VALUES,
        idempotency_key=str(uuid4()),
    )
    try:
        await scope.execute(command)
    except TemplateNotFound:
        return listed == []
    return False


async def test_a_disabled_plugins_templates_wait(
    plugged: Runtime, world: World, applicants: Applicants, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = await applicants.apply()
    before = (await save(plugged, world.acme, "Saved: {{friend}}.", "Saved")).version
    assert not await is_out_of_use(plugged, world.acme, application)
    admin = plugged.scope(world.acme.context, world.acme.actor("admin"), "disable")
    await admin.execute(DisablePlugin(plugin_id="referrals"))
    plugged.plugins.enabled.forget(world.acme.id)
    assert await is_out_of_use(plugged, world.acme, application)

    async def every(self: Any) -> Any:
        """Forget to ask whether a plugin is enabled."""
        found = await self._plugins.enabled.of(self._tenant.id)
        return [mail_kind(e.plugin.manifest, t) for e in found for t in e.plugin.email_templates]

    with monkeypatch.context() as planted:
        planted.setattr(TenantPluginKinds, "all", every)
        assert not await is_out_of_use(plugged, world.acme, application)
    await enable(plugged, world.acme, "referrals", SEND)
    view = await admin.ask(ShowTemplate(kind=KEY, language="en"))
    assert (view.version, view.subject) == (before, "Saved")


async def test_all_of_it_over_the_api(plugged: Runtime, world: World) -> None:
    where = f"/api/v1/templates/{KEY}/de"
    text = {"subject": "Danke", "body": "{{friend}} [hier]({{rewards}})"}
    app = create_app(plugged)
    async with new_client(app, world, "acme", "admin") as admin:
        listed = (await admin.get("/api/v1/templates")).json()["items"]
        (row,) = [each for each in listed if each["kind"] == KEY]
        assert (row["plugin"], row["transactional"]) == ("referrals", False)
        view = (await admin.get(where)).json()
        shown = {each["name"]: (each["meaning"], each["always"]) for each in view["variables"]}
        assert shown["friend"] == ("Who was referred", True)
        assert shown["bonus"] == ("", False)
        assert "candidate_name" in shown
        made = (await admin.post(f"{where}/preview", json=text)).json()
        assert "Grace Hopper hier (https://rewards.example/ada)" in made["mail"]["text"]
        application = await Applicants(plugged, world).apply("Zoë Real")
        real = {"application_id": str(application.id)}
        made = (await admin.post(f"{where}/preview", json=real)).json()
        assert made["mail"]["subject"] == "Danke, Zoë Real"
        wrong = await admin.put(where, json={**text, "subject": "{{x}}"})
        assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (422, "unknown_variable")
        saved = await admin.put(where, json=text, headers={"If-Match": '"0"'})
        assert saved.json()["version"] == 1
        late = await admin.put(where, json=text, headers={"If-Match": '"0"'})
        assert late.status_code == 412
        sent = (await admin.post(f"{where}/test", json={})).json()
        assert (sent["result"], probe.taken[-1].subject) == ("taken", "Danke")
        reset = (await admin.post(f"{where}/reset")).json()
        assert (reset["version"], reset["is_default"]) == (2, True)
        versions = (await admin.get(f"{where}/versions")).json()["items"]
        assert [each["version"] for each in versions] == [2, 1, 0]
        for path in ("referrals.nothing/en", f"{KEY}/fr", "nobody.thank_you/en", "x..y/en"):
            missing = await admin.get(f"/api/v1/templates/{path}")
            assert (missing.status_code, missing.json()["code"]) == (404, "template_not_found")
    async with new_client(app, world, "globex", "admin") as other:
        theirs = (await other.get(where)).json()
        assert theirs.get("version") in {None, 0}, "what acme saved is acme's"


@pytest.fixture
def unescaped(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    with monkeypatch.context() as planted:
        yield planted


async def is_harmless(
    runtime: Runtime, tenant: WorldTenant, applicants: Applicants, harm: str
) -> bool:
    """Whether a value marks nothing in HTML, and is shown as it is."""
    application = await applicants.apply()
    await ask(runtime, tenant, application_id=application.id, variables={**VALUES, "friend": harm})
    (row,) = await applicants.written(application)
    view = await applicants.hiring.scope().ask(ShowMessage(message_id=row.id))
    assert view.html is not None
    return harm not in view.html and harm in unescape(view.html)


async def test_no_value_marks_anything(
    plugged: Runtime,
    world: World,
    applicants: Applicants,
    unescaped: pytest.MonkeyPatch,
    examined: Examined,
) -> None:
    harm = ("<img src=x onerror=alert(1)>", '"><script>alert(1)</script>')
    await enable(plugged, world.acme, "referrals", SEND)
    for each in harm:
        assert await is_harmless(plugged, world.acme, applicants, each)
    unescaped.setattr(markup, "escape", lambda text: text)
    for each in harm:
        assert not await is_harmless(plugged, world.acme, applicants, each)
    examined("values", len(harm))


async def test_a_version_that_does_not_fit_any_more_is_shown_and_not_sent(
    plugged: Runtime, world: World, settings: Settings, database: TestDatabase
) -> None:
    await save(plugged, world.acme, "{{friend}} gave {{candidate_name}} something.", "Kept")
    later = msgspec.structs.replace(
        THANKS,
        text="Hello {{candidate_name}}, {{buddy}} applied.\n",
        variables={"buddy": "Grace Hopper"},
        meanings={},
        optional=(),
        links=(),
        translations={},
    )
    entry = made_plugin(
        msgspec.structs.replace(referral_plugin.manifest(), version="2.0.0"),
        email_templates=[later],
        routes=referral_plugin.routes(),
        ports=referral_plugin.ports(),
    )
    async with runtime_with(settings, database, catalogue_of(entry)) as upgraded:
        (row,) = await rows(upgraded, world.acme)
        assert [(each.language, each.needs_attention) for each in row.languages] == [("en", True)]
        admin = upgraded.scope(world.acme.context, world.acme.actor("admin"), "look")
        view = await admin.ask(ShowTemplate(kind=KEY, language="en"))
        assert [each.message[:22] for each in view.flaws] == ["friend is no variable "]
        assert view.subject == "Kept", "what was saved can be put right"
        applicants = Applicants(upgraded, world)
        application = await applicants.apply()
        mail: dict[str, Any] = {"application_id": application.id, "variables": {"buddy": "Grace"}}
        await ask(upgraded, world.acme, **mail)
        (sent,) = await applicants.written(application)
        assert sent.subject == "Thank you, Ada Löw"
        fixed = await save(upgraded, world.acme, "{{buddy}} it is.", "Mended")
        assert fixed.flaws == ()
        again = await applicants.apply()
        await ask(upgraded, world.acme, **{**mail, "application_id": again.id})
        assert [each.subject for each in await applicants.written(again)] == ["Mended"]
        versions = (await admin.ask(ListTemplateVersions(kind=KEY, language="en"))).items
        assert versions[1].subject == "Kept"
