"""Decodes request bodies strictly, and when one is wrong names every wrong field at once.

msgspec stops at the first error, which is right for speed; only a body that failed is walked again,
field by field. Installed on the router as a DTO, so controllers just take `data: TheirStruct`.
"""

import re
from collections.abc import Generator, Iterator
from functools import lru_cache
from typing import Any, Final

import msgspec
from litestar.connection import ASGIConnection
from litestar.dto import AbstractDTO
from litestar.dto.data_structures import DTOFieldDefinition
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition

from api.errors import BadRequest, UnsupportedMediaType
from core.shared.errors import FieldError, InvalidInput
from core.shared.problems import field_error, problems_in, unstorable

MAX_ERRORS: Final = 100
"""More than these are of no use to anybody."""

_LONG_NUMBER = re.compile(rb"\d{19}")


def decode_body(raw: bytes, expected: Any) -> Any:
    """Return the JSON `raw` as `expected`.

    Raises BadRequest when it isn't JSON, and InvalidInput with every wrong field when it is.
    """
    try:
        value = _decoder(expected).decode(raw)
    except msgspec.ValidationError as error:
        builtins = _parse(raw)
        found = list(_first(problems_in(builtins, expected, "")))
        raise InvalidInput(*(found or [field_error(str(error), "")])) from error
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
        raise InvalidInput(field_error(str(error), "")) from error
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
