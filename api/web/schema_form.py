"""Makes a settings form from a JSON Schema, as msgspec writes it, and reads the form back.

Plugins' settings pages use it. A field that the schema calls `writeOnly` (or whose `format` is
`password`) is a secret: it is never sent to the browser, and left empty it keeps its value.
"""

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, Literal

import msgspec

from api.web.forms import Form
from core.shared.errors import FieldError, InvalidInput

Schema = Mapping[str, Any]
Kind = Literal[
    "text", "area", "secret", "integer", "number", "boolean", "choice", "choices", "lines"
]

_LONG_TEXT: Final = 300
_INPUT_TYPES: Final = {"email": "email", "uri": "url", "date": "date", "time": "time"}


class Choice(msgspec.Struct, frozen=True):
    """One of the values that may be chosen."""

    value: str
    label: str


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of the form, with what it holds now."""

    name: str
    """Dotted for a field of a nested object: `server.port`."""
    label: str
    hint: str
    kind: Kind
    value: Any
    is_required: bool = False
    is_set: bool = False
    """For a secret: whether one is kept, which an empty field leaves alone."""
    input_type: str = "text"
    choices: tuple[Choice, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    group: str = ""
    """Title of the nested object that it belongs to."""

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Return the choices as a list to select from."""
        known = [(each.value, each.label) for each in self.choices]
        return known if self.is_required or self.value is not None else [("", ""), *known]


def fields_of(
    schema: Schema, values: Mapping[str, Any], *, secrets_set: Collection[str] = ()
) -> list[Field]:
    """Return the fields of a schema's form, filled with `values`.

    `secrets_set` names the secrets that have a value; `values` should hold none of them.
    """
    return list(_fields(_resolved(schema, schema), schema, values, frozenset(secrets_set)))


def settings_from(
    schema: Schema, form: Form, *, secrets_set: Collection[str] = ()
) -> dict[str, Any]:
    """Return what the form says, as the schema's JSON. A secret that is to be kept is left out,
    and one that is to be removed is null.

    Raises InvalidInput naming each field that is missing or isn't what its kind wants; whoever
    owns the schema checks the rest.
    """
    found: dict[str, Any] = {}
    errors: list[FieldError] = []
    for field in fields_of(schema, {}, secrets_set=secrets_set):
        if _is_cleared(field, form):
            _put(found, field.name, None)
            continue
        try:
            value = _read(field, form)
        except ValueError as error:
            errors.append(FieldError(field.name, str(error), "wrong_format"))
            continue
        if value is not None:
            _put(found, field.name, value)
        elif field.is_required and not field.is_set:
            errors.append(FieldError(field.name, "This field is required.", "missing"))
    if errors:
        raise InvalidInput(*errors)
    return found


def refilled(fields: list[Field], form: Form) -> list[Field]:
    """Return the fields with what was typed into them, right or wrong; secrets are left out."""
    return [msgspec.structs.replace(each, value=_typed(each, form)) for each in fields]


def _typed(field: Field, form: Form) -> Any:
    match field.kind:
        case "secret":
            return None
        case "boolean":
            return field.name in form
        case "choices":
            return form.all(field.name)
        case "lines":
            return form[field.name].splitlines()
        case _:
            return form[field.name] or None


def _fields(
    schema: Schema,
    root: Schema,
    values: Mapping[str, Any],
    secrets_set: frozenset[str],
    prefix: str = "",
    group: str = "",
) -> Iterator[Field]:
    required = frozenset(schema.get("required", ()))
    for name, member in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        part = _resolved(member, root)
        value = values.get(name, part.get("default"))
        if "properties" in part:
            inner = value if isinstance(value, Mapping) else {}
            title = part.get("title") or _label(name)
            yield from _fields(part, root, inner, secrets_set, f"{path}.", title)
            continue
        made = _field(path, part, value, group)
        yield msgspec.structs.replace(
            made, is_required=name in required, is_set=path in secrets_set
        )


def _field(path: str, part: Schema, value: Any, group: str) -> Field:
    kind = _kind(part)
    options = part.get("items", {}).get("enum") if kind == "choices" else part.get("enum", ())
    return Field(
        name=path,
        label=part.get("title") or _label(path.rpartition(".")[2]),
        hint=part.get("description", ""),
        kind=kind,
        value=None if kind == "secret" else value,
        input_type=_INPUT_TYPES.get(part.get("format", ""), "text"),
        choices=tuple(Choice(str(each), _label(str(each))) for each in options or ()),
        minimum=part.get("minimum", part.get("exclusiveMinimum")),
        maximum=part.get("maximum", part.get("exclusiveMaximum")),
        max_length=part.get("maxLength"),
        group=group,
    )


def _kind(part: Schema) -> Kind:
    if part.get("writeOnly") or part.get("format") == "password":
        return "secret"
    if "enum" in part:
        return "choice"
    kind = part.get("type")
    if kind == "array":
        return "choices" if "enum" in part.get("items", {}) else "lines"
    if kind in {"boolean", "integer", "number"}:
        return kind  # type: ignore[no-any-return]
    return "area" if part.get("maxLength", 0) > _LONG_TEXT else "text"


def _resolved(part: Schema, root: Schema) -> Schema:
    """Follow references, and take the one alternative that isn't null."""
    known = dict(part)
    while "$ref" in known or "anyOf" in known:
        if "$ref" in known:
            name = known.pop("$ref").rpartition("/")[2]
            known = {**root["$defs"][name], **known}
        else:
            others = [each for each in known.pop("anyOf") if each.get("type") != "null"]
            known = {**(others[0] if others else {}), **known}
    if isinstance(known.get("type"), list):
        known["type"] = next((each for each in known["type"] if each != "null"), "string")
    return known


def _is_cleared(field: Field, form: Form) -> bool:
    """Whether the box beside a secret is ticked that removes it; it has the secret's own name."""
    return (
        field.kind == "secret"
        and field.is_set
        and not field.is_required
        and len(form.all(field.name)) > 1
    )


def _read(field: Field, form: Form) -> Any:
    """Return a field's value, or None when nothing was given. Raises ValueError."""
    match field.kind:
        case "boolean":
            value: Any = field.name in form
        case "choices":
            value = form.all(field.name)
        case "secret":
            value = form.raw(field.name) or None
        case "lines":
            value = [line.strip() for line in form[field.name].splitlines() if line.strip()]
        case _:
            value = _read_text(field, form[field.name]) if form[field.name] else None
    return value


def _read_text(field: Field, text: str) -> Any:
    if field.kind in {"integer", "number"}:
        return _number(text, whole=field.kind == "integer")
    if field.kind == "choice" and text not in {each.value for each in field.choices}:
        raise ValueError("Choose one of those that are offered.")
    return text


def _number(text: str, *, whole: bool) -> int | float:
    try:
        number = int(text) if whole else float(text.replace(",", "."))
    except ValueError as error:
        raise ValueError("Give a whole number." if whole else "Give a number.") from error
    if not math.isfinite(number):
        raise ValueError("Give a number.")
    return number


def _put(found: dict[str, Any], path: str, value: Any) -> None:
    *parts, last = path.split(".")
    at = found
    for part in parts:
        at = at.setdefault(part, {})
    at[last] = value


def _label(name: str) -> str:
    return name.replace("_", " ").strip().capitalize()
