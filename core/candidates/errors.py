"""The refusals of this slice."""

from core.shared.errors import Conflict, Forbidden, Gone, NotFound, PreconditionFailed


class CandidateNotFound(NotFound):
    """No such candidate for this tenant or this actor."""

    code = "candidate_not_found"
    title = "There is no such candidate"


class CandidateMerged(Gone):
    """The candidate lives on as another; details name it."""

    code = "candidate_merged"
    title = "This candidate was merged into another"


class CandidateChanged(PreconditionFailed):
    """Somebody else changed the candidate since it was read."""

    code = "candidate_changed"
    title = "This candidate was changed by someone else"


class NoteNotFound(NotFound):
    """No such note on this candidate."""

    code = "note_not_found"
    title = "There is no such note"


class NotYourNote(Forbidden):
    """Only the one who wrote a note may change it."""

    code = "not_your_note"
    title = "Only its author may change a note"


class FileNotFound(NotFound):
    """No such file on this candidate."""

    code = "file_not_found"
    title = "There is no such file"


class MergeNotFound(NotFound):
    """No such merge for this tenant."""

    code = "merge_not_found"
    title = "There is no such merge"


class MergeUndone(Conflict):
    """The merge was undone before."""

    code = "merge_already_undone"
    title = "This merge was undone already"


class MergeBuriedByLater(Conflict):
    """The survivor was merged itself; that merge must be undone first."""

    code = "merge_followed_by_another"
    title = "A later merge must be undone first"


class CannotMergeWithItself(Conflict):
    """Both ids name the same candidate."""

    code = "cannot_merge_with_itself"
    title = "A candidate can't be merged with itself"
