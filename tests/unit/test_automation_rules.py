"""Which rule applies when something happens, and what holds when its time has come."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from core.applications.contracts import ApplicationId
from core.automations.contracts import StepId, Trigger
from core.automations.errors import TooLateToTakeBack
from core.automations.model import InterviewStanding, Standing, Step
from core.automations.rules import DEFAULT_RULES, Occasion, RuleChange, rules_for, rules_that_apply
from core.interviews.contracts import InterviewId
from core.jobs.contracts import JobId, StageId, StageKind
from core.shared.clock import UtcDatetime
from core.templates.kinds import KINDS

NOW = UtcDatetime(datetime(2026, 11, 21, 12, tzinfo=UTC))
JOB, OTHER_JOB = JobId(uuid4()), JobId(uuid4())
STAGE = StageId(uuid4())


def applied(occasion: Occasion, *changes: RuleChange, job: JobId = JOB) -> str | None:
    found = rules_that_apply(rules_for(job, changes), occasion)
    assert len(found) <= 1, "what stands apart is switched off at first"
    return found[0].key if found else None


def reached(name: str, kind: StageKind = "in_progress") -> Occasion:
    return Occasion("stage_reached", name, kind)


@pytest.mark.parametrize(
    ("occasion", "key"),
    [
        (Occasion("application_received"), "application_received"),
        (reached("Interview"), "interview_reached"),
        (reached("1st INTERVIEW (phone)"), "interview_reached"),
        (reached("Vorstellungsgespräch"), "interview_reached"),
        (reached("Entrevista final"), "interview_reached"),
        (reached("Reviewed"), None),
        (reached("Shortlisted"), None),
        (reached("Offer", "offer"), None),
        (reached("Interviewed before", "applied"), None),
        (Occasion("hired", "Hired", "hired"), None),
        (Occasion("rejected", reason="skills"), "rejected"),
        (Occasion("rejected", reason="duplicate"), None),
    ],
)
def test_what_is_told_unless_somebody_decides_otherwise(
    occasion: Occasion, key: str | None
) -> None:
    assert applied(occasion) == key


def test_a_change_for_one_job_goes_before_the_one_for_all() -> None:
    off = RuleChange("rejected", None, enabled=False, delay_minutes=5, version=1)
    on = RuleChange("rejected", JOB, enabled=True, delay_minutes=60, version=1)
    rejected = Occasion("rejected", reason="skills")
    assert applied(rejected, off) is None
    assert applied(rejected, off, on) == "rejected"
    assert applied(rejected, off, on, job=OTHER_JOB) is None
    (rule,) = (each for each in rules_for(JOB, [off, on]) if each.key == "rejected")
    assert (rule.delay_minutes, rule.job_id, rule.is_default) == (60, JOB, False)


def test_who_switches_one_off_does_not_get_the_more_general_one_instead() -> None:
    off = RuleChange("interview_reached", None, enabled=False, delay_minutes=0, version=1)
    every = RuleChange("stage_reached", None, enabled=True, delay_minutes=0, version=1)
    assert applied(reached("Interview"), off, every) is None
    assert applied(reached("Reviewed"), off, every) == "stage_reached"


def test_a_survey_is_asked_beside_the_mail_and_whether_or_not_there_is_one() -> None:
    survey = RuleChange("survey_rejected", None, enabled=True, delay_minutes=60, version=1)
    mail_off = RuleChange("rejected", None, enabled=False, delay_minutes=5, version=1)
    rejected = Occasion("rejected", reason="skills")
    for changes, keys in (
        ((survey,), ["rejected", "survey_rejected"]),
        ((survey, mail_off), ["survey_rejected"]),
        ((), ["rejected"]),
    ):
        found = rules_that_apply(rules_for(JOB, changes), rejected)
        assert [each.key for each in found] == keys
    duplicate = Occasion("rejected", reason="duplicate")
    assert rules_that_apply(rules_for(JOB, (survey,)), duplicate) == ()


def test_the_rules_are_whole() -> None:
    keys = [each.key for each in DEFAULT_RULES]
    assert len(set(keys)) == len(keys)
    assert {each.key for each in DEFAULT_RULES if each.enabled} == {
        "application_received",
        "interview_reached",
        "interview_scheduled",
        "interview_rescheduled",
        "interview_cancelled",
        "interview_reminder",
        "rejected",
    }
    assert all(KINDS[each.template].to == "candidate" for each in DEFAULT_RULES)
    (rejection,) = (each for each in DEFAULT_RULES if each.key == "rejected")
    assert rejection.delay_minutes == 30


def step(trigger: Trigger) -> Step:
    return Step(
        id=StepId(uuid4()),
        rule_key="x",
        trigger=trigger,
        template="status_update",
        application_id=ApplicationId(uuid4()),
        event_id=uuid4(),
        stage_id=STAGE,
        stage_name="Interview",
        happened_at=NOW,
        due_at=NOW,
    )


def test_a_mail_about_an_interview_is_about_it_as_it_stands() -> None:
    invited = step("interview_scheduled")
    invited.interview_id, invited.interview_at = InterviewId(uuid4()), NOW
    now = standing()
    assert invited.misfit(now) == "interview_changed", "it is gone"
    now.interview = InterviewStanding("scheduled", NOW, NOW)
    assert invited.misfit(now) is None
    now.interview = InterviewStanding("scheduled", NOW + timedelta(hours=1), NOW)
    assert invited.misfit(now) == "interview_changed"
    now.interview = InterviewStanding("cancelled", NOW, NOW)
    assert invited.misfit(now) == "interview_changed"
    cancelled = step("interview_cancelled")
    cancelled.interview_id = invited.interview_id
    assert cancelled.misfit(now) is None


def standing(disposition: str = "active", stage: StageId = STAGE) -> Standing:
    return Standing(
        ApplicationId(uuid4()),
        JOB,
        "careers",
        disposition,  # type: ignore[arg-type]  # parametrised below by the words themselves
        stage,
        has_address=True,
    )


@pytest.mark.parametrize(
    ("trigger", "disposition", "moved", "misfit"),
    [
        ("stage_reached", "active", False, None),
        ("stage_reached", "active", True, "moved_on"),
        ("stage_reached", "rejected", False, "closed"),
        ("stage_reached", "withdrawn", False, "closed"),
        ("application_received", "active", True, None),
        ("application_received", "withdrawn", False, "closed"),
        ("rejected", "rejected", False, None),
        ("rejected", "active", False, "no_longer_rejected"),
        ("rejected", "withdrawn", False, "no_longer_rejected"),
        ("hired", "hired", True, None),
        ("hired", "active", False, "moved_on"),
    ],
)
def test_what_does_not_fit_any_more_is_not_sent(
    trigger: Trigger, disposition: str, moved: bool, misfit: str | None
) -> None:
    at = StageId(uuid4()) if moved else STAGE
    assert step(trigger).misfit(standing(disposition, at)) == misfit


def test_only_what_is_planned_is_taken_back() -> None:
    planned = step("rejected")
    planned.take_back(None, NOW)
    assert planned.state == "taken_back"
    with pytest.raises(TooLateToTakeBack, match="was taken back"):
        planned.take_back(None, NOW)
    done = step("rejected")
    done.done(uuid4(), NOW)
    with pytest.raises(TooLateToTakeBack, match="was sent"):
        done.take_back(None, NOW)
