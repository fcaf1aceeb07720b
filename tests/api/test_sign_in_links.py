"""Links that are mailed to members: they reach their owner, open one thing once, and nobody else
learns whose address is known. The service that takes the mails is a list; the rest is real.
"""

import re
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final

import asyncpg
import httpx
import pytest
import pytest_asyncio

from api.app import Application, create_app
from core.identity.contracts.sign_in import RequestSignInLink
from core.identity.contracts.team import (
    DeliverPasswordReset,
    IssuePasswordReset,
    RequestPasswordReset,
    ResetPassword,
)
from core.identity.tokens import Pepper
from core.ports.messaging import MessageRefused, Messaging, OutgoingEmail, SentEmail
from core.shared.actor import anonymous, system
from core.shared.errors import Throttled
from plugins.postgres.links import PostgresSignInLinkQueries
from plugins.postgres.tasks import PostgresTasks
from plugins.sdk import PluginContext, PortAdapter
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.clients import new_client
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.plugins import catalogue_of, enable, made_plugin, manifest_of, runtime_with
from tests.fixtures.worlds import PASSWORD, World, WorldMember

HTML: Final = {"Accept": "text/html"}
SESSION: Final = "intellimatch_session"
MEMBER: Final = "recruiter@acme.example"
NEW_PASSWORD: Final = "blue herons wade at dawn"


class Post:
    """A service that takes mail over and remembers it."""

    def __init__(self) -> None:
        self.taken: list[OutgoingEmail] = []
        self.refuses = False

    async def send(self, email: OutgoingEmail) -> SentEmail:
        if self.refuses:
            raise MessageRefused("No such mailbox.")
        self.taken.append(email)
        return SentEmail(f"ref-{len(self.taken)}")


POST: Final = Post()


def _service(_context: PluginContext[Any]) -> Post:
    return POST


class Doors:
    """The application with a sender, its background work, and what lies in its database."""

    def __init__(
        self, runtime: Runtime, world: World, database: TestDatabase, admin: asyncpg.Connection
    ) -> None:
        self.runtime = runtime
        self.world = world
        self.app: Application = create_app(runtime)
        self.admin = admin
        self._worker = DueWork(TaskRunner(runtime), database.relay_url)

    def browser(self, slug: str = "acme") -> httpx.AsyncClient:
        return new_client(self.app, self.world, slug)

    async def mails(self) -> list[OutgoingEmail]:
        """Do what is due and return what was sent for it."""
        POST.taken.clear()
        await self._worker.run_due()
        await self._worker.run_due()
        return list(POST.taken)

    async def asked(self, browser: httpx.AsyncClient, email: str = MEMBER) -> tuple[str, str]:
        """Ask for a link; return the path that was mailed and the code that was shown."""
        page = await send(browser, "/sign-in", to="/sign-in/mail", email=email, next="/jobs?q=1")
        assert page.status_code == 200, page.text
        (mail,) = await self.mails()
        assert mail.to.address == email
        found = re.search(r"http://[^/\s]+(/sign-in/link\?\S+)", mail.text)
        code = re.search(r"data-code>(\d{3}) (\d{3})<", page.text)
        assert found is not None
        assert code is not None
        return found[1], code[1] + code[2]

    async def state(self) -> tuple[Any, ...]:
        """What opening a link for good would change."""
        row = await self.admin.fetchrow(
            "SELECT (SELECT string_agg(id::text, ',' ORDER BY id) FROM sign_in_links), "
            "(SELECT count(*) FROM sessions), (SELECT count(*) FROM outbox)"
        )
        assert row is not None
        return tuple(row)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def doors(settings: Settings, database: TestDatabase, world: World) -> AsyncIterator[Doors]:
    entry = made_plugin(
        manifest_of("post"), ports=[PortAdapter(Messaging, partial(_service), repeatable=True)]
    )
    admin = await asyncpg.connect(database.admin_url)
    async with runtime_with(settings, database, catalogue_of(entry)) as runtime:
        await enable(runtime, world.acme, "post")
        yield Doors(runtime, world, database, admin)
    await admin.close()


@pytest_asyncio.fixture(autouse=True)
async def _forget_attempts(doors: Doors) -> None:
    await doors.runtime.redis.flushdb()
    POST.refuses = False


async def send(
    client: httpx.AsyncClient, path: str, to: str | None = None, **fields: str
) -> httpx.Response:
    """Open the page and send its form, as a browser without scripts does."""
    page = await client.get(path, headers=HTML)
    token = re.search(r'name="form_token" value="([^"]+)"', page.text)
    return await client.post(
        to or path.partition("?")[0],
        data={**fields, **({"form_token": token[1]} if token else {})},
        headers={
            **HTML,
            "Origin": str(client.base_url).rstrip("/"),
            "Sec-Fetch-Site": "same-origin",
        },
    )


def _token(path: str) -> str:
    found = re.search(r"token=([\w-]+)", path)
    assert found is not None
    return found[1]


async def _is_signed_in(client: httpx.AsyncClient) -> bool:
    return (await client.get("/api/v1/me")).status_code == 200


async def _scanned(doors: Doors, path: str) -> int:
    """Open a link as mail scanners do; return how often that changed something."""
    changes = 0
    async with doors.browser() as scanner:
        for method in ("HEAD", "GET", "GET"):
            before = await doors.state()
            answer = await scanner.request(method, path, headers=HTML)
            assert answer.status_code in (200, 404, 405)
            assert SESSION not in scanner.cookies
            changes += await doors.state() != before
    return changes


async def test_scanners_use_nothing_up_and_the_browser_that_asked_signs_in_once(
    doors: Doors, monkeypatch: pytest.MonkeyPatch, examined: Examined
) -> None:
    async with doors.browser() as here:
        path, _ = await doors.asked(here)
        assert await _scanned(doors, path) == 0
        own = await here.get(path, headers=HTML)
        assert (own.status_code, 'name="code"' in own.text) == (200, False)
        entered = await send(here, path, token=_token(path), next="/jobs?q=1")
        assert (entered.status_code, entered.headers["location"]) == (303, "/jobs?q=1")
        assert await _is_signed_in(here)
    async with doors.browser() as again:
        used = await send(again, path, token=_token(path))
        assert used.status_code == 404
        assert not await _is_signed_in(again)

    async with doors.browser() as here:
        path, _ = await doors.asked(here)
        looked = PostgresSignInLinkQueries.by_digest

        async def consuming(self: PostgresSignInLinkQueries, digest: bytes) -> Any:
            found = await looked(self, digest)
            await doors.admin.execute("DELETE FROM sign_in_links")
            return found

        monkeypatch.setattr(PostgresSignInLinkQueries, "by_digest", consuming)
        assert await _scanned(doors, path), "a link that GET uses up goes unseen"
        monkeypatch.undo()
    examined("looks of scanners", 6)


async def test_another_browser_needs_the_code_and_few_guesses_are_free(
    doors: Doors, examined: Examined
) -> None:
    limit = doors.runtime.settings.sign_in_attempts
    async with doors.browser() as here, doors.browser() as other:
        path, code = await doors.asked(here)
        shown = await other.get(path, headers=HTML)
        assert 'name="code"' in shown.text
        wrong = f"{(int(code) + 1) % 1_000_000:06}"
        answers = [
            await send(other, path, token=_token(path), code=guess)
            for guess in ("", wrong, "\uff11\uff12\uff13", *[wrong] * (limit - 2))
        ]
        statuses = [each.status_code for each in answers]
        assert statuses == [401] * limit + [429]
        assert (await send(other, path, token=_token(path), code=code)).status_code == 429
        assert not await _is_signed_in(other)
        assert (await send(here, path, token=_token(path))).status_code == 303
    async with doors.browser() as here, doors.browser() as other:
        path, code = await doors.asked(here)
        entered = await send(other, path, token=_token(path), code=f" {code[:3]}-{code[3:]} ")
        assert entered.status_code == 303
        assert await _is_signed_in(other)
        assert (await send(here, path, token=_token(path))).status_code == 404
    examined("guesses", len(statuses))


async def test_a_browser_that_asks_twice_opens_either_and_then_neither(doors: Doors) -> None:
    async with doors.browser() as here:
        first, _ = await doors.asked(here, "admin@acme.example")
        second, _ = await doors.asked(here, "admin@acme.example")
        await send(here, "/sign-in", email="admin@acme.example", password=PASSWORD)
        old = here.cookies[SESSION]
        assert (await send(here, first, token=_token(first))).status_code == 303
        assert (await here.get(second, headers=HTML)).status_code == 404
        assert here.cookies[SESSION] != old, "signing in gives another session"
        assert not await doors.admin.fetchval(
            "SELECT count(*) FROM sessions WHERE token_hash = $1", _digest(doors, old)
        )


async def test_a_link_is_bound_to_its_workspace_and_its_ten_minutes(doors: Doors) -> None:
    async with doors.browser() as here, doors.browser("globex") as there:
        path, code = await doors.asked(here)
        foreign = await send(there, path, token=_token(path), code=code)
        assert foreign.status_code == 404
        kept = await doors.admin.fetchrow("SELECT * FROM sign_in_links")
        assert kept is not None
        assert (kept["expires_at"] - kept["created_at"]).total_seconds() <= 600
        await doors.admin.execute("UPDATE sign_in_links SET expires_at = now()")
        late = await send(here, path, token=_token(path))
        assert late.status_code == 404
        assert "no longer valid" in late.text


async def test_a_new_password_and_a_deactivation_void_links(doors: Doors) -> None:
    member = doors.world.acme.members["interviewer"]
    async with doors.browser() as here:
        path, _ = await doors.asked(here, member.email)
        await doors.admin.execute(
            "UPDATE members SET status = 'deactivated' WHERE id = $1", member.member_id
        )
        assert (await send(here, path, token=_token(path))).status_code == 404
        await doors.admin.execute(
            "UPDATE members SET status = 'active' WHERE id = $1", member.member_id
        )
        reset = await _mailed_reset(doors, member.email)
        await send(here, reset, token=_token(reset), password=NEW_PASSWORD)
        assert (await send(here, path, token=_token(path))).status_code == 404


async def test_what_is_mailed_to_members_is_kept_nowhere(doors: Doors, examined: Examined) -> None:
    async with doors.browser() as here:
        path, code = await doors.asked(here)
        secrets = [_token(path), code, here.cookies["intellimatch_asked"]]
    reset = await _mailed_reset(doors, MEMBER)
    secrets.append(_token(reset))
    tables = await doors.admin.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'events'"
    )
    found = []
    for (table,) in tables:
        rows = await doors.admin.fetch(f'SELECT to_jsonb(t)::text AS row FROM "{table}" t')
        found += [(table, each) for (row,) in rows for each in secrets if each in row]
    assert found == [], "a secret that opens an account lies in the database"
    kept = await doors.admin.fetch(
        "SELECT state, subject, text, html, sealed FROM messages WHERE application_id IS NULL"
    )
    assert {(each["state"], each["text"], each["sealed"]) for each in kept} == {("sent", "", None)}
    await doors.admin.execute("UPDATE messages SET text = $1", reset)
    planted = await doors.admin.fetchval("SELECT count(*) FROM messages WHERE text LIKE $1", reset)
    assert planted, "the planted secret"
    await doors.admin.execute("UPDATE messages SET text = ''")
    examined("tables", len(tables))
    examined("secrets", len(secrets))


Told = tuple[Any, ...]


async def _told(doors: Doors, page: str, to: str, email: str) -> Told:
    """What a stranger sees who asks for an address, and what is written for it."""
    counted = (
        "SELECT (SELECT count(*) FROM tasks), (SELECT count(*) FROM outbox), "
        "(SELECT count(*) FROM audit_entries), (SELECT count(*) FROM sign_in_links), "
        "(SELECT count(*) FROM password_resets), (SELECT count(*) FROM messages)"
    )
    before = await doors.admin.fetchrow(counted)
    async with doors.browser() as stranger:
        answer = await send(stranger, page, to=to, email=email)
    after = await doors.admin.fetchrow(counted)
    assert before is not None
    assert after is not None
    text = answer.text.replace(email.replace("@", "&#64;"), "").replace(email, "")
    text = re.sub(r"data-code>[\d ]+<|\d{3} \d{3}|[0-9a-f]{32}|[0-9a-f-]{36}", "", text)
    written = tuple(now - then for now, then in zip(after, before, strict=True))
    return answer.status_code, text, tuple(sorted(answer.headers)), written


@pytest.mark.parametrize(
    ("page", "to"), [("/forgotten-password", "/forgotten-password"), ("/sign-in", "/sign-in/mail")]
)
async def test_unknown_addresses_are_answered_and_worked_on_as_known_ones(
    doors: Doors, monkeypatch: pytest.MonkeyPatch, examined: Examined, page: str, to: str
) -> None:
    addresses = (MEMBER, "nobody@acme.example", "admin@globex.example", "viewer@acme.example")
    told = {await _told(doors, page, to, each) for each in addresses}
    assert len(told) == 1
    (answer,) = told
    assert answer[0] == 200
    assert answer[-1][0] == 1, "one task for each"

    schedule = PostgresTasks.schedule

    async def telling(self: PostgresTasks, kind: str, payload: dict[str, Any], **more: Any) -> Any:
        if payload.get("email") in (None, MEMBER):
            return await schedule(self, kind, payload, **more)
        return None

    monkeypatch.setattr(PostgresTasks, "schedule", telling)
    planted = {await _told(doors, page, to, each) for each in addresses[:2]}
    assert len(planted) == 2, "a difference between known and unknown goes unseen"
    monkeypatch.undo()
    receivers = {mail.to.address for mail in await doors.mails()}
    assert receivers == {MEMBER, "viewer@acme.example"}
    examined("addresses", len(addresses))


async def test_asking_is_slowed_down_and_nobodys_mailbox_is_filled(doors: Doors) -> None:
    limit = doors.runtime.settings.sign_in_attempts
    async with doors.browser() as here:
        answers = [
            (await send(here, "/sign-in", to="/sign-in/mail", email="x@acme.example")).status_code
            for _ in range(limit + 1)
        ]
    assert answers == [200] * limit + [429]


@pytest.mark.parametrize("asking", [RequestPasswordReset, RequestSignInLink])
async def test_nobody_fills_a_mailbox_from_many_addresses(doors: Doors, asking: Any) -> None:
    limit = doors.runtime.settings.sign_in_attempts
    acme = doors.world.acme
    stranger = doors.runtime.scope(acme.context, anonymous(acme.id), "stranger")
    for place in range(limit * 3):
        address = f"2001:db8::{place // limit}"
        await stranger.execute(asking(email="y@acme.example", address=address))
    with pytest.raises(Throttled):
        await stranger.execute(asking(email="y@acme.example", address="2001:db8::f"))


async def test_where_nothing_sends_pages_say_so_and_the_operator_has_the_link(
    doors: Doors, world: World
) -> None:
    async with doors.browser("globex") as stranger:
        assert "E-mail me a link" not in (await stranger.get("/sign-in", headers=HTML)).text
        refused = await send(stranger, "/sign-in", to="/sign-in/mail", email="a@globex.example")
        assert refused.status_code == 409
        answer = await send(stranger, "/forgotten-password", email="viewer@globex.example")
        assert "No plugin that sends e-mail is enabled" in answer.text
    assert await doors.mails() == []
    folder = doors.runtime.settings.data_dir / "account-mail"
    assert any("viewer@globex.example" in path.read_text() for path in folder.iterdir())


async def _joins_globex(doors: Doors, person: WorldMember) -> None:
    await doors.admin.execute(
        "INSERT INTO members (tenant_id, id, account_id, email, name, role, joined_at) "
        "VALUES ($1, gen_random_uuid(), $2, $3, 'Both', 'viewer', now()) ON CONFLICT DO NOTHING",
        doors.world.globex.id,
        person.account_id,
        person.email,
    )
    await doors.admin.execute(
        "INSERT INTO account_tenants VALUES ($1, $2) ON CONFLICT DO NOTHING",
        person.account_id,
        doors.world.globex.id,
    )


async def test_a_new_password_voids_links_of_the_persons_other_workspaces(doors: Doors) -> None:
    person = doors.world.acme.members["viewer"]
    await _joins_globex(doors, person)
    globex = doors.world.globex
    operator = doors.runtime.scope(globex.context, system(globex.id), "operator")
    async with doors.browser() as here, doors.browser() as other:
        path, _ = await doors.asked(here, person.email)
        colleagues, _ = await doors.asked(other, MEMBER)
        issued = await operator.execute(IssuePasswordReset(email=person.email))
        await operator.execute(ResetPassword(token=issued.token, password=NEW_PASSWORD))
        assert (await send(here, path, token=_token(path))).status_code == 404
        assert not await _is_signed_in(here)
        assert (await send(other, colleagues, token=_token(colleagues))).status_code == 303


async def test_a_link_that_opens_other_workspaces_goes_to_no_plugin_of_one(
    doors: Doors, world: World
) -> None:
    person = world.acme.members["viewer"]
    await _joins_globex(doors, person)
    operator = doors.runtime.scope(world.acme.context, system(world.acme.id), "task")
    folder = doors.runtime.settings.data_dir / "account-mail"
    for status in ("active", "deactivated"):
        await doors.admin.execute(
            "UPDATE members SET status = $1 WHERE account_id = $2 AND tenant_id = $3",
            status,
            person.account_id,
            world.globex.id,
        )
        before = set(folder.iterdir()) if folder.exists() else set()
        await operator.execute(DeliverPasswordReset(email=person.email))
        assert await doors.mails() == [], f"{status} elsewhere, and mailed"
        (kept,) = set(folder.iterdir()) - before
        assert person.email in kept.read_text()


async def test_a_reset_comes_by_mail_and_its_failure_is_seen_by_admins(doors: Doors) -> None:
    path = await _mailed_reset(doors, MEMBER)
    async with doors.browser() as here:
        done = await send(here, path, token=_token(path), password=NEW_PASSWORD)
        assert done.headers["location"] == "/sign-in?done=password"
        entered = await send(here, "/sign-in", email=MEMBER, password=NEW_PASSWORD)
        assert entered.status_code == 303
    POST.refuses = True
    operator = doors.runtime.scope(doors.world.acme.context, system(doors.world.acme.id), "task")
    await operator.execute(DeliverPasswordReset(email=MEMBER))
    assert await doors.mails() == []
    async with new_client(doors.app, doors.world, "acme", "admin") as admin:
        rows = (await admin.get("/api/v1/member-messages?state=failed")).json()["items"]
        assert (rows[0]["purpose"], rows[0]["detail"]) == ("password_reset", "No such mailbox.")
        timeline = await admin.get(f"/api/v1/member-messages/{rows[0]['id']}/timeline")
        assert [each["kind"] for each in timeline.json()["items"]] == ["queued", "failed"]
        assert (await admin.get(f"/api/v1/messages/{rows[0]['id']}")).status_code == 404
        again = await admin.post(f"/api/v1/messages/{rows[0]['id']}/send-again")
        assert again.status_code == 404
    async with new_client(doors.app, doors.world, "acme", "recruiter") as recruiter:
        assert (await recruiter.get("/api/v1/member-messages")).status_code == 403


async def test_an_invitation_is_mailed_or_shown_never_both(doors: Doors) -> None:
    body = {"email": "nora@acme.example", "name": "Nora New", "role": "interviewer"}
    async with new_client(doors.app, doors.world, "acme", "admin") as admin:
        made = (await admin.post("/api/v1/invitations", json=body)).json()
        assert (made["mailed"], made["link"], made["token"]) == (True, None, None)
        (mail,) = await doors.mails()
        assert mail.to.address == body["email"]
        assert "Interviewer" in mail.text
        shown = (await admin.post("/api/v1/invitations", json={**body, "by_mail": False})).json()
        assert (shown["mailed"], bool(shown["link"])) == (False, True)
        assert await doors.mails() == []
        made = (await admin.post("/api/v1/invitations", json=body)).json()
        (mail,) = await doors.mails()
    found = re.search(r"http://[^/\s]+(/invitation\?\S+)", mail.text)
    assert found is not None
    async with doors.browser() as nora:
        joined = await send(
            nora, found[1], token=_token(found[1]), name="Nora", password=NEW_PASSWORD
        )
        assert joined.status_code == 303
        assert await _is_signed_in(nora)


async def _mailed_reset(doors: Doors, email: str) -> str:
    operator = doors.runtime.scope(doors.world.acme.context, system(doors.world.acme.id), "task")
    await operator.execute(DeliverPasswordReset(email=email))
    (mail,) = await doors.mails()
    assert mail.to.address == email
    found = re.search(r"http://[^/\s]+(/new-password\?\S+)", mail.text)
    assert found is not None
    return found[1]


def _digest(doors: Doors, token: str) -> bytes:
    assert doors.runtime.settings.secret_key is not None
    return Pepper(doors.runtime.settings.secret_key).digest("session", token)
