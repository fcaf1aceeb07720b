"""What of an answer is quoted, and that foreign HTML is harmless once it is shown."""

import time

import pytest

from api.web.letters_shown import safe_letter
from api.web.quoting import segments
from tests.fixtures.examined import Examined

ANSWERS = {
    "a plain one": ("Tuesday suits me.", [False]),
    "at the top": ("Yes.\n\nOn Mon, Rita wrote:\n> Does it?\n> Rita", [False, True]),
    "over two lines": (
        "Yes.\n\nOn Mon, Rita Recruiter\n<r@x.y> wrote:\n\n> Does it?",
        [False, True],
    ),
    "in between": ("> One?\nYes.\n> Two?\nNo.", [True, False, True, False]),
    "at the bottom": ("> Does it?\n\nYes.", [True, False]),
    "of Outlook": ("Yes.\n\nVon: Rita\nGesendet: Montag\nAn: Ada\n\nDoes it?", [False, True]),
    "of an older one": ("Yes.\n\n-----Original Message-----\nDoes it?", [False, True]),
    "below a line": ("Yes.\n________________________________\nFrom: x\nDoes it?", [False, True]),
    "nothing but quoted": ("> Does it?", [True]),
    "empty": ("", []),
    "with a colon": ("These suit me:\nMonday\nTuesday", [False]),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_what_is_quoted_is_known(what: str) -> None:
    text, expected = ANSWERS[what]
    found = segments(text)
    assert [each.is_quoted for each in found] == expected
    for line in text.splitlines():
        assert any(line.strip() in each.text for each in found), "something was lost"


def test_long_answers_take_no_time(examined: Examined) -> None:
    hostile = [
        "> a\nb:\n" * 30_000,
        "\n" * 200_000,
        "From: a\n" * 25_000,
        ":" * 200_000,
        " " * 200_000,
    ]
    began = time.process_time()
    for text in hostile:
        segments(text)
    assert time.process_time() - began < 10
    examined("long answers", len(hostile))


HARMS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<p style="position:fixed" onclick="x()">x</p>',
    '<form action="/api/v1/jobs"><input name=a></form>',
    '<iframe src="https://evil.example"></iframe>',
    '<link rel=stylesheet href="https://evil.example/x.css">',
    "<svg><script>alert(1)</script></svg>",
    '<div id="letter" class="button" data-method="DELETE" hx-get="/x">x</div>',
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
)


def test_foreign_html_does_nothing(examined: Examined) -> None:
    for html in HARMS:
        shown = str(safe_letter(html + "<p>Hello</p>"))
        assert "<p>Hello</p>" in shown
        for mark in ("script", "src=", "javascript", "style=", "onclick", "<form", "<input", "id="):
            assert mark not in shown, html
        for mark in ("data-", "hx-", "class=", "<iframe", "<link", "<meta", "evil.example"):
            assert mark not in shown, html
    examined("harmful pieces", len(HARMS))
