"""Notes and files of candidates."""

import re
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Controller, Request, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter, RawBody

from api.mutation import mutate
from api.paging import CursorParameter, LimitParameter, reply_page
from api.problems import problems
from api.replies import Reply
from api.request_scope import Scoped, is_head
from core.candidates.contracts import (
    AddFile,
    AddNote,
    CandidateId,
    DeleteFile,
    DeleteNote,
    DownloadFile,
    EditNote,
    FileId,
    FileView,
    ListFiles,
    ListNotes,
    NoteId,
    NoteText,
    NoteView,
)
from core.shared.paging import DEFAULT_LIMIT, Page
from core.status.contracts.activity import NoteGlance


class NoteBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is noted."""

    text: Annotated[NoteText, msgspec.Meta(examples=["Very clear in the first call."])]


FileName = Annotated[
    str,
    QueryParameter(
        description="Name of the file with its extension: pdf, docx, doc, odt, rtf, txt, html, "
        "png, jpg.",
        min_length=1,
        max_length=255,
    ),
]


class NoteController(Controller):
    """Notes on candidates."""

    path = "/candidates/{candidate_id:uuid}/notes"
    tags = ("Candidates",)

    @post(operation_id="addNote", summary="Write a note", responses=problems(403, 404, 410))
    async def add(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        candidate_id: FromPath[UUID],
        data: JSONBody[NoteBody],
    ) -> Reply[NoteView]:
        """Write a note about the candidate; search finds its words."""
        command = AddNote(candidate_id=CandidateId(candidate_id), text=data.text)
        return await mutate(request, tenant_scope, command, status=201)

    @get(operation_id="listNotes", summary="List notes", responses=problems(403, 404, 410))
    async def list(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        candidate_id: FromPath[UUID],
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Reply[Page[NoteView]]:
        """Return the notes, newest first."""
        query = ListNotes(candidate_id=CandidateId(candidate_id), limit=limit, cursor=cursor)
        return reply_page(request, await tenant_scope.ask(query))

    @put("/{note_id:uuid}", operation_id="editNote", summary="Edit", responses=problems(403, 404))
    async def edit(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        candidate_id: FromPath[UUID],
        note_id: FromPath[UUID],
        data: JSONBody[NoteBody],
    ) -> Reply[NoteView]:
        """Change your own note."""
        command = EditNote(
            candidate_id=CandidateId(candidate_id), note_id=NoteId(note_id), text=data.text
        )
        return await mutate(request, tenant_scope, command)

    @delete(
        "/{note_id:uuid}",
        status_code=204,
        operation_id="deleteNote",
        summary="Delete a note",
        responses=problems(403, 404),
    )
    async def remove(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        candidate_id: FromPath[UUID],
        note_id: FromPath[UUID],
    ) -> Reply[None]:
        """Remove your own note."""
        command = DeleteNote(candidate_id=CandidateId(candidate_id), note_id=NoteId(note_id))
        return await mutate(request, tenant_scope, command, status=204)


class FileController(Controller):
    """Files of candidates."""

    path = "/candidates/{candidate_id:uuid}/files"
    tags = ("Candidates",)

    @post(
        operation_id="addFile",
        summary="Attach a file",
        opt={"upload": True},
        responses=problems(403, 404, 410),
    )
    async def add(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        candidate_id: FromPath[UUID],
        name: FileName,
        body: RawBody,
    ) -> Reply[FileView]:
        """Attach the body of the request as a file, at most 10 MB."""
        command = AddFile(candidate_id=CandidateId(candidate_id), name=name, content=body)
        return await mutate(request, tenant_scope, command, status=201)

    @get(operation_id="listFiles", summary="List files", responses=problems(403, 404, 410))
    async def list(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        candidate_id: FromPath[UUID],
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Reply[Page[FileView]]:
        """Return the files, newest first."""
        query = ListFiles(candidate_id=CandidateId(candidate_id), limit=limit, cursor=cursor)
        return reply_page(request, await tenant_scope.ask(query))

    @get(
        "/{file_id:uuid}/content",
        operation_id="downloadFile",
        summary="Download a file",
        responses=problems(403, 404, 410),
    )
    async def download(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        candidate_id: FromPath[UUID],
        file_id: FromPath[UUID],
    ) -> Reply[bytes]:
        """Return the content, to be saved and never to be shown in the page.

        That a member saves it is noted; a page that only shows it reads it by a script.
        """
        query = DownloadFile(candidate_id=CandidateId(candidate_id), file_id=FileId(file_id))
        file = await tenant_scope.ask(query)
        is_saved = request.headers.get("sec-fetch-mode", "navigate") == "navigate"
        if tenant_scope.actor.kind == "member" and is_saved and not is_head(request.scope):
            glance = NoteGlance(candidate_id=CandidateId(candidate_id), kind="downloaded")
            await tenant_scope.execute(glance)
        return _attachment(file.view.name, file.content)

    @delete(
        "/{file_id:uuid}",
        status_code=204,
        operation_id="deleteFile",
        summary="Delete a file",
        responses=problems(403, 404),
    )
    async def remove(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        candidate_id: FromPath[UUID],
        file_id: FromPath[UUID],
    ) -> Reply[None]:
        """Remove a file and its content."""
        command = DeleteFile(candidate_id=CandidateId(candidate_id), file_id=FileId(file_id))
        return await mutate(request, tenant_scope, command, status=204)


def _attachment(name: str, content: bytes) -> Reply[bytes]:
    """Return a file to be saved under `name` (RFC 6266 with the UTF-8 form of RFC 8187)."""
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return Reply(
        content,
        headers=[(b"content-disposition", disposition.encode("ascii"))],
        content_type=b"application/octet-stream",
    )
