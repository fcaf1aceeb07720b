"""Making, changing and ending sources. Admins do; a secret is shown once and kept sealed."""

from datetime import timedelta

from core.ports.secrets import SecretPlace, Secrets
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import FieldError, InvalidInput
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.permissions import Action
from core.shared.usecase import handles
from core.status.contracts.sources import (
    MOST_SOURCES,
    ChangeSource,
    CreateSource,
    IssuedSource,
    ListSources,
    RevokeSource,
    RotateSource,
    ShowSource,
    SourceId,
    Sources,
    SourceView,
)
from core.status.errors import TooManySources
from core.status.events import SourceCreated, SourceEdited, SourceEnded, SourceRotated
from core.status.model import Source, clean_mapping
from core.status.ports import SourceQueries, SourceRepository
from core.status.signatures import make_secret


def place_of_secret(source_id: SourceId) -> SecretPlace:
    """Return where the present secret of a source is kept."""
    return SecretPlace("status_sources", source_id, "secret")


def place_of_previous(source_id: SourceId) -> SecretPlace:
    """Return where the secret before the present one is kept."""
    return SecretPlace("status_sources", source_id, "previous_secret")


@handles(ListSources, action=Action.MANAGE_TENANT)
async def list_sources(query: ListSources, *, sources: SourceQueries) -> Sources:  # noqa: ARG001 - the request has no fields
    """Return everybody who reports or reported."""
    return await sources.all()


@handles(ShowSource, action=Action.MANAGE_TENANT)
async def show_source(query: ShowSource, *, sources: SourceQueries) -> SourceView:
    """Return one."""
    return await sources.one(query.source_id)


@handles(CreateSource, action=Action.MANAGE_TENANT)
async def create_source(
    command: CreateSource,
    *,
    actor: Actor,
    sources: SourceRepository,
    secrets: Secrets,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> IssuedSource:
    """Make a source with a secret of its own."""
    name, mapping = _clean_name(command.name), clean_mapping(command.mapping)
    if await sources.count_active() >= MOST_SOURCES:
        raise TooManySources(f"A workspace has at most {MOST_SOURCES} sources. Revoke one first.")
    source_id = SourceId(ids.new())
    secret = make_secret(ids.token(32))
    source = Source(
        id=source_id,
        name=name,
        mapping=mapping,
        secret=await secrets.seal(place_of_secret(source_id), secret),
        created_at=clock.now(),
        created_by=actor.member_id,
    )
    await sources.add(source)
    recorder.record(SourceCreated(aggregate_id=source_id), after={"name": name, "mapping": mapping})
    return IssuedSource(source=await sources.view(source_id), secret=secret.reveal())


@handles(ChangeSource, action=Action.MANAGE_TENANT)
async def change_source(
    command: ChangeSource, *, sources: SourceRepository, recorder: Recorder
) -> SourceView:
    """Change the name, or what statuses stand for from now on."""
    source = await sources.get(command.source_id)
    source.expect(command.expected_version)
    source.require_active()
    before = {"name": source.name, "mapping": dict(source.mapping)}
    if isinstance(command.name, str):
        source.name = _clean_name(command.name)
    if isinstance(command.mapping, dict):
        source.mapping = clean_mapping(command.mapping)
    after = {"name": source.name, "mapping": source.mapping}
    if after != before:
        await sources.save(source)
        recorder.record(SourceEdited(aggregate_id=source.id), before=before, after=after)
    return await sources.view(source.id)


@handles(RotateSource, action=Action.MANAGE_TENANT)
async def rotate_source(
    command: RotateSource,
    *,
    sources: SourceRepository,
    secrets: Secrets,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> IssuedSource:
    """Give it a new secret; the present one stays good for the grace period."""
    source = await sources.get(command.source_id)
    source.require_active()
    present = await secrets.open(place_of_secret(source.id), source.secret)
    secret = make_secret(ids.token(32))
    source.rotate(
        await secrets.seal(place_of_secret(source.id), secret),
        await secrets.seal(place_of_previous(source.id), present),
        timedelta(seconds=command.grace_seconds),
        clock.now(),
    )
    await sources.save(source)
    recorder.record(
        SourceRotated(aggregate_id=source.id), after={"previous_until": source.previous_until}
    )
    return IssuedSource(source=await sources.view(source.id), secret=secret.reveal())


@handles(RevokeSource, action=Action.MANAGE_TENANT)
async def revoke_source(
    command: RevokeSource, *, sources: SourceRepository, clock: Clock, recorder: Recorder
) -> None:
    """End it at once; doing so again changes nothing."""
    source = await sources.get(command.source_id)
    if source.revoke(clock.now()):
        await sources.save(source)
        recorder.record(SourceEnded(aggregate_id=source.id))


def _clean_name(name: str) -> str:
    clean = " ".join(name.split())
    if not clean:
        raise InvalidInput(FieldError("name", "Say who reports.", "required"))
    return clean
