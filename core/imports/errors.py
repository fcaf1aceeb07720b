"""The refusals of this slice."""

from core.shared.errors import Conflict, NotFound


class ImportNotFound(NotFound):
    """No such import for this tenant."""

    code = "import_not_found"
    title = "There is no such import"


class ImportNotReady(Conflict):
    """The import is in a state in which this can't be done; details name it."""

    code = "import_not_ready"
    title = "This can't be done with the import now"
