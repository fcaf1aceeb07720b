"""The page of the privacy notice: publishing, losing a race but not a word, older versions."""

import re

import httpx

from core.careers.contracts import PublishPrivacyNotice
from tenants.runtime import Runtime
from tests.fixtures.applicants import ApplicantFor, applicant_for
from tests.fixtures.clients import ClientFor
from tests.fixtures.worlds import World

__all__ = ["applicant_for"]

HTML = {"Accept": "text/html"}
PATH = "/settings/privacy-notice"


async def send(client: httpx.AsyncClient, text: str, version: int, **more: str) -> httpx.Response:
    fields = {"text": text, "version": str(version), **more}
    return await client.post(PATH, data=fields, headers=HTML)


def base_of(answer: httpx.Response) -> str:
    found = re.search(r'name="version" value="(\d+)"', answer.text)
    assert found
    return found[1]


async def test_a_notice_is_published_and_its_versions_stay(
    client_for: ClientFor, applicant_for: ApplicantFor, runtime: Runtime, world: World
) -> None:
    admin = client_for("acme", "admin")
    first = await admin.get(PATH, headers=HTML)
    assert "the text that everybody starts with" in first.text
    assert "None of your own is published yet" in first.text
    assert base_of(first) == "0"

    looked = await send(admin, "Only <looked> at", 0, do="preview")
    assert looked.status_code == 200
    assert "Only &lt;looked&gt; at" in looked.text
    assert "decides how" in (await applicant_for("acme").get("/careers/privacy")).text

    published = await send(admin, "One year.\r\n\r\nThen it goes.", 0, do="publish")
    assert (published.status_code, published.headers["location"]) == (303, f"{PATH}?done=published")
    assert (
        "One year.\n\nThen it goes." in (await applicant_for("acme").get("/careers/privacy")).text
    )

    # Somebody else is faster: nothing is lost, and theirs stands beside.
    scope = runtime.scope(world.acme.context, world.acme.actor("admin"), "other")
    await scope.execute(PublishPrivacyNotice(text="Theirs: two years."))
    late = await send(admin, "Mine: three <b>years</b>.", 1, do="publish")
    assert late.status_code == 412
    for text in ("Mine: three &lt;b&gt;years", "Theirs: two years.", "Somebody published another"):
        assert text in late.text, text
    assert base_of(late) == "2"
    over = await send(admin, "Mine: three years.", 2, do="publish")
    assert over.status_code == 303

    page = await admin.get(PATH, headers=HTML)
    for number in (1, 2, 3):
        assert f"{PATH}?version={number}" in page.text
    older = await admin.get(f"{PATH}?version=2", headers=HTML)
    assert "Theirs: two years." in older.text
    assert "start_from=2" in older.text
    started = await admin.get(f"{PATH}?start_from=2", headers=HTML)
    assert "Theirs: two years." in started.text
    assert base_of(started) == "3", "a new version is written over the present one"
    for nothing in ("9", "x", "%C2%B2"):
        missing = await admin.get(f"{PATH}?version={nothing}", headers=HTML)
        assert missing.status_code == 404, nothing

    other = await client_for("globex", "admin").get(PATH, headers=HTML)
    assert "years" not in other.text


async def test_what_is_wrong_is_told_and_nothing_is_overwritten_unseen(
    client_for: ClientFor,
) -> None:
    admin = client_for("globex", "admin")
    for text in ("", " \r\n ", "bell\x07", "x" * 20_001):
        refused = await send(admin, text, 0, do="publish")
        assert refused.status_code in {400, 422}, text[:10]
        assert re.search(r'id="text-error">', refused.text), "told at the field"
        assert base_of(refused) == "0"
    for role in ("recruiter", "interviewer", "viewer"):
        member = client_for("globex", role)
        assert (await send(member, "Mine", 0, do="publish")).status_code == 403
        shown = await member.get(PATH, headers=HTML)
        assert shown.status_code == 200
        assert "<textarea" not in shown.text
        assert "decides how" in shown.text
