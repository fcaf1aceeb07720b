"""The texts that everybody starts with: whole in each language, and mails that arrive readable."""

import re

import msgspec
import pytest

from core.shared.colour import READABLE, contrast, parsed
from core.templates.checking import flaws_of
from core.templates.contracts import Language
from core.templates.kinds import KINDS, LANGUAGES, language_of, sample_values
from core.templates.layout import CLIPPED_ABOVE, Letterhead, colours_of
from core.templates.rendering import render
from core.templates.texts import default_source, texts
from tests.fixtures.examined import Examined

LETTERHEAD = Letterhead(
    "Acme <& Söhne>",
    "https://acme.example/careers",
    logo_url="https://acme.example/careers/logo",
    accent="#ffe066",
    band="#102030",
    tagline="We <build>",
    lines=("Acme GmbH", "Hauptstraße 1, Berlin"),
    privacy_url="https://acme.example/privacy?a=1&b=2",
    contact_email="jobs@acme.example",
)


def test_every_kind_has_a_flawless_text_in_every_language(examined: Examined) -> None:
    seen = 0
    for language in LANGUAGES:
        assert texts(language).templates.keys() == KINDS.keys()
        for kind in KINDS.values():
            source = kind.first_text(language)
            assert flaws_of(source, kind) == (), f"{kind.kind} {language}"
            for all_known in (True, False):
                values = sample_values(kind, all_known=all_known)
                mail = render(source, values, language=language, letterhead=LETTERHEAD)
                assert mail.html is not None
                assert "{{" not in mail.subject + mail.text + mail.html
                assert "\ue000" not in mail.subject + mail.text + mail.html
                assert "\n\n\n" not in mail.text
                seen += 1
    examined("mails", seen)


def test_languages_say_different_things() -> None:
    for kind in KINDS:
        bodies = {default_source(kind, language).body for language in LANGUAGES}
        assert len(bodies) == len(LANGUAGES), kind


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        (("de-AT", "en"), "de"),
        ((None, "fr-CA"), "fr"),
        (("nl", "es_MX"), "es"),
        (("ja", None), "en"),
        (("", ""), "en"),
    ],
)
def test_the_first_known_language_is_written(
    wanted: tuple[str | None, ...], language: Language
) -> None:
    assert language_of(*wanted) == language


def test_a_mail_is_made_for_mail_programs_as_they_are() -> None:
    values = sample_values(KINDS["status_update"])
    source = default_source("status_update", "de")
    mail = render(source, values, language="de", letterhead=LETTERHEAD)
    html = mail.html or ""
    assert len(html.encode()) < CLIPPED_ABOVE // 10
    assert '<html lang="de"' in html
    assert html.count("<table") == html.count('<table role="presentation"')
    # Everything that is shown in the light stands on the elements themselves.
    visible = re.sub(r"<style>.*?</style>|<!--.*?-->", "", html, flags=re.DOTALL)
    for tag in re.findall(r"<(?:p|a|h1|ul|li|td|img)\b[^>]*>", visible):
        assert "style=" in tag, tag
    assert "prefers-color-scheme:dark" in html
    assert "[data-ogsc]" in html
    assert "<!--[if mso]>" in html
    assert "Acme &lt;&amp; Söhne&gt;" in html
    assert "We &lt;build&gt;" in html
    assert 'src="https://acme.example/careers/logo"' in html
    for address in ("https://acme.example/privacy?a=1&amp;b=2", "mailto:jobs@acme.example"):
        assert f'href="{address}"' in html
    assert "Datenschutz: https://acme.example/privacy?a=1&b=2" in mail.text
    assert "\n-- \nAcme <& Söhne>\nAcme GmbH\nHauptstraße 1, Berlin\n" in mail.text
    assert "<script" not in html


def test_the_companys_name_is_said_once_where_the_address_begins_with_it() -> None:
    named = msgspec.structs.replace(LETTERHEAD, name="Acme", lines=("Acme, Hauptstraße 1",))
    source, values = default_source("offer", "en"), sample_values(KINDS["offer"])
    mail = render(source, values, language="en", letterhead=named)
    assert "\n-- \nAcme, Hauptstraße 1\n" in mail.text


def test_only_what_is_no_answer_can_be_unsubscribed_from() -> None:
    survey = default_source("survey", "en")
    values = sample_values(KINDS["survey"])
    link = "https://acme.example/u/x"
    mail = render(survey, values, language="en", letterhead=LETTERHEAD, unsubscribe_url=link)
    assert f"Unsubscribe: {link}" in mail.text
    assert f'href="{link}"' in (mail.html or "")
    told = [kind.kind for kind in KINDS.values() if not kind.transactional]
    assert told == ["assignment", "mention", "notification", "digest", "survey"]


@pytest.mark.parametrize("accent", [None, "#ffe066", "#000000", "#ffffff", "#3b5bdb", "red"])
def test_buttons_and_links_can_be_read_in_any_colour(accent: str | None) -> None:
    colours = colours_of(accent, accent)
    assert contrast(parsed(colours.button), parsed(colours.on_button)) >= READABLE
    assert contrast(parsed(colours.link), (255, 255, 255)) >= READABLE
    assert contrast(parsed(colours.night_link), (33, 37, 45)) >= READABLE
