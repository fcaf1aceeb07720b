"""The times of cron expressions, also where clocks change, and what is done about missed ones."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import uuid4

import pytest

from core.shared.clock import UtcDatetime
from core.shared.ids import TenantId
from core.shared.schedules import Missed, Schedule
from plugins.postgres.schedules import Due
from plugins.system.cron import last_time, next_time, times_after
from workers.scheduling import AT_ONCE, decide

BERLIN = "Europe/Berlin"


def at(text: str) -> UtcDatetime:
    return UtcDatetime(datetime.fromisoformat(text).replace(tzinfo=UTC))


def test_a_time_is_of_the_zones_wall_clock() -> None:
    winter = next_time("30 8 * * mon-fri", BERLIN, at("2027-01-08T12:00"))
    assert winter == at("2027-01-11T07:30")  # a Monday
    assert next_time("30 8 * * *", BERLIN, at("2027-07-08T12:00")) == at("2027-07-09T06:30")


def test_a_night_that_has_no_two_oclock_is_not_left_out() -> None:
    times = list(islice(times_after("30 2 * * *", BERLIN, at("2027-03-26T12:00")), 3))
    assert times == [at("2027-03-27T01:30"), at("2027-03-28T01:00"), at("2027-03-29T00:30")]


def test_a_night_with_two_of_them_counts_once() -> None:
    times = list(islice(times_after("30 2 * * *", BERLIN, at("2027-10-30T12:00")), 2))
    assert times == [at("2027-10-31T00:30"), at("2027-11-01T01:30")]


def test_the_last_time_may_be_just_now() -> None:
    assert last_time("0 6 * * *", "UTC", at("2027-01-08T06:00")) == at("2027-01-08T06:00")
    assert last_time("0 6 * * *", "UTC", at("2027-01-08T05:59")) == at("2027-01-07T06:00")


@pytest.mark.parametrize("cron", ["", "* * * *", "61 * * * *", "0 0 30 2 *", "every day"])
def test_what_never_comes_is_refused(cron: str) -> None:
    with pytest.raises(ValueError, match=r"cron expression|never comes"):
        next_time(cron, "UTC", at("2027-01-01T00:00"))


def due(missed: Missed, late: timedelta) -> tuple[list[datetime], datetime]:
    """What an hourly schedule that was due at noon does when somebody looks `late` after that."""
    noon = at("2027-01-08T12:00")
    schedule = Schedule(name="hourly", task="housekeeping", cron="0 * * * *", missed=missed)
    state = Due(TenantId(uuid4()), "hourly", "0 * * * * UTC", noon, UtcDatetime(noon + late))
    decision = decide(schedule, state)
    return [each.fire_at for each in decision.firings], decision.next_at


@pytest.mark.parametrize("missed", ["catch_up", "once", "skip"])
def test_what_was_not_missed_is_fired_whatever_is_done_about_missed_ones(missed: Missed) -> None:
    times, next_at = due(missed, timedelta(seconds=3))
    assert times == [at("2027-01-08T12:00")]
    assert next_at == at("2027-01-08T13:00")


def test_missed_times_are_caught_up_with_or_not() -> None:
    late = timedelta(hours=3, minutes=10)
    hours = [at(f"2027-01-08T{hour}:00") for hour in (12, 13, 14, 15)]
    assert due("catch_up", late) == (hours, at("2027-01-08T16:00"))
    assert due("once", late) == (hours[-1:], at("2027-01-08T16:00"))
    assert due("skip", late) == ([], at("2027-01-08T16:00"))


def test_a_long_absence_is_caught_up_with_in_parts() -> None:
    times, next_at = due("catch_up", timedelta(days=30))
    assert len(times) == AT_ONCE
    assert next_at == times[-1] + timedelta(hours=1)
    assert due("once", timedelta(days=30))[0] == [at("2027-02-07T12:00")]
