"""ETag and If-Match (RFC 9110, section 13): two who edit one thing don't overwrite each other.

An entity tag is the integer version of the thing in quotes, always strong.
"""

import re
from typing import Any, Final

from litestar import Request

from api.errors import BadRequest, PreconditionRequired
from api.replies import Reply, reply
from core.shared.errors import FieldError, PreconditionFailed

_ENTITY_TAGS: Final = re.compile(
    r'^(?:W/)?"[\x21\x23-\x7e]*"(?:[ \t]*,[ \t]*(?:W/)?"[\x21\x23-\x7e]*")*$'
)
_OURS: Final = re.compile(r'^"(0|[1-9]\d{0,17})"$')


def etag(version: int) -> str:
    """Return the entity tag of a version."""
    return f'"{version}"'


def expected_version(request: "Request[Any, Any, Any]", *, required: bool = False) -> int | None:
    """Return the version that `If-Match` asks for; None when any will do (`*`, or no header).

    Raises BadRequest for a header that isn't one strong entity tag, PreconditionFailed for a tag
    that no version of ours has, and PreconditionRequired when `required` and there is no header.
    """
    given = request.headers.get("if-match")
    if given is None:
        if required:
            raise PreconditionRequired(
                "Send If-Match with the ETag that you read, so that nobody's change is overwritten."
            )
        return None
    given = given.strip()
    if given == "*":
        return None
    if not _ENTITY_TAGS.match(given) or "," in given:
        raise _bad_if_match('Send one entity tag in quotes as you got it in ETag: "3".')
    if given.startswith("W/"):
        raise _bad_if_match("A weak entity tag can't guard a change. Send the strong one.")
    ours = _OURS.match(given)
    if ours is None:
        raise PreconditionFailed("This was changed since you read it. Read it again.")
    return int(ours[1])


def reply_with_version(request: "Request[Any, Any, Any]", view: Any, version: int) -> "Reply[Any]":
    """Return `view` with its ETag, or 304 when `If-None-Match` shows that the caller has it."""
    tag = etag(version)
    given = request.headers.get("if-none-match")
    headers = [(b"etag", tag.encode())]
    if given is not None and (given.strip() == "*" or tag in _weakly(given)):
        return Reply(b"", status=304, headers=headers)
    return reply(view, headers=headers)


def _weakly(tags: str) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in tags.split(",")]


def _bad_if_match(message: str) -> BadRequest:
    return BadRequest(FieldError("If-Match", message, "invalid_header"), message=message)
