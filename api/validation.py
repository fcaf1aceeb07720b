"""Decodes request bodies strictly, and when one is wrong names every wrong field at once.

msgspec stops at the first error, which is right for speed; only a body that failed is walked again,
field by field. Installed on the router as a DTO, so controllers just take `data: TheirStruct`.
"""

import re
import types
from collections.abc import Generator, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Final, Union, get_args, get_origin

import msgspec
from litestar.connection import ASGIConnection
from litestar.dto import AbstractDTO
from litestar.dto.data_structures import DTOFieldDefinition
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition

from api.errors import BadRequest, UnsupportedMediaType
from core.shared.errors import FieldError, InvalidInput

MAX_ERRORS: Final = 100
"""More than these are of no use to anybody."""

BIGINT: Final = range(-(2**63), 2**63)
"""What PostgreSQL's widest integer holds."""

_POINTER = re.compile(r"^(?P<message>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_LONG_NUMBER = re.compile(rb"\d{19}")
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


def decode_body(raw: bytes, expected: Any) -> Any:
    """Return the JSON `raw` as `expected`.

    Raises BadRequest when it isn't JSON, and InvalidInput with every wrong field when it is.
    """
    try:
        value = _decoder(expected).decode(raw)
    except msgspec.ValidationError as error:
        builtins = _parse(raw)
        found = list(_first(_problems(builtins, expected, "")))
        raise InvalidInput(*(found or [_field_error(str(error), "")])) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _not_json(error) from error
    if b"\\u0000" in raw or _LONG_NUMBER.search(raw):
        found = list(_first(unstorable(_parse(raw), "")))
        if found:
            raise InvalidInput(*found)
    return value


def _parse(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except msgspec.ValidationError as error:
        raise InvalidInput(_field_error(str(error), "")) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _not_json(error) from error


def _not_json(error: Exception) -> BadRequest:
    said = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    return BadRequest(
        FieldError("", f"Not valid JSON: {said}.", "malformed_json"),
        message="The body is not valid JSON in UTF-8.",
    )


@lru_cache(maxsize=512)
def _decoder(expected: Any) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(expected)


def _first(errors: Iterator[FieldError]) -> Iterator[FieldError]:
    for _, error in zip(range(MAX_ERRORS), errors, strict=False):
        yield error


def _problems(value: Any, expected: Any, path: str) -> Iterator[FieldError]:
    """Yield each error in `value`, descending into structs and lists of structs."""
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
    yield from inner or [_field_error(str(before), path)]


def _inner_problems(value: Any, expected: Any, path: str) -> Iterator[FieldError]:
    for candidate in _alternatives(expected):
        if isinstance(value, dict) and isinstance(candidate, type):
            if issubclass(candidate, msgspec.Struct) and not candidate.__struct_config__.tag:
                yield from _struct_problems(value, candidate, path)
        elif isinstance(value, list) and get_origin(candidate) in _LISTS:
            arguments = get_args(candidate)
            for place, item in enumerate(value):
                yield from _problems(item, arguments[0], _join(path, str(place)))


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
            yield from _problems(value[name], field.type, _join(path, name))
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


def _field_error(said: str, path: str) -> FieldError:
    match = _POINTER.match(said)
    message, pointer = (match["message"], match["path"] or "$") if match else (said, "$")
    tail = pointer.removeprefix("$").replace("[", ".").replace("]", "").strip(".")
    code = next((code for start, code in _CODES if message.startswith(start)), "invalid")
    return FieldError(_join(path, tail) if tail else path, message.rstrip(".") + ".", code)


class StrictBody(AbstractDTO[Any]):
    """Puts `decode_body` where the framework decodes a request's body."""

    def decode_bytes(self, value: bytes) -> Any:
        """Return the body as the type of the handler's `data` parameter."""
        connection = self.asgi_connection
        _require_json(connection)
        field = connection.route_handler.parsed_data_field
        return decode_body(value, field.raw if field is not None else Any)

    @classmethod
    def create_for_field_definition(cls, *_: Any, **__: Any) -> None:
        """Need nothing: the type is read from the handler."""

    @classmethod
    def create_openapi_schema(
        cls,
        field_definition: FieldDefinition,
        handler_id: str,  # noqa: ARG003 - the framework's signature
        schema_creator: Any,
    ) -> Reference | Schema:
        """Describe the body as the Struct it is."""
        schema: Reference | Schema = schema_creator.for_field_definition(field_definition)
        return schema

    @classmethod
    def is_supported_model_type_field(cls, *_: Any, **__: Any) -> bool:
        """Say no to answers; this is for requests only."""
        return False

    @classmethod
    def generate_field_definitions(
        cls, *_: Any, **__: Any
    ) -> Generator[DTOFieldDefinition, None, None]:
        """Yield nothing: no model is taken apart."""
        yield from ()

    @classmethod
    def detect_nested_field(cls, *_: Any, **__: Any) -> bool:
        """Say no: no model is taken apart."""
        return False


def _require_json(connection: "ASGIConnection[Any, Any, Any, Any]") -> None:
    content_type = connection.headers.get("content-type", "")
    media_type, _, parameters = content_type.partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if media_type.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        raise UnsupportedMediaType("Send the body as application/json in UTF-8.")
