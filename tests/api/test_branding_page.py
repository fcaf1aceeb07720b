"""The page of branding without a script: what is typed is saved, or told what is wrong with it."""

import asyncio
import re
from typing import Any

import httpx
import pytest

from api.web.branding import FIELDS
from core.shared.actor import system
from core.tenancy.contracts import Branding, ChangePlan, UpdateTenant
from tenants.runtime import Runtime
from tests.fixtures.applicants import ApplicantFor, applicant_for
from tests.fixtures.clients import ClientFor
from tests.fixtures.examined import Examined
from tests.fixtures.logos import data_url, png
from tests.fixtures.worlds import World

__all__ = ["applicant_for"]

HTML = {"Accept": "text/html"}
PATH = "/settings/branding"
LOOK = {
    "name": "Acme",
    "branding.tagline": "Bread <for> the city",
    "branding.primary_color": "#f28c28",
    "branding.accent_color": "#0f5ea8",
    "branding.footer_lines": "Acme GmbH\r\n\r\nHauptstraße 1, Berlin\r\n",
    "branding.privacy_url": "https://acme.example/privacy?a=1&b=2",
    "branding.contact_email": "jobs@acme.example",
}


async def send(client: httpx.AsyncClient, files: Any = None, **changed: str) -> httpx.Response:
    """Send the form over the version that is there now."""
    version = (await client.get("/api/v1/tenant")).json()["version"]
    return await client.post(
        PATH,
        data={**LOOK, "version": str(version), **changed},
        files=files or {"logo_file": ("", b"", "application/octet-stream")},
        headers=HTML,
    )


async def test_a_look_is_saved_and_seen_by_applicants_of_this_company_only(
    client_for: ClientFor, applicant_for: ApplicantFor
) -> None:
    admin = client_for("acme", "admin")
    saved = await send(admin, {"logo_file": ("logo.png", png(), "image/png")})
    assert (saved.status_code, saved.headers["location"]) == (303, f"{PATH}?done=saved")
    look = (await admin.get("/api/v1/tenant")).json()["branding"]
    assert look["logo"] == data_url(png())
    assert look["footer_lines"] == ["Acme GmbH", "Hauptstraße 1, Berlin"]
    assert "Saved." in (await admin.get(f"{PATH}?done=saved", headers=HTML)).text
    site = (await applicant_for("acme").get("/careers")).text
    for text in (
        "Bread &lt;for&gt; the city",
        'href="https://acme.example/privacy?a=1&amp;b=2"',
        'href="mailto:jobs@acme.example"',
        "careers-band",
        "Hauptstraße 1, Berlin",
    ):
        assert text in site, text
    kept = await send(admin)
    assert kept.status_code == 303
    assert (await admin.get("/api/v1/tenant")).json()["branding"]["logo"] == data_url(png())
    assert (await send(admin, remove_logo="on")).status_code == 303
    assert (await admin.get("/api/v1/tenant")).json()["branding"]["logo"] is None

    other = client_for("globex", "admin")
    assert (await other.get("/api/v1/tenant")).json()["branding"]["tagline"] is None
    page = (await other.get(PATH, headers=HTML)).text
    assert "Nothing is set yet" in page
    assert "acme.example" not in page
    plain = (await applicant_for("globex").get("/careers")).text
    assert "careers-band" not in plain
    assert "mailto:" not in plain


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("name", "", "1"),
        ("branding.tagline", "x" * 161, "160"),
        ("branding.primary_color", "red", "#"),
        ("branding.accent_color", "#ffcc33", "nearest that works is"),
        ("branding.footer_lines", "1\n2\n3\n4\n5\n6", "5"),
        ("branding.footer_lines", "x" * 201, "200"),
        ("branding.privacy_url", "javascript:alert(1)", "https://"),
        ("branding.contact_email", "jobs", "jobs@example.com"),
    ],
)
async def test_a_wrong_field_is_told_at_the_field_and_nothing_typed_is_lost(
    client_for: ClientFor, field: str, text: str, said: str
) -> None:
    admin = client_for("acme", "admin")
    before = (await admin.get("/api/v1/tenant")).json()
    typed = {"branding.tagline": "A line that nobody saved", field: text}
    refused = await send(admin, **typed)
    assert refused.status_code in {400, 422}
    assert said in error_at(refused, field)
    others = [each for each in FIELDS if each != field and error_at(refused, each)]
    assert others == []
    if field != "branding.tagline":
        assert "A line that nobody saved" in refused.text
    assert (await admin.get("/api/v1/tenant")).json() == before


@pytest.mark.parametrize(
    ("content", "media_type", "said"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", "SVG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png", "not a whole PNG"),
        (png()[:-1], "image/png", "not a whole PNG"),
        (png() + bytes(70_000), "image/png", "at most 64 KiB"),
        (bytes(9_000_000), "image/png", "at most 64 KiB"),
    ],
)
async def test_a_file_that_is_no_logo_is_told_why(
    client_for: ClientFor, content: bytes, media_type: str, said: str
) -> None:
    refused = await send(
        client_for("acme", "admin"), {"logo_file": ("logo.png", content, media_type)}
    )
    assert refused.status_code in {413, 422}
    if refused.status_code == 422:
        assert said in error_at(refused, "branding.logo")


async def test_somebody_elses_change_is_not_overwritten(
    client_for: ClientFor, runtime: Runtime, world: World
) -> None:
    admin = client_for("acme", "admin")
    scope = runtime.scope(world.acme.context, world.acme.actor("admin"), "other")
    version = (await admin.get("/api/v1/tenant")).json()["version"]
    await scope.execute(UpdateTenant(branding=Branding(tagline="Theirs")))
    late = await send(admin, version=str(version))
    assert late.status_code == 412
    assert "was changed since" in late.text
    assert "Bread &lt;for&gt; the city" in late.text, "what was typed is still there"
    assert (await admin.get("/api/v1/tenant")).json()["branding"]["tagline"] == "Theirs"
    refused = await admin.patch(
        "/api/v1/tenant", json={"name": "Late"}, headers={"If-Match": f'"{version}"'}
    )
    assert refused.json()["current_version"] == version + 1


async def test_a_plan_without_a_look_still_says_whom_to_ask(
    client_for: ClientFor, runtime: Runtime, world: World
) -> None:
    tenant = world["globex"]
    operator = runtime.scope(tenant.context, system(tenant.id), "cli")
    await operator.execute(ChangePlan(plan="free"))
    admin = client_for("globex", "admin")
    for _ in range(100):  # until the notice of the change has come through
        page = (await admin.get(PATH, headers=HTML)).text
        if "See what Starter includes" in page:
            break
        await asyncio.sleep(0.02)
    assert re.search(r'name="branding.tagline"[^>]* readonly', page)
    assert not re.search(r'name="branding.contact_email"[^>]* readonly', page)
    refused = await send(admin, name="Globex")
    assert refused.status_code == 403
    whom = {"branding.contact_email": "jobs@globex.example"}
    nothing = dict.fromkeys((name for name in LOOK if name not in {"name", *whom}), "")
    saved = await send(admin, **{**nothing, **whom, "name": "Globex"})
    assert saved.status_code == 303, error_at(saved, "branding.contact_email")


async def test_colours_are_told_as_they_will_be(client_for: ClientFor, examined: Examined) -> None:
    admin = client_for("acme", "admin")
    asked = {
        "": "platform",
        "primary=%23ffcc33": "made of the brand colour",
        "accent=%23ffcc33": "nearest that works",
        "accent=%230f5ea8": "Both can be read",
        "accent=red&primary=%3Cscript%3E": "platform",
    }
    for query, said in asked.items():
        answer = await admin.get(f"{PATH}/colours?{query}", headers=HTML)
        assert said in answer.text, query
        assert "<script>" not in answer.text
    examined("pairs of colours", len(asked))
    for role in ("recruiter", "interviewer", "viewer"):
        for path in (PATH, f"{PATH}/colours"):
            assert (await client_for("acme", role).get(path, headers=HTML)).status_code == 403
        assert (await send(client_for("acme", role))).status_code == 403


def error_at(answer: httpx.Response, field: str) -> str:
    """What stands beside a field, empty where it is hidden."""
    found = re.search(rf'id="{re.escape(field)}-error">(.*?)</p>', answer.text, re.DOTALL)
    return re.sub(r"<[^>]+>", "", found[1]).strip() if found else ""
