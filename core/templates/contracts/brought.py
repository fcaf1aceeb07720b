"""Templates that plugins bring: a kind is made of each, looked over, and given its values.

`plugins.sdk` makes kinds of what plugins declare, the host looks them over when a plugin is loaded,
and the harness of authors' tests renders with them as the platform does.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from core.shared.errors import FieldError, InvalidInput
from core.templates.checking import flaws_of
from core.templates.contracts import (
    MAX_BODY,
    MAX_SUBJECT,
    STAND_IN,
    STOP_STAND_IN,
    Language,
    TemplateKey,
    WrittenMail,
)
from core.templates.kinds import OF_APPLICATION, language_among, sample_values
from core.templates.language import MAX_VALUE
from core.templates.layout import Letterhead
from core.templates.markup import ADDRESS
from core.templates.model import Bringer, Kind, Variable, VariableType
from core.templates.rendering import render
from core.templates.texts import Source

_RESERVED: Final = (STAND_IN, STOP_STAND_IN)


class BroughtVariable(msgspec.Struct, frozen=True):
    """A value that the plugin gives with each mail."""

    name: str
    example: str
    meaning: str = ""
    is_address: bool = False
    """Whether it is an address that a link may lead to."""
    always: bool = True


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """What a plugin declares of one template."""

    plugin_id: str
    plugin_name: str
    name: str
    title: str
    purpose: str
    texts: Mapping[Language, tuple[str, str]]
    """Subject and body in each language, the plugin's own first."""
    variables: Sequence[BroughtVariable]
    transactional: bool


def key_of(plugin_id: str, name: str) -> TemplateKey:
    """Return what a plugin's template is called among all others."""
    return f"{plugin_id}.{name}"


def kind_of(brought: Brought) -> Kind:
    """Return the kind of mail that it is: it may say what every mail to a candidate may, too."""
    own = tuple(_variable(each) for each in brought.variables)
    names = frozenset(each.name for each in own)
    return Kind(
        key_of(brought.plugin_id, brought.name),
        brought.title,
        brought.purpose,
        "candidate",
        (*own, *(each for each in OF_APPLICATION if each.name not in names)),
        Bringer(
            brought.plugin_id,
            brought.plugin_name,
            {language: Source(*text) for language, text in brought.texts.items()},
            names,
            brought.transactional,
        ),
    )


def _variable(each: BroughtVariable) -> Variable:
    kind: VariableType = "text"
    if each.is_address:
        kind = "email" if "@" in each.example and ":" not in each.example else "url"
    return Variable(each.name, each.meaning, each.example, kind, each.always)


def problem_of(kind: Kind) -> str | None:
    """Return what is wrong with what a plugin declares, in one sentence; None when nothing is."""
    for language in kind.languages:
        source = kind.first_text(language)
        if "\n" in source.subject or "\r" in source.subject:
            return f"its subject ({language}) must be one line."
        if len(source.subject) > MAX_SUBJECT or len(source.body) > MAX_BODY:
            return (
                f"its text ({language}) is too long: {MAX_SUBJECT} characters for the subject, "
                f"{MAX_BODY:,} for the rest."
            )
        for flaw in flaws_of(source, kind):
            return f"its {flaw.field} ({language}), line {flaw.line}: {flaw.message}"
        for word in _RESERVED:
            if word in source.subject or word in source.body:
                return f"its text ({language}) can't hold {word!r}, which stands for a secret."
    given = {name: str(value) for name, value in sample_values(kind).items() if name in kind.given}
    for wrong in _wrong(kind, given):
        return f"the example of {_name_in(wrong)}: {wrong.message}"
    return None


def require_values(kind: Kind, values: Mapping[str, str]) -> None:
    """Raises InvalidInput with each value that is missing, too much or wrong."""
    wrong = _wrong(kind, values)
    if wrong:
        named = " ".join(
            f"{each.field.removeprefix('variables.')}: {each.message}" for each in wrong
        )
        raise InvalidInput(*wrong, message=f"The variables of {kind.kind} don't fit. {named}")


def _wrong(kind: Kind, values: Mapping[str, str]) -> list[FieldError]:
    """Return what is wrong with the values that a plugin gives."""
    names = sorted(kind.given)
    found = []
    for name in sorted(set(values) - kind.given):
        there = f"There are: {', '.join(names)}." if names else "There are none."
        found.append(_error(name, f"No such variable. {there}", "unknown_variable"))
    for name in names:
        variable, value = kind.variable(name), values.get(name, "")
        if variable is None:
            continue
        if type(value) is not str:
            found.append(_error(name, "Give a text.", "wrong_type"))
        elif not value.strip():
            if variable.always:
                found.append(_error(name, "Give a value.", "missing"))
        elif len(value) > MAX_VALUE:
            found.append(_error(name, f"At most {MAX_VALUE:,} characters.", "too_long"))
        elif any(word in value for word in _RESERVED):
            found.append(_error(name, "It holds words that stand for a secret.", "reserved"))
        elif variable.type in {"url", "email"} and not _leads_somewhere(value):
            message = "Give an address: https://…, mailto:… or that of a mailbox."
            found.append(_error(name, message, "wrong_address"))
    return found


def _leads_somewhere(value: str) -> bool:
    if "@" in value and ":" not in value:
        value = f"mailto:{value}"
    return ADDRESS.fullmatch(value) is not None


def _name_in(wrong: FieldError) -> str:
    return wrong.field.removeprefix("variables.")


def _error(name: str, message: str, code: str) -> FieldError:
    return FieldError(f"variables.{name}", message, code)


def sample_mail(
    kind: Kind, values: Mapping[str, str], *, company: str, language: str | None = None
) -> WrittenMail:
    """Return the mail that a plugin's own text makes of `values`, about an invented application."""
    chosen = language_among(kind.languages, language)
    optional = {each.name for each in kind.variables if not each.always}
    known = {name: each for name, each in sample_values(kind).items() if name not in optional}
    return render(
        kind.first_text(chosen),
        {**known, "company_name": company, **values},
        language=chosen,
        letterhead=Letterhead(company, f"https://{company.lower()}.example.com/careers"),
        unsubscribe_url=None
        if kind.transactional
        else f"https://{company.lower()}.example.com/unsubscribe/{STOP_STAND_IN}",
    )


__all__ = [
    "Brought",
    "BroughtVariable",
    "Kind",
    "key_of",
    "kind_of",
    "problem_of",
    "require_values",
    "sample_mail",
]
