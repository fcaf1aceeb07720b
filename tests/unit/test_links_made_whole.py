"""Secrets of links are put into our own addresses, and carried nowhere else by what is around."""

from typing import Final

from core.messages.model import Content
from tenants.final_wording import made_whole
from tests.fixtures.examined import Examined

KEPT: Final = "https://acme.example/careers/applications/only-in-the-mail"
WHOLE: Final = "https://acme.example/careers/applications/s3cret"

OURS: Final = (
    f'<a href="{KEPT}">Look here</a>',
    f'<a href="https://acme.example/careers">Jobs</a> <a style="x" href="{KEPT}">{KEPT}</a>',
    f"<p>Your page: {KEPT}<br>{KEPT}</p>",
    f"<p>Your page ({KEPT})</p>",
)
FOREIGN: Final = (
    f'<a href="https://eve.example/?seen={KEPT}">Look here</a>',
    f'<img src="https://eve.example/{KEPT}">',
    f'<p style="background:url(https://eve.example/?{KEPT})">Hello</p>',
    f"<p>https://eve.example/?seen={KEPT}</p>",
    f"<p>eve.example?{KEPT}</p>",
)


def test_only_our_own_address_is_made_whole(examined: Examined) -> None:
    for html in OURS:
        found = made_whole(Content("", "", html), KEPT, WHOLE).html
        assert found == html.replace(KEPT, WHOLE)
    for html in FOREIGN:
        assert made_whole(Content("", "", html), KEPT, WHOLE).html == html
    examined("mails", len(OURS) + len(FOREIGN))


def test_an_address_is_found_however_html_writes_it() -> None:
    kept, whole = f"{KEPT}?a=1&b=2", f"{WHOLE}?a=1&b=2"
    written = '<a href="{}">x</a>'
    found = made_whole(Content("", "", written.format(kept.replace("&", "&amp;"))), kept, whole)
    assert found.html == written.format(whole.replace("&", "&amp;"))
