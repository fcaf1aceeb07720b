"""Histories, activity and what candidates see: reading, and changing the last."""

from core.shared.access import Access, limited_to
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import FieldError, InvalidInput
from core.shared.events import Recorder
from core.shared.paging import Page
from core.shared.permissions import Action
from core.shared.usecase import handles
from core.status.contracts.activity import (
    ActivityEntry,
    Glance,
    GlanceNoted,
    ListActivity,
    NoteGlance,
)
from core.status.contracts.history import ShowStatusHistory, StatusHistory
from core.status.contracts.preferences import (
    ChangeStatusPreferences,
    ShowStatusPreferences,
    StatusPreferences,
)
from core.status.errors import PreferencesChanged, StatusNotFound
from core.status.events import (
    CandidateViewed,
    FileDownloaded,
    GlanceEvent,
    ResumeViewed,
    StatusPreferencesChanged,
)
from core.status.ports import Glances, PreferenceStore, StatusQueries

_EVENTS: dict[Glance, type[GlanceEvent]] = {
    "viewed": CandidateViewed,
    "resume_viewed": ResumeViewed,
    "downloaded": FileDownloaded,
}


@handles(ShowStatusHistory, action=Action.VIEW_CANDIDATES)
async def show_status_history(
    query: ShowStatusHistory, *, actor: Actor, access: Access, status: StatusQueries
) -> StatusHistory:
    """Return a page of the history, the latest first."""
    if (query.application_id is None) == (query.candidate_id is None):
        message = "Name an application or a candidate, and not both."
        raise InvalidInput(FieldError("application_id", message, "one_of"))
    found = await status.history(query, limited_to(actor, access))
    if found is None:
        raise StatusNotFound("There is no such application or candidate.")
    return found


@handles(ListActivity, action=Action.VIEW_CANDIDATES)
async def list_activity(
    query: ListActivity, *, actor: Actor, access: Access, status: StatusQueries
) -> Page[ActivityEntry]:
    """Return what members did about a candidate."""
    found = await status.activity(query.candidate_id, query.page, limited_to(actor, access))
    if found is None:
        raise StatusNotFound("There is no such candidate.")
    return found


@handles(NoteGlance, action=Action.VIEW_CANDIDATES)
async def note_glance(
    command: NoteGlance,
    *,
    actor: Actor,
    access: Access,
    glances: Glances,
    clock: Clock,
    recorder: Recorder,
) -> GlanceNoted:
    """Write it down once an hour; an API key is a program, which looks at nobody."""
    if not await glances.sees(command.candidate_id, limited_to(actor, access)):
        raise StatusNotFound("There is no such candidate.")
    if actor.kind != "member" or actor.member_id is None:
        return GlanceNoted(noted=False)
    noted = await glances.note(command.candidate_id, actor.member_id, command.kind, clock.now())
    if noted:
        recorder.record(_EVENTS[command.kind](aggregate_id=command.candidate_id))
    return GlanceNoted(noted=noted)


@handles(ShowStatusPreferences, action=Action.VIEW_TENANT)
async def show_preferences(
    query: ShowStatusPreferences,  # noqa: ARG001 - the request has no fields
    *,
    status: StatusQueries,
) -> StatusPreferences:
    """Return what candidates see."""
    return await status.preferences()


@handles(ChangeStatusPreferences, action=Action.MANAGE_TENANT)
async def change_preferences(
    command: ChangeStatusPreferences,
    *,
    actor: Actor,
    store: PreferenceStore,
    clock: Clock,
    recorder: Recorder,
) -> StatusPreferences:
    """Decide what candidates see from now on."""
    before = await store.present()
    if command.expected_version not in {None, before.version}:
        raise PreferencesChanged(
            "Somebody changed this after you opened it. Load it again.",
            current_version=before.version,
        )
    shown = before.shown
    if isinstance(command.shown, tuple):
        shown = tuple(dict.fromkeys(command.shown))
    names = command.names if isinstance(command.names, bool) else before.names
    if (set(shown), names) == (set(before.shown), before.names):
        return before
    after = StatusPreferences(shown=shown, names=names, version=before.version + 1)
    await store.save(after, actor.member_id, clock.now())
    recorder.record(
        StatusPreferencesChanged(aggregate_id=actor.tenant_id), before=before, after=after
    )
    return after
