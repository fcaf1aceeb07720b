"""Reading one's inbox, marking what was read, and choosing what to hear of."""

from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import UnsetType

from core.notifications.contracts import (
    Badge,
    ChangeDefaults,
    ChangeSettings,
    Channel,
    Inbox,
    ListNotifications,
    MarkedNotifications,
    MarkRead,
    MarkSeen,
    NotificationDefaults,
    NotificationSettings,
    PruneNotifications,
    QuietHours,
    ShowBadge,
    ShowDefaults,
    ShowSettings,
    TypeChoice,
    TypeDefault,
)
from core.notifications.events import (
    NotificationDefaultsChanged,
    NotificationSettingsChanged,
    NotificationsPruned,
    NotificationsRead,
    NotificationsSeen,
)
from core.notifications.ports import (
    InboxQueries,
    InboxRepository,
    PreferenceQueries,
    PreferenceRepository,
)
from core.notifications.preferences import Defaults, Preferences, hears, settings_of
from core.notifications.reach import owner_of, reach_of
from core.shared.actor import Actor
from core.shared.clock import Clock, to_utc
from core.shared.errors import FieldError, InvalidInput
from core.shared.events import Recorder
from core.shared.permissions import Action
from core.shared.schedules import schedule
from core.shared.usecase import handles

KEPT_AFTER_READING: Final = timedelta(days=90)
KEPT: Final = timedelta(days=180)
"""How long notifications are kept, read or not."""

schedule("notifications_pruning", task="prune_notifications", cron="41 3 * * *")


@handles(ListNotifications, action=Action.OWN_ACCOUNT)
async def list_notifications(
    query: ListNotifications, *, actor: Actor, inbox: InboxQueries
) -> Inbox:
    """Return a page of the actor's inbox."""
    return await inbox.page(owner_of(actor), reach_of(actor), query)


@handles(ShowBadge, action=Action.OWN_ACCOUNT)
async def show_badge(
    query: ShowBadge,  # noqa: ARG001 - it has no fields
    *,
    actor: Actor,
    inbox: InboxQueries,
) -> Badge:
    """Return what the bell shows."""
    return await inbox.badge(owner_of(actor), reach_of(actor))


@handles(MarkRead, action=Action.OWN_ACCOUNT)
async def mark_read(
    command: MarkRead, *, actor: Actor, inbox: InboxRepository, clock: Clock, recorder: Recorder
) -> MarkedNotifications:
    """Mark as read what the command names; what isn't the actor's isn't there."""
    owner = owner_of(actor)
    changed = await inbox.mark_read(
        owner,
        clock.now(),
        ids=command.ids,
        up_to=None if command.up_to is None else to_utc(command.up_to, "up_to"),
        type=command.type,
    )
    unread = await inbox.unread(owner, reach_of(actor))
    if changed:
        recorder.record(NotificationsRead(aggregate_id=owner, member_id=owner, unread=unread))
    return MarkedNotifications(changed, unread)


@handles(MarkSeen, action=Action.OWN_ACCOUNT)
async def mark_seen(
    command: MarkSeen, *, actor: Actor, inbox: InboxRepository, clock: Clock, recorder: Recorder
) -> MarkedNotifications:
    """Note that the actor has looked at the inbox."""
    owner = owner_of(actor)
    up_to = None if command.up_to is None else to_utc(command.up_to, "up_to")
    changed = await inbox.mark_seen(owner, clock.now(), up_to)
    if changed:
        recorder.record(NotificationsSeen(aggregate_id=owner, member_id=owner))
    return MarkedNotifications(changed, await inbox.unread(owner, reach_of(actor)))


@handles(ShowSettings, action=Action.OWN_ACCOUNT)
async def show_settings(
    query: ShowSettings,  # noqa: ARG001 - it has no fields
    *,
    actor: Actor,
    preferences: PreferenceQueries,
) -> NotificationSettings:
    """Return what the actor hears of."""
    own, defaults = await preferences.of(owner_of(actor)), await preferences.defaults()
    return _settings(own, defaults, actor)


@handles(ChangeSettings, action=Action.OWN_ACCOUNT)
async def change_settings(
    command: ChangeSettings,
    *,
    actor: Actor,
    preferences: PreferenceRepository,
    clock: Clock,
    recorder: Recorder,
) -> NotificationSettings:
    """Keep what the actor chose. Raises InvalidInput for what an admin decided otherwise."""
    owner = owner_of(actor)
    own, defaults = await preferences.of(owner), await preferences.defaults()
    locked = [
        FieldError(f"types.{number}.{channel}", "Your workspace has decided this.", "locked")
        for number, each in enumerate(command.types)
        for channel, chosen in _given(each).items()
        if defaults.locks(each.type) and chosen != hears(each.type, own, defaults, channel)
    ]
    if locked:
        raise InvalidInput(*locked)
    choices = own.choices | {
        each.type: own.choices.get(each.type, {}) | _given(each)
        for each in command.types
        if not defaults.locks(each.type)
    }
    changed = Preferences(
        choices=choices,
        quiet_hours=own.quiet_hours
        if command.quiet_hours is msgspec.UNSET
        else _checked(command.quiet_hours),
        pop_ups=own.pop_ups if command.pop_ups is msgspec.UNSET else command.pop_ups,
    )
    if changed != own:
        await preferences.save(owner, changed, clock.now())
        recorder.record(
            NotificationSettingsChanged(aggregate_id=owner, member_id=owner),
            before=own,
            after=changed,
        )
    return _settings(changed, defaults, actor)


@handles(ShowDefaults, action=Action.MANAGE_TENANT)
async def show_defaults(
    query: ShowDefaults,  # noqa: ARG001 - it has no fields
    *,
    preferences: PreferenceQueries,
) -> NotificationDefaults:
    """Return what the workspace decided."""
    return NotificationDefaults(settings_of(Preferences(), await preferences.defaults()))


@handles(ChangeDefaults, action=Action.MANAGE_TENANT)
async def change_defaults(
    command: ChangeDefaults,
    *,
    actor: Actor,
    preferences: PreferenceRepository,
    clock: Clock,
    recorder: Recorder,
) -> NotificationDefaults:
    """Keep what the workspace decided."""
    known = await preferences.defaults()
    locked = set(known.locked)
    for each in command.types:
        if each.locked is not msgspec.UNSET:
            (locked.add if each.locked else locked.discard)(each.type)
    changed = Defaults(
        choices=known.choices
        | {each.type: known.choices.get(each.type, {}) | _given(each) for each in command.types},
        locked=sorted(locked),
    )
    if changed != known:
        await preferences.save_defaults(changed, clock.now())
        recorder.record(
            NotificationDefaultsChanged(aggregate_id=actor.tenant_id), before=known, after=changed
        )
    return NotificationDefaults(settings_of(Preferences(), changed))


@handles(PruneNotifications, action=Action.MANAGE_TENANT)
async def prune_notifications(
    command: PruneNotifications,  # noqa: ARG001 - it has no fields
    *,
    actor: Actor,
    inbox: InboxRepository,
    clock: Clock,
    recorder: Recorder,
) -> int:
    """Delete what is old enough."""
    rows = await inbox.prune(KEPT_AFTER_READING, KEPT, clock.now())
    if rows:
        recorder.record(NotificationsPruned(aggregate_id=actor.tenant_id, rows=rows))
    return rows


def _given(choice: TypeChoice | TypeDefault) -> dict[Channel, bool]:
    given: dict[Channel, bool | UnsetType] = {"in_app": choice.in_app, "push": choice.push}
    return {name: value for name, value in given.items() if value is not msgspec.UNSET}


def _settings(own: Preferences, defaults: Defaults, actor: Actor) -> NotificationSettings:
    """Return the settings of those types that the actor can be told of at all."""
    reached = reach_of(actor).types
    return NotificationSettings(
        types=tuple(each for each in settings_of(own, defaults) if each.type in reached),
        quiet_hours=own.quiet_hours,
        pop_ups=own.pop_ups,
    )


def _checked(hours: QuietHours | None) -> QuietHours | None:
    if hours is None:
        return None
    wrong: list[FieldError] = []
    try:
        ZoneInfo(hours.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        wrong.append(FieldError("quiet_hours.zone", "No time zone has this name.", "unknown_zone"))
    if hours.starts == hours.ends:
        wrong.append(
            FieldError("quiet_hours.ends", "Quiet hours must end at another time than they begin.")
        )
    if wrong:
        raise InvalidInput(*wrong)
    return hours
