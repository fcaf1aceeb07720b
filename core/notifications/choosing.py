"""Choosing what to hear of and by which channel, for oneself and, as an admin, for everybody."""

from collections.abc import Sequence
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import UNSET, UnsetType

from core.notifications.chat_ports import ChatChannel, ChatPostman
from core.notifications.contracts import (
    ChangeDefaults,
    ChangeSettings,
    NotificationDefaults,
    NotificationSettings,
    NotificationType,
    QuietHours,
    ShowDefaults,
    ShowSettings,
    TypeChoice,
    TypeDefault,
)
from core.notifications.events import NotificationDefaultsChanged, NotificationSettingsChanged
from core.notifications.ports import PreferenceQueries, PreferenceRepository
from core.notifications.preferences import (
    ChatRules,
    Choice,
    Defaults,
    Preferences,
    cadence_of,
    hears,
    settings_of,
)
from core.notifications.reach import owner_of, reach_of
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import FieldError, InvalidInput
from core.shared.events import Recorder
from core.shared.permissions import Action
from core.shared.tenant import TenantContext
from core.shared.usecase import handles

V = TypeVar("V")


@handles(ShowSettings, action=Action.OWN_ACCOUNT)
async def show_settings(
    query: ShowSettings,  # noqa: ARG001 - it has no fields
    *,
    actor: Actor,
    tenant: TenantContext,
    preferences: PreferenceQueries,
) -> NotificationSettings:
    """Return what the actor hears of."""
    own, defaults = await preferences.of(owner_of(actor)), await preferences.defaults()
    return _settings(own, defaults, actor, tenant)


@handles(ChangeSettings, action=Action.OWN_ACCOUNT)
async def change_settings(
    command: ChangeSettings,
    *,
    actor: Actor,
    tenant: TenantContext,
    preferences: PreferenceRepository,
    clock: Clock,
    recorder: Recorder,
) -> NotificationSettings:
    """Keep what the actor chose. Raises InvalidInput for what an admin decided otherwise."""
    owner = owner_of(actor)
    own, defaults = await preferences.of(owner), await preferences.defaults()
    _require_free(command, own, defaults)
    digest = _given(command.digest, own.digest)
    changed = Preferences(
        choices=_merged(own.choices, [t for t in command.types if not defaults.locks(t.type)]),
        quiet_hours=own.quiet_hours
        if command.quiet_hours is UNSET
        else _checked(command.quiet_hours, "quiet_hours"),
        pop_ups=_given(command.pop_ups, own.pop_ups),
        digest=digest,
        escalate_after_hours=_given(command.escalate_after_hours, own.escalate_after_hours),
    )
    if digest.zone is not None and not _is_zone(digest.zone):
        raise InvalidInput(_unknown_zone("digest.zone"))
    if changed != own:
        await preferences.save(owner, changed, clock.now())
        recorder.record(
            NotificationSettingsChanged(aggregate_id=owner, member_id=owner),
            before=own,
            after=changed,
        )
    return _settings(changed, defaults, actor, tenant)


@handles(ShowDefaults, action=Action.MANAGE_TENANT)
async def show_defaults(
    query: ShowDefaults,  # noqa: ARG001 - it has no fields
    *,
    preferences: PreferenceQueries,
    postman: ChatPostman,
) -> NotificationDefaults:
    """Return what the workspace decided."""
    return _decided(await preferences.defaults(), await postman.channels())


@handles(ChangeDefaults, action=Action.MANAGE_TENANT)
async def change_defaults(
    command: ChangeDefaults,
    *,
    actor: Actor,
    preferences: PreferenceRepository,
    postman: ChatPostman,
    clock: Clock,
    recorder: Recorder,
) -> NotificationDefaults:
    """Keep what the workspace decided."""
    known = await preferences.defaults()
    locked = set(known.locked)
    for each in command.types:
        if each.locked is not UNSET:
            (locked.add if each.locked else locked.discard)(each.type)
    chat = known.chat
    changed = Defaults(
        choices=_merged(known.choices, command.types),
        locked=sorted(locked),
        escalate_after_hours=_given(command.escalate_after_hours, known.escalate_after_hours),
        chat=ChatRules(
            names=_given(command.chat_names, chat.names),
            escalations=_given(command.chat_escalations, chat.escalations),
            quiet_hours=chat.quiet_hours
            if command.chat_quiet_hours is UNSET
            else _checked(command.chat_quiet_hours, "chat_quiet_hours"),
        ),
    )
    if changed != known:
        await preferences.save_defaults(changed, clock.now())
        recorder.record(
            NotificationDefaultsChanged(aggregate_id=actor.tenant_id), before=known, after=changed
        )
    return _decided(changed, await postman.channels())


def _require_free(command: ChangeSettings, own: Preferences, defaults: Defaults) -> None:
    locked = [
        FieldError(f"types.{number}.{channel}", "Your workspace has decided this.", "locked")
        for number, each in enumerate(command.types)
        for channel, chosen in _chosen(each).items()
        if defaults.locks(each.type) and chosen != _present(channel, each.type, own, defaults)
    ]
    if locked:
        raise InvalidInput(*locked)


def _present(channel: str, kind: NotificationType, own: Preferences, defaults: Defaults) -> Choice:
    if channel == "email":
        return cadence_of(kind, own, defaults)
    return hears(kind, own, defaults, "push" if channel == "push" else "in_app")


def _chosen(choice: TypeChoice | TypeDefault) -> dict[str, Choice]:
    """Return what is chosen of a type, by channel; whether it is locked is kept elsewhere."""
    given = {
        name: getattr(choice, name)
        for name in choice.__struct_fields__
        if name not in ("type", "locked")
    }
    return {name: value for name, value in given.items() if value is not UNSET}


def _merged(
    known: dict[str, dict[str, Choice]], changes: "list[TypeChoice] | tuple[TypeDefault, ...]"
) -> dict[str, dict[str, Choice]]:
    merged = dict(known)
    for each in changes:
        merged[each.type] = merged.get(each.type, {}) | _chosen(each)
    return merged


def _given(value: V | UnsetType, known: V) -> V:
    return known if isinstance(value, UnsetType) else value


def _settings(
    own: Preferences, defaults: Defaults, actor: Actor, tenant: TenantContext
) -> NotificationSettings:
    """Return the settings of those types that the actor can be told of at all."""
    reached = reach_of(actor).types
    return NotificationSettings(
        types=tuple(each for each in settings_of(own, defaults) if each.type in reached),
        quiet_hours=own.quiet_hours,
        pop_ups=own.pop_ups,
        digest=own.digest,
        digest_zone=own.zone(tenant.time_zone),
        escalate_after_hours=own.escalate_after_hours,
        workspace_escalates_after_hours=defaults.escalate_after_hours,
    )


def _decided(defaults: Defaults, channels: Sequence[ChatChannel]) -> NotificationDefaults:
    return NotificationDefaults(
        types=settings_of(Preferences(), defaults),
        escalate_after_hours=defaults.escalate_after_hours,
        chat_names=defaults.chat.names,
        chat_escalations=defaults.chat.escalations,
        chat_quiet_hours=defaults.chat.quiet_hours,
        chats=tuple(each.name for each in channels),
    )


def _checked(hours: QuietHours | None, field: str) -> QuietHours | None:
    if hours is None:
        return None
    wrong: list[FieldError] = []
    if not _is_zone(hours.zone):
        wrong.append(_unknown_zone(f"{field}.zone"))
    if hours.starts == hours.ends:
        text = "Quiet hours must end at another time than they begin."
        wrong.append(FieldError(f"{field}.ends", text))
    if wrong:
        raise InvalidInput(*wrong)
    return hours


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _unknown_zone(field: str) -> FieldError:
    message = "No time zone has this name. Choose one that is offered, such as Europe/Berlin."
    return FieldError(field, message, "unknown_zone")
