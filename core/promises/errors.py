"""The refusals of this slice."""

from core.shared.errors import NotFound, PreconditionFailed


class PromiseNotFound(NotFound):
    """There is no such promise."""

    code = "promise_not_found"
    title = "No such promise"
    TEXT = "No promise of its own is set there."


class PromiseChanged(PreconditionFailed):
    """Somebody changed the promise meanwhile."""

    code = "promise_changed"
    title = "The promise was changed"
