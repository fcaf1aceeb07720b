"""Templates say what their kind offers and nothing else, whoever wrote them, and take no time."""

import re
import time
from html.parser import HTMLParser

import pytest

from core.templates import language, markup
from core.templates.checking import flaws_of
from core.templates.kinds import KINDS, sample_values
from core.templates.language import MAX_OUTPUT, fill, parse
from core.templates.layout import Letterhead
from core.templates.rendering import render
from core.templates.texts import Source
from tests.fixtures.examined import Examined
from tests.fixtures.hostile_templates import HARMLESS, HOSTILE, HOSTILE_VALUES

KIND = KINDS["status_update"]
LETTERHEAD = Letterhead("Acme", "https://acme.example/careers")
QUICK_SECONDS = 2.0


def flaws(body: str, subject: str = "News") -> list[tuple[str, int, str]]:
    return [(each.field, each.line, each.code) for each in flaws_of(Source(subject, body), KIND)]


def rendered(body: str, **values: str) -> str:
    known = {**sample_values(KIND), **values}
    mail = render(Source("News", body), known, language="en", letterhead=LETTERHEAD)
    assert mail.html is not None
    return mail.html


def test_hostile_templates_are_refused_and_cost_nothing(examined: Examined) -> None:
    for name, body in HOSTILE.items():
        begun = time.perf_counter()
        found = flaws(body)
        assert bool(found) is (name not in HARMLESS), name
        # What was never checked is harmless too, and ends.
        render(Source(body, body), sample_values(KIND), language="en", letterhead=LETTERHEAD)
        assert time.perf_counter() - begun < QUICK_SECONDS, name
    examined("hostile templates", len(HOSTILE))


@pytest.mark.parametrize("planted", [False, True])
def test_no_template_reads_what_is_not_offered(
    planted: bool, monkeypatch: pytest.MonkeyPatch, examined: Examined
) -> None:
    """The planted defect is a filling that reaches for attributes, as most engines do."""
    if planted:
        monkeypatch.setattr(
            language._Filling,
            "_value",
            lambda _self, name, values: str(getattr(values, name, "")) or str(values.get(name)),
        )
    leaked = 0
    for name in ("items", "keys", "get", "copy", "__class__", "secret"):
        text = fill(parse(f"{{{{{name}}}}}").nodes, {"secret_key": "s3cret"}).text
        leaked += text not in {"", f"{{{{{name}}}}}"}
    assert (leaked > 0) is planted
    examined("names", 6)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def structure(html: str) -> list[tuple[str, tuple[str, ...]]]:
    parser = _Tags()
    parser.feed(html)
    return [(tag, tuple(sorted(attributes))) for tag, attributes in parser.found]


@pytest.mark.parametrize("planted", [False, True])
def test_values_are_shown_and_never_become_markup(
    planted: bool, monkeypatch: pytest.MonkeyPatch, examined: Examined
) -> None:
    """The planted defect forgets to escape values."""
    if planted:
        monkeypatch.setattr(markup, "escape", lambda text: text)
    body = "Hello {{candidate_name}},\n\n**{{candidate_name}}** [{{candidate_name}}](https://a.example)"
    plain = structure(rendered(body, candidate_name="Ada"))
    changed = 0
    for name, value in HOSTILE_VALUES.items():
        if name == "long":
            continue
        html = rendered(body, candidate_name=value)
        made = [each for each in structure(html) if each[0] != "br"]
        changed += made != plain
        if not planted:
            assert "evil.example" not in re.sub(r">[^<]*<", "><", html), name
    assert (changed > 0) is planted
    examined("hostile values", len(HOSTILE_VALUES) - 1)


def test_values_stay_out_of_the_headers_and_turn_nothing_around() -> None:
    for value in HOSTILE_VALUES.values():
        mail = render(
            Source("News for {{candidate_name}}", "Hello {{candidate_name}}"),
            {"candidate_name": value},
            language="en",
            letterhead=LETTERHEAD,
        )
        assert mail.subject.isprintable()
        assert len(mail.subject) <= 200
        assert "\u202e" not in mail.text
        assert "\x00" not in mail.text


def test_what_grows_too_large_is_cut_or_goes_as_text_alone() -> None:
    values = {"candidate_name": "x" * 100_000}
    filled = fill(parse("{{candidate_name}} " * 300).nodes, values)
    assert len(filled.text) <= MAX_OUTPUT
    body = "**{{candidate_name}}**\n\n" * 100
    mail = render(
        Source("S", body), {"candidate_name": "<" * 2_000}, language="en", letterhead=LETTERHEAD
    )
    assert mail.html is None
    assert mail.text


def test_an_unknown_variable_is_named_with_its_line_and_the_nearest() -> None:
    (flaw,) = flaws_of(Source("News", "Hello,\n\nyour {{job_titel}}"), KIND)
    assert (flaw.field, flaw.line, flaw.code) == ("body", 3, "unknown_variable")
    assert "job_titel" in flaw.message
    assert "job_title?" in flaw.message
    (flaw,) = flaws_of(Source("{{zzz}}", "Hello"), KIND)
    assert (flaw.field, flaw.line) == ("subject", 1)
    assert "candidate_name" in flaw.message


def test_what_may_be_missing_stands_in_an_if() -> None:
    assert flaws("Ask {{recruiter_name}}") == [("body", 1, "may_be_missing")]
    assert flaws("{{#if recruiter_name}}Ask {{recruiter_name}}{{/if}} or us") == []
    other = "{{#if recruiter_name}}x{{else}}Ask {{recruiter_name}}{{/if}}"
    assert flaws(other) == [("body", 1, "may_be_missing")]


def test_lists_are_repeated_with_what_their_items_have() -> None:
    kind = KINDS["interview_invitation"]
    body = "Hello\n\n{{#each interviewers}}- {{interviewer_name}}, {{job_title}}\n{{/each}}"
    assert flaws_of(Source("S", body), kind) == ()
    outside = flaws_of(Source("S", "{{interviewer_name}}"), kind)
    assert [each.code for each in outside] == ["unknown_variable"]
    (flaw,) = flaws_of(Source("S", "With {{interviewers}}"), kind)
    assert flaw.code == "needs_each"
    people = tuple({"interviewer_name": name} for name in ("Ada", "Grace"))
    mail = render(
        Source("S", body),
        {**sample_values(kind), "interviewers": people},
        language="en",
        letterhead=LETTERHEAD,
    )
    assert "- Ada, Backend Engineer\n- Grace, Backend Engineer" in mail.text


def test_markup_becomes_html_and_text() -> None:
    body = (
        "# Hello\n\nA **bold** word, [a link](https://a.example/x?y=1&z=2)\nand a line.\n\n- one\n"
        "- two\n\n---\n\n[button: Look]({{careers_link}})"
    )
    assert flaws(body) == []
    html = rendered(body)
    for part in (
        ">Hello</h1>",
        "<strong>bold</strong>",
        'href="https://a.example/x?y=1&amp;z=2"',
        "<br>and a line.",
        "one</li>",
        "<hr",
        'href="https://acme.example/careers"',
    ):
        assert part in html, part
    mail = render(Source("S", body), sample_values(KIND), language="en", letterhead=LETTERHEAD)
    assert mail.text.startswith(
        "Hello\n\nA bold word, a link (https://a.example/x?y=1&z=2)\nand a line.\n\n"
        "- one\n- two\n\n--------------------\n\nLook\nhttps://acme.example/careers\n"
    )


def test_links_lead_only_where_links_may_lead() -> None:
    html = rendered("[a]({{careers_link}}) [b](mailto:x@y.example)", careers_link="javascript:x")
    assert "javascript" not in html
    assert 'href="mailto:x@y.example"' in html
    ask = "{{#if recruiter_email}}[{{recruiter_email}}]({{recruiter_email}}){{/if}} or call"
    html = rendered(ask, recruiter_email="a@b.example")
    assert 'href="mailto:a@b.example"' in html
