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
    TemplateList,
    TemplateRow,
    TemplateVersion,
    TemplateVersions,
    TemplateView,
)
from core.templates.errors import TemplateChanged
from core.templates.events import TemplateReset, TemplateSaved
from core.templates.kinds import KINDS, variable_views
from core.templates.known import kind_in, outdated, source_of
from core.templates.model import Kind
from core.templates.ports import PluginKinds, Saved, SavedTemplates, TemplateStore
from core.templates.texts import Source


@handles(ListTemplates, action=Action.VIEW_TENANT)
async def list_templates(
    query: ListTemplates,  # noqa: ARG001 - the request has no fields
    *,
    saved: SavedTemplates,
    plugins: PluginKinds,
) -> TemplateList:
    """Return every kind with its state in each language, those of plugins last."""
    latest = {(each.kind, each.language): each for each in await saved.all_latest()}
    return TemplateList(
        tuple(
            TemplateRow(
                kind.kind,
                kind.name,
                kind.purpose,
                kind.to,
                kind.transactional,
                tuple(_state(kind, latest.get((kind.kind, each)), each) for each in kind.languages),
                None if kind.plugin is None else kind.plugin.id,
                None if kind.plugin is None else kind.plugin.name,
            )
            for kind in (*KINDS.values(), *await plugins.all())
        )
    )


@handles(ShowTemplate, action=Action.VIEW_TENANT)
async def show_template(
    query: ShowTemplate, *, saved: SavedTemplates, plugins: PluginKinds
) -> TemplateView:
    """Return one template. Raises TemplateNotFound."""
    kind = await kind_in(query.kind, query.language, plugins)
    return _view(kind, query.language, await saved.latest(kind.kind, query.language))


@handles(ListTemplateVersions, action=Action.VIEW_TENANT)
async def list_template_versions(
    query: ListTemplateVersions, *, saved: SavedTemplates, plugins: PluginKinds
) -> TemplateVersions:
    """Return the versions, newest first, down to the text that everybody starts with."""
    kind = await kind_in(query.kind, query.language, plugins)
    found = await saved.versions(kind.kind, query.language)
    first = kind.first_text(query.language)
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
    plugins: PluginKinds,
    clock: Clock,
    recorder: Recorder,
) -> TemplateView:
    """Save the next version; the same text again is none. Raises InvalidInput for each flaw."""
    source = Source(command.subject.strip(), command.body.replace("\r\n", "\n").strip() + "\n")
    kind = await kind_in(command.kind, command.language, plugins)
    flaws = flaws_of(source, kind)
    if flaws:
        raise InvalidInput(*map(told, flaws))
    before = await store.hold(command.kind, command.language)
    _expect(before, command.expected_version)
    present = source_of(kind, command.language, before)
    if source == present:
        return _view(kind, command.language, before)
    saved = _next(command, before, source, actor, clock)
    await store.add(saved)
    recorder.record(
        TemplateSaved(
            aggregate_id=actor.tenant_id,
            kind=saved.kind,
            language=saved.language,
            template_version=saved.version,
        ),
        before=present,
        after=source,
    )
    return _view(kind, command.language, saved)


@handles(ResetTemplate, action=Action.MANAGE_TENANT)
async def reset_template(
    command: ResetTemplate,
    *,
    actor: Actor,
    store: TemplateStore,
    plugins: PluginKinds,
    clock: Clock,
    recorder: Recorder,
) -> TemplateView:
    """Go back to the text that everybody starts with, as a version of its own."""
    kind = await kind_in(command.kind, command.language, plugins)
    before = await store.hold(command.kind, command.language)
    _expect(before, command.expected_version)
    if before is None or before.source is None:
        return _view(kind, command.language, before)
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
        after=kind.first_text(command.language),
    )
    return _view(kind, command.language, saved)


def _expect(before: Saved | None, expected: int | None) -> None:
    version = before.version if before else 0
    if expected not in {None, version}:
        raise TemplateChanged(
            "Somebody changed this template after you opened it. Load it again.",
            current_version=version,
        )


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


def _state(kind: Kind, saved: Saved | None, language: Language) -> LanguageState:
    if saved is None:
        return LanguageState(language, 0, is_default=True)
    return LanguageState(
        language,
        saved.version,
        saved.source is None,
        saved.saved_at,
        needs_attention=bool(outdated(kind, saved)),
    )


def _view(kind: Kind, language: Language, saved: Saved | None) -> TemplateView:
    source = source_of(kind, language, saved)
    return TemplateView(
        kind.kind,
        language,
        kind.name,
        kind.purpose,
        source.subject,
        source.body,
        saved is None or saved.source is None,
        saved.version if saved else 0,
        saved.saved_at if saved else None,
        saved.saved_by if saved else None,
        variable_views(kind),
        kind.languages,
        None if kind.plugin is None else kind.plugin.id,
        None if kind.plugin is None else kind.plugin.name,
        outdated(kind, saved),
    )
