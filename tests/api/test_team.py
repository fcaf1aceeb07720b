"""The team over HTTP: invitations, roles, the last admin, and the way back in."""

import asyncio
import re
from typing import Any

import asyncpg
import httpx
import pytest_asyncio

from api.app import Application
from core.identity.contracts.team import DeliverPasswordReset, IssuePasswordReset
from core.shared.actor import system
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.tasks import TaskRunner
from tests.fixtures.clients import ClientFor, new_client
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.worlds import PASSWORD, World

COOKIE = "intellimatch_session"
ACCEPT = "/api/v1/auth/invitations/accept"
PREVIEW = "/api/v1/auth/invitations/preview"
CONFIRM = "/api/v1/auth/password-reset/confirm"
NEW_PASSWORD = "seven herons over the marsh"


@pytest_asyncio.fixture(autouse=True)
async def _forget_attempts(runtime: Runtime) -> None:
    await runtime.redis.flushdb()


async def invite(client: httpx.AsyncClient, email: str, role: str = "viewer") -> dict[str, Any]:
    body = {"email": email, "name": "New Person", "role": role}
    answer = await client.post("/api/v1/invitations", json=body)
    assert answer.status_code == 201, answer.text
    issued: dict[str, Any] = answer.json()
    return issued


async def accept(
    client: httpx.AsyncClient, token: str, password: str = NEW_PASSWORD
) -> httpx.Response:
    return await client.post(ACCEPT, json={"token": token, "password": password})


async def test_an_invitation_works_once(client_for: ClientFor, examined: Examined) -> None:
    admin, stranger = client_for("globex", "admin"), client_for("globex", None)
    issued = await invite(admin, "Grace@Globex.example", "recruiter")
    token = issued["token"]
    assert issued["link"].endswith(token)
    # What scanners of mail do: none of it uses the link up.
    looks = 0
    for method in ("GET", "HEAD", "OPTIONS"):
        for path in (ACCEPT, PREVIEW, f"{ACCEPT}?token={token}", f"{ACCEPT}/{token}"):
            answer = await stranger.request(method, path)
            assert answer.status_code in {204, 404, 405, 400}, (method, path, answer.status_code)
            looks += 1
    for _ in range(2):
        preview = await stranger.post(PREVIEW, json={"token": token})
        assert preview.json()["email"] == "grace@globex.example"
    first = await accept(stranger, token)
    assert first.status_code == 201, first.text
    assert first.json()["role"] == "recruiter"
    again = await accept(stranger, token)
    assert (again.status_code, again.json()["code"]) == (404, "link_not_valid")
    examined("looks at a link", looks)


async def test_two_at_once_use_an_invitation_once(
    client_for: ClientFor, app: Application, world: World
) -> None:
    token = (await invite(client_for("globex", "admin"), "race@globex.example"))["token"]
    async with new_client(app, world, "globex") as stranger:
        answers = await asyncio.gather(*(accept(stranger, token) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, 404, 404, 404, 404, 404]


async def test_withdrawn_replaced_expired_and_foreign_links_are_worth_nothing(
    client_for: ClientFor, database: TestDatabase
) -> None:
    admin, stranger = client_for("globex", "admin"), client_for("globex", None)
    withdrawn = await invite(admin, "a1@globex.example")
    path = f"/api/v1/invitations/{withdrawn['invitation']['id']}"
    assert (await admin.delete(path)).status_code == 204
    replaced = await invite(admin, "a2@globex.example")
    await invite(admin, "a2@globex.example")
    expired = await invite(admin, "a3@globex.example")
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute(
            "UPDATE invitations SET expires_at = now() WHERE email = 'a3@globex.example'"
        )
    finally:
        await connection.close()
    foreign = await invite(client_for("acme", "admin"), "a4@globex.example")
    told = set()
    for token in (withdrawn["token"], replaced["token"], expired["token"], foreign["token"]):
        answer = await accept(stranger, token)
        told.add((answer.status_code, answer.json()["code"], answer.json()["detail"]))
    told.add(_told(await accept(stranger, "x" * 43)))
    assert len(told) == 1


async def test_an_account_is_joined_only_with_its_own_password(
    client_for: ClientFor, world: World, app: Application
) -> None:
    person = world.globex.members["interviewer"]
    issued = await invite(client_for("acme", "admin"), person.email)
    stranger = client_for("acme", None)
    # Whoever made the link can read it: it must not let them choose this person's password.
    taken = await accept(stranger, issued["token"], "a password of the admin's choice")
    assert taken.status_code == 401
    joined = await accept(stranger, issued["token"], PASSWORD)
    assert joined.status_code == 201, joined.text
    async with new_client(app, world, "globex") as there:
        body = {"email": person.email, "password": PASSWORD}
        assert (await there.post("/api/v1/auth/sign-in", json=body)).status_code == 200


async def test_a_weak_password_leaves_the_link_good(client_for: ClientFor) -> None:
    token = (await invite(client_for("globex", "admin"), "weak@globex.example"))["token"]
    stranger = client_for("globex", None)
    for weak in ("short", "passwordpassword", "weak@globex.example", "123456789012345"):
        answer = await accept(stranger, token, weak)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "password")
    assert (await accept(stranger, token)).status_code == 201


async def test_a_new_role_ends_the_sessions_that_had_the_old_one(
    app: Application, world: World, client_for: ClientFor, runtime: Runtime
) -> None:
    member = world.acme.members["viewer"]
    admin = client_for("acme", "admin")
    async with new_client(app, world, "acme") as browser:
        await browser.post(
            "/api/v1/auth/sign-in", json={"email": member.email, "password": PASSWORD}
        )
        token = browser.cookies[COOKIE]
    assert await runtime.identify_session(token) is not None
    path = f"/api/v1/members/{member.member_id}"
    shown = await admin.get(path)
    stale = await admin.patch(path, json={"role": "recruiter"}, headers={"If-Match": '"99"'})
    assert stale.status_code == 412
    changed = await admin.patch(
        path, json={"role": "recruiter"}, headers={"If-Match": shown.headers["etag"]}
    )
    assert changed.json()["role"] == "recruiter"
    assert await _gone(runtime, token)
    # The API key acts with the role of now, not of when it was made.
    created = await client_for("acme", "viewer").get("/api/v1/me")
    assert created.json()["role"] == "recruiter"
    await admin.patch(path, json={"role": "viewer"})


async def test_the_last_admin_stays(client_for: ClientFor, world: World) -> None:
    admin = client_for("acme", "admin")
    me = f"/api/v1/members/{world.acme.members['admin'].member_id}"
    demoted = await admin.patch(me, json={"role": "viewer"})
    deactivated = await admin.post(f"{me}/deactivate")
    assert _told(demoted) == _told(deactivated)
    assert (demoted.status_code, demoted.json()["code"]) == (409, "last_admin")


async def test_two_admins_who_demote_each_other_leave_one(
    client_for: ClientFor, world: World
) -> None:
    admin = client_for("globex", "admin")
    ids = [str(world.globex.members[role].member_id) for role in ("admin", "recruiter")]
    for _ in range(5):
        await admin.patch(f"/api/v1/members/{ids[1]}", json={"role": "admin"})
        other = client_for("globex", "recruiter")
        answers = await asyncio.gather(
            admin.patch(f"/api/v1/members/{ids[1]}", json={"role": "recruiter"}),
            other.patch(f"/api/v1/members/{ids[0]}", json={"role": "recruiter"}),
        )
        statuses = sorted(answer.status_code for answer in answers)
        # The loser is told that it is the last admin, or that it is none any more.
        assert statuses[0] == 200, statuses
        assert statuses[1] in {403, 409}, statuses
        members = (await admin.get("/api/v1/members?role=admin&status=active")).json()["items"]
        assert len(members) == 1
        if members[0]["id"] == ids[1]:
            restored = await other.patch(f"/api/v1/members/{ids[0]}", json={"role": "admin"})
            assert restored.status_code == 200, restored.text
            await _until_role(admin, "admin")


async def test_a_deactivated_member_is_out_at_once_and_back_with_the_same_keys(
    client_for: ClientFor, world: World, runtime: Runtime
) -> None:
    admin, member = client_for("acme", "admin"), world.acme.members["interviewer"]
    path = f"/api/v1/members/{member.member_id}"
    assert (await admin.post(f"{path}/deactivate")).json()["status"] == "deactivated"
    for _ in range(100):
        if await runtime.identify_key(member.api_key) is None:
            break
        await asyncio.sleep(0.02)
    else:
        raise AssertionError("the key of a deactivated member still holds")
    body = {"email": member.email, "password": PASSWORD}
    answer = await client_for("acme", None).post("/api/v1/auth/sign-in", json=body)
    assert answer.status_code == 401
    assert (await admin.post(f"{path}/reactivate")).json()["status"] == "active"
    assert await runtime.identify_key(member.api_key) is not None


async def test_a_reset_request_tells_nobody_who_exists(
    client_for: ClientFor, world: World, runtime: Runtime, database: TestDatabase
) -> None:
    stranger = client_for("acme", None)
    answers = [
        await stranger.post("/api/v1/auth/password-reset", json={"email": email})
        for email in (world.acme.members["viewer"].email, "nobody@acme.example")
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {
        (202, answers[0].text),
    }
    connection = await asyncpg.connect(database.admin_url)
    try:
        kept = await connection.fetchval(
            "SELECT string_agg(payload::text, ' ') FROM outbox WHERE type LIKE 'password_reset%'"
        )
        promised = await connection.fetchval(
            "SELECT count(*) FROM tasks WHERE kind = 'password_reset_mail' AND tenant_id = $1",
            world.acme.id,
        )
        made = await connection.fetchval("SELECT count(*) FROM password_resets")
    finally:
        await connection.close()
    assert "@" not in kept
    assert (promised, made) == (2, 0)
    assert await DueWork(TaskRunner(runtime), database.relay_url).run_due() == 2
    letters = list((runtime.settings.data_dir / "account-mail").iterdir())
    assert len(letters) == 1
    assert f"To: {world.acme.members['viewer'].email}" in letters[0].read_text()


async def test_a_reset_by_mail_works_once_and_ends_every_session(
    client_for: ClientFor, world: World, runtime: Runtime, app: Application
) -> None:
    member = world.acme.members["recruiter"]
    async with new_client(app, world, "acme") as browser:
        await browser.post(
            "/api/v1/auth/sign-in", json={"email": member.email, "password": PASSWORD}
        )
        session = browser.cookies[COOKIE]
    operator = runtime.scope(world.acme.context, system(world.acme.id), "task")
    await operator.execute(DeliverPasswordReset(email=member.email))
    await operator.execute(DeliverPasswordReset(email="nobody@acme.example"))
    folder = runtime.settings.data_dir / "account-mail"
    letters = [path for path in folder.iterdir() if member.email in path.read_text()]
    assert len(letters) == 1
    assert not any("nobody" in path.read_text() for path in folder.iterdir())
    assert letters[0].stat().st_mode & 0o777 == 0o600
    found = re.search(r"token=([\w-]+)", letters[0].read_text())
    assert found is not None
    stranger = client_for("acme", None)
    body = {"token": found[1], "password": NEW_PASSWORD}
    for method in ("GET", "HEAD"):
        assert (await stranger.request(method, CONFIRM)).status_code == 405
    refused = await stranger.post(CONFIRM, json={**body, "password": "passwordpassword"})
    assert refused.status_code == 422
    answers = await asyncio.gather(*(stranger.post(CONFIRM, json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [204, 404, 404, 404]
    assert await _gone(runtime, session)
    old, new = [
        await stranger.post("/api/v1/auth/sign-in", json={"email": member.email, "password": tried})
        for tried in (PASSWORD, NEW_PASSWORD)
    ]
    assert (old.status_code, new.status_code) == (401, 200)


async def test_the_operator_can_hand_out_a_link(
    client_for: ClientFor, world: World, runtime: Runtime
) -> None:
    operator = runtime.scope(world.globex.context, system(world.globex.id), "cli")
    issued = await operator.execute(IssuePasswordReset(email="viewer@globex.example"))
    first = await operator.execute(IssuePasswordReset(email="viewer@globex.example"))
    stranger = client_for("globex", None)
    statuses = [
        (await stranger.post(CONFIRM, json={"token": t, "password": NEW_PASSWORD})).status_code
        for t in (issued.token, first.token)
    ]
    assert statuses == [404, 204]


async def test_a_member_is_invited_only_once(client_for: ClientFor, world: World) -> None:
    body = {"email": world.acme.members["viewer"].email.upper(), "name": "V", "role": "viewer"}
    answer = await client_for("acme", "admin").post("/api/v1/invitations", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_member")


async def test_the_team_is_paged(client_for: ClientFor, world: World) -> None:
    client = client_for("acme", "viewer")
    seen: list[str] = []
    path = "/api/v1/members?limit=3"
    while True:
        page = (await client.get(path)).json()
        seen += [item["email"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        path = f"/api/v1/members?limit=3&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) >= len(world.acme.members)


def _told(answer: httpx.Response) -> tuple[int, str, str]:
    return answer.status_code, answer.json()["code"], answer.json()["detail"]


async def _gone(runtime: Runtime, session: str) -> bool:
    for _ in range(100):
        if await runtime.identify_session(session) is None:
            return True
        await asyncio.sleep(0.02)
    return False


async def _until_role(client: httpx.AsyncClient, role: str) -> None:
    for _ in range(100):
        if (await client.get("/api/v1/me")).json().get("role") == role:
            return
        await asyncio.sleep(0.02)
