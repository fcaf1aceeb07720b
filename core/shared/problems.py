"""Names every wrong field of an input at once, where msgspec stops at the first.

The API walks a body again that failed to decode, and installations a plugin's settings.
"""

import re
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Union, get_args, get_origin

import msgspec

from core.shared.errors import FieldError

BIGINT: Final = range(-(2**63), 2**63)
"""What PostgreSQL's widest integer holds."""

_POINTER = re.compile(r"^(?P<message>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_BOUND = re.compile(
    r"Expected `(?P<type>\w+)` (?P<length>of length )?(?P<sign>[<>]=?) (?P<number>[-\w.]+?)\."
)
_SIGNS: Final = {">=": "of at least", "<=": "of at most", ">": "above", "<": "below"}
_CODES: Final = (
    ("Expected `str` of length", "wrong_length"),
    ("Expected `array` of length", "wrong_length"),
    ("Expected `str` matching regex", "wrong_format"),
    ("Expected `int` >", "out_of_range"),
    ("Expected `int` <", "out_of_range"),
    ("Expected `float` >", "out_of_range"),
    ("Expected `float` <", "out_of_range"),
    ("Number out of range", "out_of_range"),
    ("Integer value out of range", "out_of_range"),
    ("Invalid enum value", "not_allowed"),
    ("Invalid", "wrong_format"),
    ("Expected", "wrong_type"),
)


def problems_in(value: Any, expected: Any, path: str) -> Iterator[FieldError]:
    """Yield each error in the plain data `value`, which should be an `expected`."""
    yield from unstorable(value, path) if isinstance(value, str | int) else ()
    try:
        msgspec.convert(value, expected, strict=True, builtin_types=())
    except msgspec.ValidationError as error:
        before = error
    else:
        if not isinstance(value, str | int):
            yield from unstorable(value, path)
        return
    inner = list(_inner_problems(value, expected, path))
    yield from inner or [field_error(str(before), path)]


def _inner_problems(value: Any, expected: Any, path: str) -> Iterator[FieldError]:
    for candidate in _alternatives(expected):
        if isinstance(value, dict) and isinstance(candidate, type):
            if issubclass(candidate, msgspec.Struct) and not candidate.__struct_config__.tag:
                yield from _struct_problems(value, candidate, path)
        elif isinstance(value, list) and get_origin(candidate) in _LISTS:
            arguments = get_args(candidate)
            for place, item in enumerate(value):
                yield from problems_in(item, arguments[0], _join(path, str(place)))


_LISTS: Final = (list, tuple, set, frozenset, Sequence)


def _struct_problems(
    value: Mapping[str, Any], expected: type[msgspec.Struct], path: str
) -> Iterator[FieldError]:
    known = {field.encode_name: field for field in msgspec.structs.fields(expected)}
    if expected.__struct_config__.forbid_unknown_fields:
        for name in value:
            if name not in known:
                yield FieldError(
                    _join(path, name), "There is no such field here. Remove it.", "unknown_field"
                )
    for name, field in known.items():
        if name in value:
            yield from problems_in(value[name], field.type, _join(path, name))
        elif field.required:
            yield FieldError(_join(path, name), "This field is required.", "missing")


def _alternatives(expected: Any) -> Iterator[Any]:
    origin = get_origin(expected)
    if origin is Annotated:
        yield from _alternatives(get_args(expected)[0])
    elif origin in (Union, types.UnionType):
        for member in get_args(expected):
            yield from _alternatives(member)
    else:
        yield expected


def unstorable(value: Any, path: str) -> Iterator[FieldError]:
    """Yield an error for each text or number inside `value` that PostgreSQL can't hold."""
    if isinstance(value, str):
        if "\x00" in value:
            yield FieldError(path, "The character U+0000 is not allowed in text.", "bad_character")
    elif isinstance(value, int):
        if value not in BIGINT:
            yield FieldError(path, "This number is too large to be stored.", "out_of_range")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from unstorable(name, _join(path, name.replace("\x00", "")))
            yield from unstorable(item, _join(path, name))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from unstorable(item, _join(path, str(place)))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def field_error(said: str, path: str) -> FieldError:
    """Return what msgspec said of a value as an error of the field at `path`."""
    match = _POINTER.match(said)
    message, pointer = (match["message"], match["path"] or "$") if match else (said, "$")
    tail = pointer.removeprefix("$").replace("[", ".").replace("]", "").strip(".")
    code = next((code for start, code in _CODES if message.startswith(start)), "invalid")
    return FieldError(_join(path, tail) if tail else path, _plain(message.rstrip(".") + "."), code)


def _plain(message: str) -> str:
    """Return msgspec's bounds as a form would say them; what else it says stays as it is."""
    match = _BOUND.fullmatch(message)
    if match is None:
        return message
    sign, number = match["sign"], match["number"]
    if match["length"]:
        bound = "at least" if sign == ">=" else "at most"
        thing = "character" if match["type"] == "str" else "entry"
        things = "entries" if thing == "entry" else f"{thing}s"
        return f"Use {bound} {number} {thing if number == '1' else things}."
    return f"Use a number {_SIGNS[sign]} {number}."
