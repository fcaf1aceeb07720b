"""Reading and changing templates; the scope runs these by the type of the request."""

from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import InvalidInput
from core.shared.events import Recorder
from core.shared.permissions import Action
from core.shared.usecase import handles
from core.templates.checking import flaws_of, told
from core.templates.contracts import (
    ChangeTemplate,
    Language,
    LanguageState,
    ListTemplates,
    ListTemplateVersions,
    ResetTemplate,
    ShowTemplate,
    TemplateKind,
    TemplateList,
    TemplateRow,
    TemplateVersion,
    TemplateVersions,
    TemplateView,
)
from core.templates.errors import TemplateChanged
from core.templates.events import TemplateReset, TemplateSaved
from core.templates.kinds import KINDS, LANGUAGES, variable_views
from core.templates.ports import (
    Saved,
    SavedTemplates,
    TemplateStore,
)
from core.templates.texts import Source, default_source


@handles(ListTemplates, action=Action.VIEW_TENANT)
async def list_templates(
    query: ListTemplates,  # noqa: ARG001 - the request has no fields
    *,
    saved: SavedTemplates,
) -> TemplateList:
    """Return every kind with its state in each language."""
    latest = {(each.kind, each.language): each for each in await saved.all_latest()}
    return TemplateList(
        tuple(
            TemplateRow(
                kind.kind,
                kind.name,
                kind.purpose,
                kind.to,
                kind.transactional,
                tuple(_state(latest.get((kind.kind, each)), each) for each in LANGUAGES),
            )
            for kind in KINDS.values()
        )
    )


@handles(ShowTemplate, action=Action.VIEW_TENANT)
async def show_template(query: ShowTemplate, *, saved: SavedTemplates) -> TemplateView:
    """Return one template."""
    latest = await saved.latest(query.kind, query.language)
    return _view(query.kind, query.language, latest)


@handles(ListTemplateVersions, action=Action.VIEW_TENANT)
async def list_template_versions(
    query: ListTemplateVersions, *, saved: SavedTemplates
) -> TemplateVersions:
    """Return the versions, newest first, down to the text that everybody starts with."""
    found = await saved.versions(query.kind, query.language)
    first = default_source(query.kind, query.language)
    items = [
        TemplateVersion(
            each.version,
            each.source is None,
            (each.source or first).subject,
            (each.source or first).body,
            each.saved_at,
            each.saved_by,
        )
        for each in found
    ]
    if len(found) == 0 or found[-1].version == 1:
        items.append(TemplateVersion(0, is_default=True, subject=first.subject, body=first.body))
    return TemplateVersions(tuple(items))


@handles(ChangeTemplate, action=Action.MANAGE_TENANT)
async def change_template(
    command: ChangeTemplate,
    *,
    actor: Actor,
    store: TemplateStore,
    clock: Clock,
    recorder: Recorder,
) -> TemplateView:
    """Save the next version; the same text again is none. Raises InvalidInput for each flaw."""
    source = Source(command.subject.strip(), command.body.replace("\r\n", "\n").strip() + "\n")
    flaws = flaws_of(source, KINDS[command.kind])
    if flaws:
        raise InvalidInput(*map(told, flaws))
    before = await store.hold(command.kind, command.language)
    _expect(before, command.expected_version)
    if source == source_of(command.kind, command.language, before):
        return _view(command.kind, command.language, before)
    saved = _next(command, before, source, actor, clock)
    await store.add(saved)
    recorder.record(
        TemplateSaved(
            aggregate_id=actor.tenant_id,
            kind=saved.kind,
            language=saved.language,
            template_version=saved.version,
        ),
        before=source_of(command.kind, command.language, before),
        after=source,
    )
    return _view(command.kind, command.language, saved)


@handles(ResetTemplate, action=Action.MANAGE_TENANT)
async def reset_template(
    command: ResetTemplate,
    *,
    actor: Actor,
    store: TemplateStore,
    clock: Clock,
    recorder: Recorder,
) -> TemplateView:
    """Go back to the text that everybody starts with, as a version of its own."""
    before = await store.hold(command.kind, command.language)
    _expect(before, command.expected_version)
    if before is None or before.source is None:
        return _view(command.kind, command.language, before)
    saved = _next(command, before, None, actor, clock)
    await store.add(saved)
    recorder.record(
        TemplateReset(
            aggregate_id=actor.tenant_id,
            kind=saved.kind,
            language=saved.language,
            template_version=saved.version,
        ),
        before=before.source,
        after=default_source(command.kind, command.language),
    )
    return _view(command.kind, command.language, saved)


def _expect(before: Saved | None, expected: int | None) -> None:
    version = before.version if before else 0
    if expected not in {None, version}:
        raise TemplateChanged(
            "Somebody changed this template after you opened it. Load it again.",
            current_version=version,
        )


def source_of(kind: TemplateKind, language: Language, saved: Saved | None) -> Source:
    """Return what a template says, from its last version."""
    if saved is None or saved.source is None:
        return default_source(kind, language)
    return saved.source


def _next(
    command: ChangeTemplate | ResetTemplate,
    before: Saved | None,
    source: Source | None,
    actor: Actor,
    clock: Clock,
) -> Saved:
    return Saved(
        command.kind,
        command.language,
        (before.version if before else 0) + 1,
        source,
        clock.now(),
        actor.member_id,
    )


def _state(saved: Saved | None, language: Language) -> LanguageState:
    if saved is None:
        return LanguageState(language, 0, is_default=True)
    return LanguageState(language, saved.version, saved.source is None, saved.saved_at)


def _view(kind: TemplateKind, language: Language, saved: Saved | None) -> TemplateView:
    source, about = source_of(kind, language, saved), KINDS[kind]
    return TemplateView(
        kind,
        language,
        about.name,
        about.purpose,
        source.subject,
        source.body,
        saved is None or saved.source is None,
        saved.version if saved else 0,
        saved.saved_at if saved else None,
        saved.saved_by if saved else None,
        variable_views(about),
    )
