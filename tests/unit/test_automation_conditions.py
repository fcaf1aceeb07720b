"""Tables of what conditions of own rules hold for, and of when mails go out around quiet hours."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
import pytest

from core.applications.contracts import ApplicationId
from core.automations.contracts import Trigger
from core.automations.definition import (
    ACTIONS,
    CONDITIONS,
    TRIGGERS,
    CandidateTemplate,
    Condition,
    IfAnswer,
    IfAssignee,
    IfDaysInStage,
    IfDepartment,
    IfJob,
    IfLanguage,
    IfLocation,
    IfSource,
    IfStage,
    IfTag,
    RuleDefinition,
)
from core.automations.facts import Facts, first_that_fails, holds
from core.automations.quiet import QuietTimes, time_to_send
from core.candidates.contracts import CandidateId
from core.jobs.contracts import JobId, QuestionId, StageId
from core.shared.clock import UtcDatetime
from core.templates.kinds import KINDS
from plugins.system.time_zones import zone_of_number, zone_of_place
from tests.fixtures.examined import Examined

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
JOB, QUESTION, OTHER = JobId(uuid4()), QuestionId(uuid4()), uuid4()
FACTS = Facts(
    application_id=ApplicationId(uuid4()),
    candidate_id=CandidateId(uuid4()),
    candidate_name="Ada",
    address="ada@example.com",
    candidate_location=None,
    phones=(),
    tags=("Top Talent",),
    language="de",
    job_id=JOB,
    job_title="Engineer",
    department="Research  and Development",
    job_location="Berlin, Germany",
    questions={QUESTION: "Salary?", OTHER: "Other"},
    answers={},
    stage_id=StageId(uuid4()),
    stage_name="Phone Screen",
    stage_entered_at=NOW - timedelta(days=7),
    disposition="active",
    source="careers",
    assignee_id=None,
)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (IfJob(job_ids=(JOB,)), True),
        (IfJob(job_ids=(JobId(uuid4()),)), False),
        (IfDepartment(departments=("sales", "research and development")), True),
        (IfDepartment(departments=("research",)), False),
        (IfLocation(locations=("berlin",)), True),
        (IfLocation(locations=("Munich",)), False),
        (IfStage(stages=("PHONE screen",)), True),
        (IfStage(stages=("Phone",)), False),
        (IfSource(sources=("careers", "referral")), True),
        (IfSource(sources=("agency",)), False),
        (IfTag(tag_name="top talent"), True),
        (IfTag(tag_name="top talent", has=False), False),
        (IfTag(tag_name="blocked", has=False), True),
        (IfLanguage(languages=("de",)), True),
        (IfLanguage(languages=("en", "fr")), False),
        (IfAssignee(has=True), False),
        (IfAssignee(has=False), True),
        (IfDaysInStage(at_least=7), True),
        (IfDaysInStage(at_least=8), False),
    ],
)
def test_conditions_hold_or_not(condition: Condition, expected: bool) -> None:
    assert holds(condition, FACTS, NOW) is expected


@pytest.mark.parametrize(
    ("answer", "operator", "value", "expected"),
    [
        (True, "is", "yes", True),
        (True, "is", "true", True),
        (True, "is", "no", False),
        (False, "is", "no", True),
        (False, "is", "nein", True),
        (3, "is", "3", True),
        (3.5, "is", "3,5", True),
        (3, "is", "4", False),
        (3, "is", "three", False),
        ("Remote", "equals", "remote", True),
        ("Remote  only", "equals", "remote ONLY", True),
        ("Remote only", "equals", "remote", False),
        ("Remote only", "contains", "REMOTE", True),
        ("On site", "contains", "remote", False),
        (True, "contains", "true", False),
        (None, "is", "no", False),
    ],
)
def test_answers_are_compared_as_people_write(
    answer: Any, operator: Any, value: str, expected: bool
) -> None:
    answers = {} if answer is None else {QUESTION: answer}
    facts = msgspec.structs.replace(FACTS, answers=answers)
    for condition in (
        IfAnswer(operator=operator, value=value, question=" salary? "),
        IfAnswer(operator=operator, value=value, question_id=QUESTION),
    ):
        assert holds(condition, facts, NOW) is expected
    elsewhere = IfAnswer(operator=operator, value=value, question="Other")
    assert not holds(elsewhere, facts, NOW)


def test_all_of_them_must_hold() -> None:
    yes, no = IfAssignee(has=False), IfTag(tag_name="blocked")
    assert first_that_fails((), FACTS, NOW) is None
    assert first_that_fails((yes, yes), FACTS, NOW) is None
    assert first_that_fails((yes, no, yes), FACTS, NOW) is no


def test_the_parts_are_whole() -> None:
    assert set(TRIGGERS) == set(get_args(Trigger))
    assert len(CONDITIONS) == len(set(CONDITIONS)) == 10
    assert set(ACTIONS) == {"send", "notify", "assign", "note", "tag", "move"}
    theirs = {name for name, kind in KINDS.items() if kind.to == "candidate"}
    assert set(get_args(CandidateTemplate)) == theirs


def test_a_definition_comes_back_as_it_was_kept() -> None:
    given = {
        "name": "Rule",
        "when": {"event": "stage_reached", "stage_name": "Offer", "stage_id": None},
        "conditions": ({"type": "tag", "tag_name": "x", "has": True},),
        "delay_minutes": 5,
        "action": {"do": "send", "template": "offer"},
    }
    assert msgspec.to_builtins(msgspec.convert(given, RuleDefinition)) == given
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(given | {"action": {"do": "reject"}}, RuleDefinition)


BERLIN, NEW_YORK, LORD_HOWE = (
    ZoneInfo("Europe/Berlin"),
    ZoneInfo("America/New_York"),
    ZoneInfo("Australia/Lord_Howe"),
)
NIGHT = QuietTimes("20:00", "08:00")


def at(zone: ZoneInfo, text: str, fold: int = 0) -> UtcDatetime:
    return UtcDatetime(datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC))


@pytest.mark.parametrize(
    ("zone", "due", "sent"),
    [
        (BERLIN, "2026-11-21T19:59", "2026-11-21T19:59"),
        (BERLIN, "2026-11-21T20:00", "2026-11-22T08:00"),
        (BERLIN, "2026-11-22T03:00", "2026-11-22T08:00"),
        (BERLIN, "2026-11-22T08:00", "2026-11-22T08:00"),
        # The nights in which clocks change, in both directions.
        (BERLIN, "2026-03-28T22:00", "2026-03-29T08:00"),
        (BERLIN, "2026-10-24T22:00", "2026-10-25T08:00"),
        (NEW_YORK, "2026-03-07T22:00", "2026-03-08T08:00"),
        (NEW_YORK, "2026-10-31T22:00", "2026-11-01T08:00"),
        (LORD_HOWE, "2026-04-04T22:00", "2026-04-05T08:00"),
        (LORD_HOWE, "2026-10-03T22:00", "2026-10-04T08:00"),
    ],
)
def test_quiet_hours_hold_until_the_clock_there_says_so(
    zone: ZoneInfo, due: str, sent: str
) -> None:
    instant = at(zone, due)
    assert time_to_send(NIGHT, zone, instant, instant) == at(zone, sent)
    assert time_to_send(None, zone, instant, instant) == instant


@pytest.mark.parametrize(
    ("zone", "night", "hours"),
    [
        (BERLIN, "2026-03-28", 11),
        (BERLIN, "2026-10-24", 13),
        (NEW_YORK, "2026-03-07", 11),
        (NEW_YORK, "2026-10-31", 13),
        (LORD_HOWE, "2026-04-04", 12.5),
        (LORD_HOWE, "2026-10-03", 11.5),
    ],
)
def test_every_minute_of_such_a_night_is_held_to_the_same_end(
    zone: ZoneInfo, night: str, hours: float, examined: Examined
) -> None:
    begin = at(zone, f"{night}T20:00")
    end = begin + timedelta(hours=hours)
    ends = set()
    for minute in range(int(hours * 60)):
        due = UtcDatetime(begin + timedelta(minutes=minute))
        ends.add(time_to_send(NIGHT, zone, due, due))
    assert ends == {end}
    assert end.astimezone(zone).strftime("%H:%M") == "08:00"
    assert time_to_send(NIGHT, zone, UtcDatetime(end), UtcDatetime(end)) == end
    examined("minutes of a night", int(hours * 60))


@pytest.mark.parametrize(
    ("starts", "due", "sent"),
    [
        # A day ahead, in the night: in the morning there is still time enough.
        ("2026-11-23T02:00", "2026-11-22T02:00", "2026-11-22T08:00"),
        # An hour ahead of 8:15: in the morning it would be too late, so the evening before.
        ("2026-11-22T08:15", "2026-11-22T07:15", "2026-11-21T20:00"),
        # Two hours ahead of 9:00: an hour is left when the night ends.
        ("2026-11-22T09:00", "2026-11-22T07:00", "2026-11-22T08:00"),
        ("2026-11-22T07:30", "2026-11-22T06:30", "2026-11-21T20:00"),
        ("2026-11-22T15:00", "2026-11-22T14:00", "2026-11-22T14:00"),
    ],
)
def test_reminders_that_would_lose_their_sense_come_before_the_night(
    starts: str, due: str, sent: str
) -> None:
    now = at(BERLIN, "2026-11-21T12:00")
    reminded = time_to_send(
        NIGHT, BERLIN, at(BERLIN, due), now, at(BERLIN, starts), is_reminder=True
    )
    assert reminded == at(BERLIN, sent)


def test_nothing_about_an_interview_is_held_until_it_has_begun() -> None:
    """Planned in the night, with no evening before it left."""
    now = at(BERLIN, "2026-11-21T23:00")
    due = at(BERLIN, "2026-11-22T06:30")
    starts = at(BERLIN, "2026-11-22T07:30")
    assert time_to_send(NIGHT, BERLIN, due, now, starts, is_reminder=True) == due
    assert time_to_send(NIGHT, BERLIN, now, now, starts) == now
    late = at(BERLIN, "2026-11-22T08:15")
    held = time_to_send(NIGHT, BERLIN, at(BERLIN, "2026-11-22T07:15"), now, late, is_reminder=True)
    assert held == at(BERLIN, "2026-11-22T08:00"), "held, and still before it begins"


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, LORD_HOWE])
@pytest.mark.parametrize("month", [3, 4, 10, 11])
def test_reminders_a_day_ahead_keep_their_instant(zone: ZoneInfo, month: int) -> None:
    """By day, whatever the clocks did in the night between."""
    for day in range(1, 30):
        starts = at(zone, f"2026-{month:02}-{day:02}T15:00")
        due = UtcDatetime(starts - timedelta(hours=24))
        now = UtcDatetime(due - timedelta(days=3))
        assert time_to_send(NIGHT, zone, due, now, starts, is_reminder=True) == due


@pytest.mark.parametrize(
    ("place", "zone"),
    [
        ("Berlin, Germany", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("Remote (Lord Howe)", "Australia/Lord_Howe"),
        ("Buenos Aires", "America/Argentina/Buenos_Aires"),
        ("Bielefeld", None),
        ("", None),
    ],
)
def test_cities_tell_zones(place: str, zone: str | None) -> None:
    found = zone_of_place(place)
    assert (found.key if found else None) == zone


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+49301234567", "Europe/Berlin"),
        ("+12125550123", "America/New_York"),
        ("+33142685300", "Europe/Paris"),
        ("nonsense", None),
    ],
)
def test_numbers_tell_zones(number: str, zone: str | None) -> None:
    found = zone_of_number(number)
    assert (found.key if found else None) == zone
