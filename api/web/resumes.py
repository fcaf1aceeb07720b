"""The page of one file as a résumé: the document beside what it says, to be corrected there."""

from itertools import groupby
from typing import Any, Final
from uuid import UUID

from litestar import Request, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web import labels
from api.web.frame import WEB, is_partial, may, page, partial
from core.candidates.contracts import CandidateId, FileId, GetCandidate
from core.resumes.contracts.readings import GetResume, ResumeView
from core.shared.permissions import Action

_UNSURE: Final = 0.6
"""Below this confidence a value is marked as worth a look."""
_SHOWN: Final = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg"}


@get("/candidates/{candidate_id:uuid}/files/{file_id:uuid}", **WEB)
async def resume(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    candidate_id: FromPath[UUID],
    file_id: FromPath[UUID],
) -> Reply[bytes]:
    """Show a file and what was read in it."""
    known = CandidateId(candidate_id)
    view = await tenant_scope.ask(GetResume(candidate_id=known, file_id=FileId(file_id)))
    extension = view.file_name.rpartition(".")[2].lower()
    context: dict[str, Any] = {
        "candidate": await tenant_scope.ask(GetCandidate(candidate_id=known)),
        "view": view,
        "path": f"/candidates/{known}/files/{view.file_id}",
        "pages": [
            (number, list(lines))
            for number, lines in groupby(enumerate(view.lines), key=lambda indexed: indexed[1].page)
        ],
        "may_edit": may(tenant_scope.actor, Action.EDIT_CANDIDATE),
        "media_type": _SHOWN.get(extension.replace("jpeg", "jpg"), ""),
        "source": lambda path: source_of(view, path),
        "is_unsure": lambda path: is_unsure(view, path),
        "corrected": {each.field: each for each in view.corrections},
        "states": labels.READING_STATE,
    }
    if is_partial(request):
        return partial(request, "pieces/resume.html", **context)
    return page(request, "resume.html", **context)


def source_of(view: ResumeView, path: str) -> str:
    """Return where in the lines a field stands, as `first,start,last,end`; empty if unknown."""
    found = view.sources.get(path)
    if found is None:
        # A list is where its parts are: from the first to the last of them.
        parts = [span for name, span in view.sources.items() if name.startswith(f"{path}.")]
        if not parts:
            return ""
        first = min(parts, key=lambda span: (span.first_line, span.start))
        last = max(parts, key=lambda span: (span.last_line, span.end))
        return f"{first.first_line},{first.start},{last.last_line},{last.end}"
    return f"{found.first_line},{found.start},{found.last_line},{found.end}"


def is_unsure(view: ResumeView, path: str) -> bool:
    """Whether a person should look at a value, or at a part of one: `experience.0` has parts."""
    return any(
        sure < _UNSURE
        for name, sure in view.confidence.items()
        if name == path or name.startswith(f"{path}.")
    )


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (resume,)
