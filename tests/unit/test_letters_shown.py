"""Foreign HTML on pages: it runs and loads nothing, and keeps nobody busy."""

from typing import Final

import pytest

from api.web import letters_shown
from api.web.letters_shown import MOST_TAGS, safe_letter
from tests.fixtures.examined import Examined

HARMFUL: Final = (
    '<script>alert("ran")</script>',
    "<style>*{display:none}</style>",
    '<img src="https://eve.example/seen.png">',
    '<a href="javascript:ran()">x</a>',
    '<p onclick="ran()" style="position:fixed" class="x">x</p>',
    '<form action="https://eve.example"><input name="password"></form>',
    '<iframe srcdoc="x"></iframe><meta http-equiv="refresh" content="0;url=https://eve.example">',
    "<svg><animate onbegin=ran() /></svg><math><mtext></form><form><mglyph><style></math><img>",
)


def _reopening(count: int) -> str:
    """Each paragraph opens all of these again."""
    open_ones = "".join(f"<b id={each}>" for each in range(count))
    return f"<p>{open_ones}</p>" + "<p>x" * count


def test_foreign_html_runs_loads_and_styles_nothing(examined: Examined) -> None:
    for html in HARMFUL:
        for shown in (safe_letter(html), safe_letter(html + "<i>" * MOST_TAGS)):
            for harm in (
                "<script",
                "<style",
                "<img",
                'href="java',
                'onclick="',
                "<form",
                "<iframe",
            ):
                assert harm not in shown, html
    examined("hostile letters", len(HARMFUL))


def test_an_ordinary_letter_keeps_its_layout() -> None:
    shown = safe_letter('<p>I <b>like</b> <a href="https://x.example/?a&amp;b">it</a>.</p>')
    assert shown == (
        '<p>I <b>like</b> <a href="https://x.example/?a&amp;b" '
        'rel="noopener noreferrer nofollow">it</a>.</p>'
    )


@pytest.mark.parametrize("planted", [False, True])
def test_a_small_letter_makes_no_large_page(
    planted: bool, monkeypatch: pytest.MonkeyPatch, examined: Examined
) -> None:
    if planted:
        monkeypatch.setattr(letters_shown, "MOST_OPENED_AGAIN", 10**9)
    letters = [_reopening(count) for count in (300, 700, 1_400)][: 1 if planted else None]
    sizes = [len(safe_letter(each)) / len(each) for each in letters]
    assert (max(sizes) > 10) == planted, "a letter of its writer's grows without end"
    examined("letters", len(letters))


@pytest.mark.parametrize("tag", ["<div>", "<li><ul>", "<dd><dl>", "<a><div>", "<div></p>", "<"])
def test_what_lies_too_deep_is_shown_as_text(tag: str) -> None:
    shown = safe_letter(f"Hello &amp; <b>goodbye</b> {tag * 40_000}")
    assert shown.split()[:3] == ["Hello", "&amp;", "goodbye"]
    assert "<" not in shown
