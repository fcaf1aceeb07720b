"""The kinds of refusal that the domain knows. The API maps each kind to one HTTP status.

A slice subclasses the kind that fits in its `errors.py` and sets `code`, which is stable and
part of the public interface. `message` is for people: what happened and what to do. `details`
carries machine-readable facts, JSON-encodable.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec


class FieldError(msgspec.Struct, frozen=True):
    """One wrong field of the input."""

    field: str
    """Path of the field in the request, e.g. `pay_range.minimum_cents`."""
    message: str
    """What is wrong and what would be right."""
    code: str = "invalid"


class DomainError(Exception):
    """Base of every refusal; never raised itself."""

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "The request could not be completed"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details: Mapping[str, Any] = details


class InvalidInput(DomainError):
    """The input is well formed but breaks a rule; `fields` names every wrong field."""

    code = "invalid_input"
    title = "Some fields are not valid"

    def __init__(self, *fields: FieldError, message: str = "Some fields are not valid.") -> None:
        super().__init__(message)
        self.fields = fields


class Unauthenticated(DomainError):
    """Nobody is signed in, or the credential is not valid."""

    code = "unauthenticated"
    title = "Sign in or send an API key"


class Forbidden(DomainError):
    """The actor may not do this; the message says why."""

    code = "forbidden"
    title = "You may not do this"


class FeatureNotIncluded(DomainError):
    """The tenant's plan lacks the feature; details name the plan that has it."""

    code = "feature_not_included"
    title = "Your plan does not include this"


class QuotaExceeded(DomainError):
    """The tenant's plan allows no more of this; details give the limit and the usage."""

    code = "quota_exceeded"
    title = "Your plan's limit is reached"


class NotFound(DomainError):
    """No such thing for this tenant. The same for another tenant's id as for a random one."""

    code = "not_found"
    title = "Not found"


class Gone(NotFound):
    """It was there and is no more; details say where it went."""

    code = "gone"
    title = "No longer here"


class Conflict(DomainError):
    """The request contradicts the present state; details say what the state is."""

    code = "conflict"
    title = "This conflicts with the present state"


class PreconditionFailed(DomainError):
    """The thing changed since the caller read it (stale `If-Match`)."""

    code = "precondition_failed"
    title = "This was changed by someone else"


class Throttled(DomainError):
    """Too many attempts; `retry_after` is in seconds."""

    code = "throttled"
    title = "Too many attempts"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message, retry_after=retry_after)
        self.retry_after = retry_after


class Unavailable(DomainError):
    """Something this needs is down; nothing was done and a retry is safe."""

    code = "unavailable"
    title = "Temporarily unavailable"


class UpstreamFailed(DomainError):
    """Somebody we asked failed or answered wrongly; whether anything was done there is unknown."""

    code = "upstream_failed"
    title = "Another system failed"
