"""What can be done with a candidate's notes and files."""

import hashlib
from datetime import timedelta
from typing import Final

import msgspec

from core.candidates.contracts import (
    AddFile,
    AddNote,
    DeleteFile,
    DeleteNote,
    DownloadFile,
    EditNote,
    FileContent,
    FileId,
    FileView,
    ListFiles,
    ListNotes,
    NoteId,
    NoteView,
    RemoveFiles,
    SweepFiles,
)
from core.candidates.errors import FileNotFound, NotYourNote
from core.candidates.events import FileAdded, FileDeleted, NoteAdded, NoteDeleted, NoteEdited
from core.candidates.file_kinds import clean_file_name, media_type_of
from core.candidates.normalisation import clean_text
from core.candidates.ports import (
    AttachmentQueries,
    CandidateQueries,
    CandidateRepository,
    FileRepository,
    NoteRepository,
)
from core.ports.files import FileStore
from core.ports.tasks import Tasks
from core.shared.access import Access, limited_to
from core.shared.actor import Actor
from core.shared.clock import Clock, UtcDatetime
from core.shared.errors import FieldError, InvalidInput
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.paging import Page, PageRequest
from core.shared.permissions import Action
from core.shared.usecase import handles

UPLOAD_SETTLED: Final = timedelta(days=1)
"""The transaction of an upload has long ended by then, one way or the other."""


@handles(AddNote, action=Action.EDIT_CANDIDATE)
async def add_note(
    command: AddNote,
    *,
    actor: Actor,
    candidates: CandidateRepository,
    notes: NoteRepository,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> NoteView:
    """Write a note in the actor's name."""
    candidate = await candidates.get(command.candidate_id)
    note = NoteView(
        id=NoteId(ids.new()),
        candidate_id=candidate.id,
        author_id=actor.member_id,
        author_name=actor.name,
        text=_note_text(command.text),
        created_at=clock.now(),
        edited_at=None,
    )
    await notes.save(note)
    recorder.record(NoteAdded(aggregate_id=candidate.id, note_id=note.id))
    return note


@handles(EditNote, action=Action.EDIT_CANDIDATE)
async def edit_note(
    command: EditNote, *, actor: Actor, notes: NoteRepository, clock: Clock, recorder: Recorder
) -> NoteView:
    """Change a note that the actor wrote."""
    note = await notes.get(command.candidate_id, command.note_id)
    _require_author(note, actor)
    edited = msgspec.structs.replace(note, text=_note_text(command.text), edited_at=clock.now())
    await notes.save(edited)
    recorder.record(NoteEdited(aggregate_id=note.candidate_id, note_id=note.id))
    return edited


@handles(DeleteNote, action=Action.EDIT_CANDIDATE)
async def delete_note(
    command: DeleteNote, *, actor: Actor, notes: NoteRepository, recorder: Recorder
) -> None:
    """Remove a note that the actor wrote."""
    note = await notes.get(command.candidate_id, command.note_id)
    _require_author(note, actor)
    await notes.remove(note)
    recorder.record(NoteDeleted(aggregate_id=note.candidate_id, note_id=note.id))


@handles(ListNotes, action=Action.VIEW_CANDIDATES)
async def list_notes(
    query: ListNotes,
    *,
    actor: Actor,
    access: Access,
    candidates: CandidateQueries,
    attachments: AttachmentQueries,
) -> Page[NoteView]:
    """Return the notes on a candidate that the actor may see."""
    await candidates.get(query.candidate_id, limited_to(actor, access))
    return await attachments.notes(query.candidate_id, PageRequest(query.limit, query.cursor))


@handles(AddFile, action=Action.EDIT_CANDIDATE)
async def add_file(
    command: AddFile,
    *,
    actor: Actor,
    candidates: CandidateRepository,
    files: FileRepository,
    store: FileStore,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> FileView:
    """Attach a file.

    The content is stored before the record commits: a crash between the two leaves content that
    nothing names, never a record without content.
    """
    candidate = await candidates.get(command.candidate_id)
    name = clean_file_name(command.name)
    media_type = media_type_of(name, command.content)
    file = FileView(
        id=FileId(ids.new()),
        candidate_id=candidate.id,
        name=name,
        media_type=media_type,
        size_bytes=len(command.content),
        uploaded_at=clock.now(),
        uploaded_by=actor.member_id,
    )
    await files.add(file, hashlib.sha256(command.content).digest())
    await store.put(file.id, command.content)
    recorder.record(FileAdded(aggregate_id=candidate.id, file_id=file.id))
    return file


@handles(DeleteFile, action=Action.EDIT_CANDIDATE)
async def delete_file(
    command: DeleteFile, *, files: FileRepository, tasks: Tasks, recorder: Recorder
) -> None:
    """Remove a file's record at once, and its content as soon as that has committed."""
    await files.remove(command.candidate_id, command.file_id)
    await tasks.schedule("remove_files", {"file_ids": [command.file_id]})
    recorder.record(FileDeleted(aggregate_id=command.candidate_id, file_id=command.file_id))


@handles(RemoveFiles, action=Action.DELETE_CANDIDATE)
async def remove_files(command: RemoveFiles, *, store: FileStore) -> None:
    """Delete contents whose records are gone."""
    for file_id in command.file_ids:
        await store.remove(file_id)


@handles(SweepFiles, action=Action.DELETE_CANDIDATE)
async def sweep_files(
    command: SweepFiles,  # noqa: ARG001 - the command has no fields
    *,
    files: FileRepository,
    store: FileStore,
    clock: Clock,
) -> None:
    """Delete what uploads left that never committed: nobody could find it to erase it."""
    stored = await store.stored_before(UtcDatetime(clock.now() - UPLOAD_SETTLED))
    known = await files.known(stored)
    for file_id in stored:
        if file_id not in known:
            await store.remove(file_id)


@handles(ListFiles, action=Action.VIEW_CANDIDATES)
async def list_files(
    query: ListFiles,
    *,
    actor: Actor,
    access: Access,
    candidates: CandidateQueries,
    attachments: AttachmentQueries,
) -> Page[FileView]:
    """Return the files of a candidate that the actor may see."""
    await candidates.get(query.candidate_id, limited_to(actor, access))
    return await attachments.files(query.candidate_id, PageRequest(query.limit, query.cursor))


@handles(DownloadFile, action=Action.VIEW_CANDIDATES)
async def download_file(
    query: DownloadFile,
    *,
    actor: Actor,
    access: Access,
    candidates: CandidateQueries,
    attachments: AttachmentQueries,
    store: FileStore,
) -> FileContent:
    """Return a file of a candidate that the actor may see."""
    await candidates.get(query.candidate_id, limited_to(actor, access))
    view = await attachments.file(query.candidate_id, query.file_id)
    content = await store.get(view.id)
    if content is None:
        raise FileNotFound("The content of this file is gone.")
    return FileContent(view, content)


def _note_text(text: str) -> str:
    cleaned = clean_text(text)
    if not cleaned:
        raise InvalidInput(FieldError("text", "Write something.", "required"))
    return cleaned


def _require_author(note: NoteView, actor: Actor) -> None:
    if note.author_id is None or note.author_id != actor.member_id:
        raise NotYourNote("Only the one who wrote a note may change or remove it.")
