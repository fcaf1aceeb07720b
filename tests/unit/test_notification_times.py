"""When e-mail about notifications is due, by the wall clock, through a whole year in four zones.

Each zone has both nights in which clocks change: Lord Howe by half an hour, Berlin and New York at
different moments, Santiago at midnight itself.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from core.notifications import quiet
from core.notifications.contracts import Cadence, DigestTime, QuietHours
from core.notifications.preferences import (
    Defaults,
    Preferences,
    cadence_of,
    escalation_hours,
    refuses_mail,
)
from core.notifications.quiet import due_at, held, is_quiet
from core.shared.clock import UtcDatetime
from core.tenancy.quota_watch import threshold_of
from tests.fixtures.examined import Examined

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago")
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
AROUND = timedelta(hours=36)


def nights(zone: str) -> list[datetime]:
    """The moments at which a zone changes its clocks, to the hour."""
    clock = ZoneInfo(zone)
    hours = [BEGIN + timedelta(hours=each) for each in range(365 * 24)]
    changes = pairwise((hour, hour.astimezone(clock).utcoffset()) for hour in hours)
    found = [later for (_, before), (later, after) in changes if before != after]
    assert len(found) == 2, "two nights a year"
    return found


def dense(zone: str) -> Iterator[UtcDatetime]:
    """Every ten minutes of some days around both nights, one after the other."""
    for night in nights(zone):
        for step in range(2 * AROUND // timedelta(minutes=10)):
            yield UtcDatetime(night - AROUND + timedelta(minutes=10) * step)


def moments(zone: str) -> Iterator[UtcDatetime]:
    """Every few hours of a year, and the days around both nights closely, in their order."""
    every = {UtcDatetime(BEGIN + timedelta(hours=4) * each) for each in range(365 * 6)}
    yield from sorted(every | set(dense(zone)))


def digests(cadence: Cadence, hour: int, zone: str) -> list[datetime]:
    """Every time at which something that happened in the year is due, on the wall clock."""
    when = DigestTime(hour=hour, weekday="sun")
    found: dict[datetime, None] = {}
    last = datetime.min.replace(tzinfo=UTC)
    for now in moments(zone):
        at = due_at(cadence, when, zone, now)
        assert at > now, "never in the past"
        assert at >= last, "what comes later isn't due earlier"
        found[at], last = None, at
    return [at.astimezone(ZoneInfo(zone)) for at in found]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("hour", [0, 2, 8])
def test_daily_digests_come_once_a_day_at_their_hour(
    zone: str, hour: int, examined: Examined
) -> None:
    walls = digests("daily", hour, zone)
    assert len({wall.date() for wall in walls}) == len(walls), "one a day"
    assert 364 <= len(walls) <= 366
    odd = [wall for wall in walls if (wall.hour, wall.minute) != (hour, 0)]
    # An hour that a night skips: the moment that would have been, which shows half or one more.
    assert len(odd) <= 1
    assert all(wall.utcoffset() != (wall - timedelta(hours=2)).utcoffset() for wall in odd)
    examined("digests", len(walls))


@pytest.mark.parametrize("zone", ZONES)
def test_weekly_digests_come_once_a_week(zone: str, examined: Examined) -> None:
    walls = digests("weekly", 2, zone)  # On Sundays, when clocks change.
    assert {wall.weekday() for wall in walls} == {6}
    days = [wall.date() for wall in walls]
    assert {(b - a).days for a, b in pairwise(days)} == {7}
    examined("digests", len(walls))


@pytest.mark.parametrize("zone", ZONES)
def test_hourly_digests_come_at_full_hours(zone: str, examined: Examined) -> None:
    when = DigestTime()
    found = [due_at("hourly", when, zone, now) for now in dense(zone)]
    assert all(at > now for at, now in zip(found, dense(zone), strict=True))
    walls = {at: at.astimezone(ZoneInfo(zone)) for at in found}
    assert {wall.minute for wall in walls.values()} == {0}
    gaps = {b - a for a, b in pairwise(sorted(walls)) if b - a < timedelta(days=1)}
    assert gaps <= {timedelta(minutes=minutes) for minutes in (30, 60, 90)}
    examined("digests", len(walls))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("cadence", [each for each in get_args(Cadence) if each != "off"])
def test_quiet_hours_hold_every_channel_and_drop_nothing(
    cadence: Cadence, zone: str, examined: Examined
) -> None:
    hours = QuietHours(starts="22:30", ends="02:30", zone=zone)
    when = DigestTime(hour=23, weekday="sat")
    held_ones = 0
    for now in moments(zone):
        due = due_at(cadence, when, zone, now)
        sent = held(hours, due)
        assert not is_quiet(hours, sent)
        assert timedelta(0) <= sent - due <= timedelta(hours=5)
        held_ones += sent != due
    assert held_ones > 50
    examined("held", held_ones)


def test_a_digest_that_counts_24_hours_is_found(
    monkeypatch: pytest.MonkeyPatch, examined: Examined
) -> None:
    """The planted defect: the next day is 24 hours from now, whatever the clocks do."""

    def naive(wall: object, _weekday: object, _zone: object, now: UtcDatetime) -> UtcDatetime:
        first = UtcDatetime(datetime(2026, 1, 1, 7, tzinfo=UTC))  # 8:00 in Berlin
        return UtcDatetime(first + timedelta(days=(now - first) // timedelta(days=1) + 1))

    monkeypatch.setattr(quiet, "_next_time", naive)
    odd = [wall for wall in digests("daily", 8, "Europe/Berlin") if wall.hour != 8]
    assert len(odd) > 200
    examined("digests at the wrong hour", len(odd))


def test_what_holds_of_e_mail() -> None:
    nobody, undecided = Preferences(), Defaults()
    assert cadence_of("assignment", nobody, undecided) == "at_once"
    assert cadence_of("new_application", nobody, undecided) == "daily"
    assert cadence_of("feedback", nobody, undecided) == "off"
    decided = Defaults(choices={"assignment": {"email": "hourly"}, "feedback": {"in_app": True}})
    own = Preferences(choices={"assignment": {"email": "off"}, "mention": {"email": "weekly"}})
    assert cadence_of("assignment", own, decided) == "off"
    assert cadence_of("mention", own, decided) == "weekly"
    locked = Defaults(choices=decided.choices, locked=["assignment", "mention"])
    assert cadence_of("assignment", own, locked) == "hourly"
    assert cadence_of("mention", own, locked) == "at_once"
    # Only what somebody said counts as a refusal: what is off by itself may come in the end.
    assert refuses_mail("assignment", own, decided)
    assert not refuses_mail("assignment", own, locked)
    assert not refuses_mail("feedback", nobody, undecided)
    assert refuses_mail("mention", nobody, Defaults(choices={"mention": {"email": "off"}}))


def test_what_holds_of_escalation() -> None:
    wanted = Defaults(escalate_after_hours=4)
    assert escalation_hours(Preferences(), Defaults()) == 0
    assert escalation_hours(Preferences(escalate_after_hours=2), Defaults()) == 0
    assert escalation_hours(Preferences(), wanted) == 4
    assert escalation_hours(Preferences(escalate_after_hours=24), wanted) == 24
    assert escalation_hours(Preferences(escalate_after_hours=0), wanted) == 0
    assert wanted.escalates("assignment")
    assert not wanted.escalates("feedback")
    assert Defaults(choices={"feedback": {"escalates": True}}).escalates("feedback")
    assert not wanted.posts("assignment"), "the chat gets nothing by itself"


@pytest.mark.parametrize(
    ("used", "limit", "reached"),
    [(0, 10, None), (7, 10, None), (8, 10, 80), (9, 10, 80), (10, 10, 100), (2, 2, 100),
     (1, 2, None), (2, 3, None), (400, 500, 80), (5, None, None), (0, 0, None), (12, 10, 100)],
)  # fmt: skip
def test_thresholds_of_quotas(used: int, limit: int | None, reached: int | None) -> None:
    assert threshold_of(used, limit) == reached
