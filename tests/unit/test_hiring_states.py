"""The states of jobs and applications: every step is legal, or refused with those that are."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

import pytest

from core.applications.contracts import ApplicationId, Disposition
from core.applications.errors import IllegalDisposition
from core.applications.model import WHAT_MAY_FOLLOW, Application, Change
from core.candidates.contracts import CandidateId
from core.jobs.contracts import DefaultStage, JobId, JobStatus, Stage, StageId
from core.jobs.errors import IllegalJobStatus
from core.jobs.model import TRANSITIONS, Job
from core.jobs.pipeline import STARTING_STAGES, check_stages
from core.shared.clock import UtcDatetime
from core.shared.errors import InvalidInput
from tests.fixtures.examined import Examined

NOW = UtcDatetime(datetime(2026, 1, 1, tzinfo=UTC))
LATER = UtcDatetime(datetime(2026, 1, 2, tzinfo=UTC))
HERE, THERE = (Stage(StageId(UUID(int=n)), f"Stage {n}", "in_progress") for n in (1, 2))


def a_job(**fields: Any) -> Job:
    values: dict[str, Any] = {
        "id": JobId(UUID(int=9)),
        "title": "Cook",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Job(**(values | {"status_changed_at": NOW} | fields))


def an_application(disposition: Disposition) -> Application:
    return Application(
        id=ApplicationId(UUID(int=1)),
        candidate_id=CandidateId(UUID(int=2)),
        job_id=JobId(UUID(int=3)),
        stage_id=HERE.id,
        source="api",
        applied_at=NOW,
        stage_entered_at=NOW,
        updated_at=NOW,
        disposition=disposition,
    )


def test_a_job_goes_only_where_it_may(examined: Examined) -> None:
    statuses: tuple[JobStatus, ...] = get_args(JobStatus)
    for before in statuses:
        for after in statuses:
            job = a_job(status=before)
            if after in TRANSITIONS[before]:
                job.change_status(after, "Because", LATER)
                assert (job.status, job.status_changed_at) == (after, LATER)
            else:
                with pytest.raises(IllegalJobStatus) as caught:
                    job.change_status(after, "Because", LATER)
                assert caught.value.details["allowed"] == list(TRANSITIONS[before])
                assert job.status == before
    examined("pairs of statuses", len(statuses) ** 2)


@pytest.mark.parametrize(("before", "after"), [("open", "on_hold"), ("closed", "open")])
def test_some_changes_of_status_need_a_reason(before: JobStatus, after: JobStatus) -> None:
    with pytest.raises(InvalidInput) as caught:
        a_job(status=before).change_status(after, None, LATER)
    assert [each.field for each in caught.value.fields] == ["reason"]


def test_an_application_does_only_what_may_follow(examined: Examined) -> None:
    acts: dict[str, Callable[[Application], Change]] = {
        "move": lambda it: it.move(THERE, None, LATER),
        "reject": lambda it: it.reject("skills", None, LATER),
        "withdraw": lambda it: it.withdraw("pay", None, LATER),
        "reopen": lambda it: it.reopen(HERE, "Mistake", LATER),
    }
    looked_at = 0
    for disposition in get_args(Disposition):
        for name, act in acts.items():
            application = an_application(disposition)
            looked_at += 1
            if name in WHAT_MAY_FOLLOW[disposition]:
                change = act(application)
                assert change.from_disposition == disposition
                assert application.disposition == change.to_disposition
            else:
                with pytest.raises(IllegalDisposition) as caught:
                    act(application)
                assert caught.value.details["allowed"] == list(WHAT_MAY_FOLLOW[disposition])
                assert application == an_application(disposition)
    examined("acts on dispositions", looked_at)


def test_the_reason_other_needs_a_note() -> None:
    with pytest.raises(InvalidInput):
        an_application("active").reject("other", None, LATER)
    assert an_application("active").reject("other", "Moved away", LATER).reason == "Moved away"


def test_moving_to_the_stage_it_is_in_is_refused() -> None:
    with pytest.raises(InvalidInput):
        an_application("active").move(HERE, None, LATER)


def test_the_starting_stages_are_a_pipeline() -> None:
    check_stages(STARTING_STAGES)


@pytest.mark.parametrize(
    ("stages", "fields"),
    [
        ((DefaultStage("Only", "applied"),), ["stages", "stages[0].kind"]),
        (
            (DefaultStage("Same", "applied"), DefaultStage(" same ", "hired")),
            ["stages[1].name"],
        ),
        (
            (DefaultStage("A", "in_progress"), DefaultStage("B", "hired")),
            ["stages[0].kind"],
        ),
        (
            (DefaultStage("A", "applied"), DefaultStage("B", "hired"), DefaultStage("C", "offer")),
            ["stages[1].kind", "stages[2].kind"],
        ),
    ],
)
def test_what_is_no_pipeline_is_named(stages: tuple[DefaultStage, ...], fields: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_stages(stages)
    assert [each.field for each in caught.value.fields] == fields
