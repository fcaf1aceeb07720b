"""Refuses query parameters that a route doesn't know, or that come twice: a typo isn't a filter."""

from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Request
from litestar.handlers import BaseRouteHandler

from api.errors import BadRequest
from core.shared.errors import FieldError

_MOST_PARAMETERS: Final = 100
_known: dict[BaseRouteHandler, tuple[frozenset[str], frozenset[str]]] = {}


async def refuse_unknown_parameters(request: "Request[Any, Any, Any]") -> None:
    """Return when the query can be read without doubt. Runs before each handler.

    Raises BadRequest with every unknown, repeated or unreadable parameter.
    """
    raw = request.scope["query_string"]
    if not raw:
        return
    names, lists = _parameters(request.route_handler)
    found: list[FieldError] = []
    seen: set[str] = set()
    for name, value in _pairs(raw):
        if name not in names:
            found.append(FieldError(name, "There is no such parameter here.", "unknown_parameter"))
        elif name in seen and name not in lists:
            found.append(FieldError(name, "Send this parameter once.", "repeated_parameter"))
        elif "\x00" in value:
            found.append(FieldError(name, "U+0000 is not allowed in text.", "bad_character"))
        seen.add(name)
    if found:
        raise BadRequest(*found, message="Some parameters are not valid.")


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    try:
        text = raw.decode("ascii")
        if "%" not in text and "+" not in text and text.count("&") < _MOST_PARAMETERS:
            # Nothing is encoded: the common case, and three times as fast.
            split = [part.partition("=") for part in text.split("&") if part]
            return [(name, value) for name, _, value in split]
        return parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except ValueError as error:
        raise BadRequest(
            FieldError("", "Send parameters percent-encoded in UTF-8.", "malformed_query"),
            message="The query can't be read.",
        ) from error


def _parameters(handler: BaseRouteHandler) -> tuple[frozenset[str], frozenset[str]]:
    """Return the query parameters of a handler, and which of them may come more than once."""
    known = _known.get(handler)
    if known is None:
        model = handler.create_kwargs_model(path_parameters={})
        definitions = model.expected_query_params
        known = _known[handler] = (
            frozenset(definition.field_alias for definition in definitions),
            frozenset(d.field_alias for d in definitions if d.is_sequence),
        )
    return known
