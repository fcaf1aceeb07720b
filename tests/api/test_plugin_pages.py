"""Plugins' pages within ours: framed, checked, and with nothing of theirs running in our origin."""

import re
import sys
from collections.abc import AsyncIterator
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from api.app import create_app
from api.web.plugin_html import CLASSES, framed, safe_html
from core.ports.messaging import Mailbox, Messaging, OutgoingEmail
from core.shared.permissions import Action
from plugins.mailbox import plugin as mailbox
from plugins.sdk import Page, PageContent, Refused, Request
from tenants.runtime import Runtime
from tenants.settings import Settings as AppSettings
from tests.fixtures.clients import new_client
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.plugins import (
    MadeEntry,
    catalogue_of,
    enable,
    made_plugin,
    manifest_of,
    runtime_with,
)
from tests.fixtures.repository import ROOT
from tests.fixtures.worlds import World

HOSTILE = (
    "<script>alert(1)</script>",
    '<script src="/api/v1/plugins/probe/x/own.js"></script>',
    "<img src=x onerror=alert(1)>",
    '<img src="https://tracker.example/1.gif">',
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    '<math><mtext><table><mglyph><style><img src=x onerror="alert(1)">',
    '<a href="javascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    "<style>body { display: none }</style>",
    '<p style="position: fixed; inset: 0">x</p>',
    '<link rel="stylesheet" href="//evil"><meta http-equiv="refresh" content="0;url=//evil">',
    '<base href="//evil">',
    '<iframe src="//evil"></iframe><object data="//evil"></object><embed src="//evil">',
    '<iframe sandbox="allow-scripts allow-same-origin" srcdoc="<script>x</script>"></iframe>',
    '<form method="post" action="/team"><input name="role" value="admin"></form>',
    '<form method="post" action="//evil"></form>',
    '<form method="post" action="/plugins/probe/../other"></form>',
    '<form method="post"><button formaction="//evil">x</button></form>',
    '<button data-method="DELETE" data-path="/jobs/1" hx-delete="/x" hx-trigger="load">x</button>',
    '<div id="content" class="toasts evil"><a target="_top" ping="//evil" href="/x">x</a></div>',
    '<input type="password" autofocus onfocus=alert(1)>',
    '<p title="<script>alert(1)</script>">x</p>',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<!--<script>--><script>alert(1)</script>",
)
BAD = re.compile(
    r"<script|<style|<svg|<math|<link|<meta|<base|<object|<embed|\son\w+=|javascript:|\sstyle="
    r'|\shx-|\sdata-|\starget=|formaction|\sping=|//evil|tracker|<form[^>]*action="/team'
    r"|allow-scripts|\.\./|autofocus|type=\"password|class=\"toasts|\sid=\"content"
)


def outside_of_frames(html: str) -> str:
    """What a browser reads as part of our page: what is in a value is text to it."""
    return re.sub(r'(srcdoc|title|value)="[^"]*"', "", html)


def troubles(html: str) -> list[str]:
    found = BAD.findall(outside_of_frames(html).lower())
    frames = re.findall(r"<iframe[^>]*>", html)
    return found + [each for each in frames if ' sandbox=""' not in each]


def test_nothing_of_a_plugin_runs_in_our_origin(examined: Examined) -> None:
    for html in HOSTILE:
        assert troubles(str(safe_html(html, "probe", "acme.test", ""))) == [], html
        wrapped = f'<div>{html}</div><form method="post"><p>{html}'
        assert troubles(str(safe_html(wrapped, "probe", "acme.test", "<b></b>"))) == [], html
    examined("pieces of hostile HTML", len(HOSTILE))


def test_hostile_html_is_found() -> None:
    """Planted: HTML that nobody cleaned."""
    missed = [html for html in HOSTILE if not troubles(html)]
    assert [each for each in missed if "title=" not in each and "srcdoc" not in each] == []


def test_a_forms_token_stands_in_forms_only() -> None:
    html = (
        '<iframe srcdoc="&lt;form method=&quot;post&quot;&gt;<form method=post>"></iframe>'
        '<p title="<form method=post>">x</p><form method="POST">a</form><form>b</form>'
    )
    assert str(safe_html(html, "probe", "acme.test", "<T>")).count("<T>") == 1


def test_a_document_in_a_frame_stays_what_it_is() -> None:
    held = '<p title="a<b>">&amp; "quoted" srcdoc="x"</p><iframe srcdoc="y"></iframe>'
    cleaned = safe_html(
        f'<p>before</p><iframe srcdoc="{escape(held)}"></iframe><iframe srcdoc="2"></iframe>after',
        "probe",
        "acme.test",
        "",
    )
    html, documents = framed(cleaned, lambda number: f"/plugins/probe/?a=<&_frame={number}")
    assert documents == [held, "2"]
    assert "srcdoc" not in html
    assert ' src="/plugins/probe/?a=&lt;&amp;_frame=1"' in html
    assert html.startswith("<p>before</p>")
    assert html.endswith("after")


def test_the_classes_that_may_be_used_are_documented(examined: Examined) -> None:
    text = (ROOT / "docs" / "plugins" / "hooks.md").read_text()
    assert [each for each in sorted(CLASSES) if f"`{each}`" not in text] == []
    examined("classes", len(CLASSES))


async def show(context: Any, request: Request) -> PageContent:
    return PageContent(
        title="<Codes>",
        html=f'<p>Of {context.tenant.slug}</p><script>x</script><form method="post">'
        f'<input name="code"></form><p>{request.query.get("a", "")}</p>',
    )


async def change(context: Any, request: Request) -> PageContent:
    if request.method == "POST":
        await context.store.put("code", dict(parse_qsl(request.body.decode())))
    return PageContent(title="Kept", html=f"<p>{await context.store.get('code')}</p>")


async def fails(context: Any, request: Request) -> PageContent:
    match request.params["how"]:
        case "exit":
            sys.exit(1)
        case "refused":
            raise Refused("The account is closed.")
        case "missing":
            return PageContent(title="No such code", html="<p>Gone.</p>", status=404)
    return PageContent(title="x", html=5)  # type: ignore[arg-type]


def page(path: str, function: Any, action: str, navigation: str | None = None) -> Page:
    return Page(path=path, render=function, action=action, navigation=navigation, timeout_seconds=2)


PROBE = made_plugin(
    manifest_of("probe"),
    pages=[
        page("/", show, "candidates:read", "100% <b>codes"),
        page("/change", change, "jobs:write", "Change"),
        page("/fail/{how}", fails, "candidates:read"),
    ],
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plugged(
    settings: AppSettings, database: TestDatabase, world: World
) -> AsyncIterator[Runtime]:
    catalogue = catalogue_of(PROBE, MadeEntry(mailbox, "mailbox"))
    async with runtime_with(settings, database, catalogue) as runtime:
        await enable(runtime, world.acme, "probe")
        await enable(runtime, world.acme, "mailbox", [Action.MANAGE_MESSAGES.value])
        yield runtime


@pytest.fixture
def client(plugged: Runtime, world: World) -> Any:
    app = create_app(plugged)

    def make(slug: str, role: Any) -> httpx.AsyncClient:
        return new_client(app, world, slug, role)

    return make


async def signed_in(client: httpx.AsyncClient, plugged: Runtime, world: World) -> httpx.AsyncClient:
    """The client with a recruiter's session instead of a key."""
    member = world.acme.members["recruiter"]
    form = {"email": member.email, "password": member.password}
    answer = await client.post(
        "/sign-in", data=form, headers={"Origin": f"http://{world.acme.host}"}
    )
    assert answer.status_code == 303, answer.text
    return client


async def test_a_page_stands_in_the_frame(client: Any) -> None:
    answer = await client("acme", "viewer").get("/plugins/probe/?a=%3Cscript%3Eb")
    assert answer.status_code == 200
    assert "<h1>&lt;Codes&gt;</h1>" in answer.text
    assert "<p>Of acme</p>" in answer.text
    assert "<script>x" not in answer.text
    assert 'href="/plugins/probe/" title="100% &lt;b&gt;codes" aria-current="page"' in answer.text
    assert "100% &lt;b&gt;codes" in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]


async def test_the_navigation_has_what_one_may_see(client: Any) -> None:
    viewer = (await client("acme", "viewer").get("/jobs")).text
    assert ("/plugins/probe/" in viewer, "/plugins/probe/change" in viewer) == (True, False)
    recruiter = (await client("acme", "recruiter").get("/jobs")).text
    assert "/plugins/probe/change" in recruiter
    for slug, role in (("globex", "admin"), ("acme", "interviewer")):
        assert "/plugins/probe" not in (await client(slug, role).get("/jobs")).text


@pytest.mark.parametrize(
    ("slug", "role", "path", "status"),
    [
        ("acme", "interviewer", "/", 403),
        ("acme", "viewer", "/change", 403),
        ("acme", "viewer", "/nothing", 404),
        ("globex", "admin", "/", 404),
        ("acme", "viewer", "/fail/exit", 502),
        ("acme", "viewer", "/fail/refused", 409),
        ("acme", "viewer", "/fail/missing", 404),
        ("acme", "viewer", "/fail/type", 502),
    ],
)
async def test_what_is_not_shown_is_a_page_that_says_so(
    client: Any, slug: str, role: Any, path: str, status: int
) -> None:
    answer = await client(slug, role).get(f"/plugins/probe{path}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_strangers_are_led_to_the_sign_in(client: Any) -> None:
    answer = await client("acme", None).get("/plugins/probe/")
    assert answer.status_code in {303, 401}
    assert "Of acme" not in answer.text


async def test_a_form_reaches_its_page_and_no_other_site_can_send_it(
    client: Any, plugged: Runtime, world: World
) -> None:
    browser = await signed_in(client("acme", None), plugged, world)
    shown = (await browser.get("/plugins/probe/")).text
    token = re.search(
        r'<form method="post"><input type="hidden" name="form_token" value="(.+?)"', shown
    )
    assert token is not None
    origin = {"Origin": f"http://{world.acme.host}"}
    sent = {"form_token": token.group(1), "code": "a & b"}
    kept = await browser.post("/plugins/probe/change", data=sent, headers=origin)
    assert kept.status_code == 200, kept.text[kept.text.index("<main") :]
    assert "{&#x27;code&#x27;: &#x27;a &amp; b&#x27;}" in kept.text or "a &amp; b" in kept.text
    assert "form_token&" not in kept.text
    forged = await browser.post("/plugins/probe/change", data={"code": "evil"}, headers=origin)
    assert forged.status_code == 403
    foreign = {"Origin": "https://evil.example"}
    assert (
        await browser.post("/plugins/probe/change", data=sent, headers=foreign)
    ).status_code == 403
    assert "evil" not in (await browser.get("/plugins/probe/change")).text


async def test_the_mailbox_shows_what_was_sent(client: Any, plugged: Runtime, world: World) -> None:
    admin = client("acme", "admin")
    empty = await admin.get("/plugins/mailbox/")
    assert empty.status_code == 200
    assert "No message was sent yet" in empty.text
    messaging = await plugged.plugins.adapter(world.acme.context, Messaging)
    assert messaging is not None
    sent = OutgoingEmail(
        id=uuid4(),
        message_id="<1@acme.test>",
        sender=Mailbox("jobs@acme.test", "Acme"),
        to=Mailbox("Ada@example.com", "Ada <b>"),
        subject="Hello <script>alert(1)</script>",
        text="Dear Ada,\n<script>alert(1)</script>",
        html='<p style="color: red">Dear "Ada"</p><script>alert(1)</script>',
    )
    await messaging.send(sent)
    listed = (await admin.get("/plugins/mailbox/")).text
    assert "Ada &lt;b&gt; &lt;ada@example.com&gt;" in listed
    assert "Hello &lt;script&gt;" in listed
    assert "Ada" not in (await admin.get("/plugins/mailbox/?to=b@example.com")).text
    shown = (await admin.get(f"/plugins/mailbox/{sent.id}")).text
    assert "<script>alert" not in shown
    (frame,) = re.findall(r"<iframe[^>]*>", shown)
    assert ' sandbox=""' in frame
    (address,) = re.findall(r' src="([^"]*)"', frame)
    assert urlsplit(address).path == f"/plugins/mailbox/{sent.id}"
    framed = await admin.get(address)
    assert framed.text == sent.html
    policy = framed.headers["content-security-policy"]
    assert "; sandbox;" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    for wrong in ("1", "-1", "x", "999999"):
        asked = f"/plugins/mailbox/{sent.id}?_frame={wrong}"
        assert (await admin.get(asked)).status_code == 404, wrong
    assert (await client("globex", "admin").get(address)).status_code == 404
    assert (await client("acme", "recruiter").get(address)).status_code == 403
    assert (await admin.get(f"/plugins/mailbox/{uuid4()}")).status_code == 404
    assert (await admin.get("/plugins/mailbox/no-id")).status_code == 404
    assert (await client("acme", "recruiter").get("/plugins/mailbox/")).status_code == 403
    assert (await client("globex", "admin").get("/plugins/mailbox/")).status_code == 404
