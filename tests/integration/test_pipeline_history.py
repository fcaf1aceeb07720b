"""As-of questions and figures over a history that was replayed with known times."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from core.analytics.contracts import GetPipelineAnalytics
from core.applications.contracts import (
    ApplicationView,
    GetPipeline,
    GetStageDurations,
    RejectApplication,
)
from core.shared.clock import UtcDatetime
from tenants.runtime import Runtime
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World

START = datetime(2026, 1, 1, tzinfo=UTC)


class Wound:
    """A clock that is wound by hand."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> UtcDatetime:
        return UtcDatetime(self.at)


@pytest.fixture
def clock(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Wound:
    wound = Wound()
    monkeypatch.setattr(type(runtime.clock), "now", lambda _: wound.now())
    return wound


async def test_the_pipeline_at_any_instant_is_what_a_replay_says(
    runtime: Runtime, world: World, clock: Wound, examined: Examined
) -> None:
    """A plain model is kept beside a random history; each past instant must agree with it."""
    hiring, random = Hiring(runtime, world), Random(20260302)
    job = await hiring.open_job()
    names = [stage.name for stage in job.stages]
    live: list[ApplicationView] = []
    ended: Counter[str] = Counter()
    past: list[tuple[datetime, Counter[str], Counter[str]]] = []
    for _ in range(60):
        clock.at += timedelta(hours=random.randint(1, 48))
        act = random.random()
        if not live or act < 0.4:
            live.append(await hiring.apply(job))
        else:
            application = live.pop(random.randrange(len(live)))
            if act < 0.55:
                await hiring.scope().execute(
                    RejectApplication(application_id=application.id, reason="skills")
                )
                ended["rejected"] += 1
            else:
                there = names.index(application.stage_name)
                place = random.choice([each for each in range(6) if each != there])
                moved = await hiring.move(application, place, job)
                if moved.disposition == "hired":
                    ended["hired"] += 1
                else:
                    live.append(moved)
        past.append((clock.at, Counter(each.stage_name for each in live), Counter(ended)))
    for at, stages, dispositions in past:
        snapshot = await hiring.scope().ask(GetPipeline(job_id=job.id, at=at))
        assert {each.stage: each.count for each in snapshot.stages if each.count} == stages
        assert (snapshot.hired, snapshot.rejected) == (
            dispositions["hired"],
            dispositions["rejected"],
        )
    examined("instants", len(past))


async def test_durations_and_figures_are_those_of_the_history(
    runtime: Runtime, world: World, clock: Wound
) -> None:
    hiring = Hiring(runtime, world, "globex")
    job = await hiring.open_job()
    applications = [await hiring.apply(job) for _ in range(4)]
    for days, application in zip((1, 2, 3), applications, strict=False):
        clock.at = START + timedelta(days=days)
        await hiring.move(application, 1, job)
    clock.at = START + timedelta(days=10)
    first = await hiring.scope().ask(GetStageDurations(application_id=applications[0].id))
    assert [(each.stage, each.seconds // 86_400) for each in first.stages] == [
        ("Applied", 1),
        ("Reviewed", 9),
    ]
    reviewed = applications[0].id
    view = next(each for each in applications if each.id == reviewed)
    moved = await hiring.scope().ask(GetPipeline(job_id=job.id))
    assert [each.count for each in moved.stages] == [1, 3, 0, 0, 0, 0]
    from_reviewed = type(view)(
        **{name: getattr(view, name) for name in view.__struct_fields__}
        | {"stage_id": job.stages[1].id}
    )
    await hiring.move(from_reviewed, 5, job)
    figures = await hiring.scope("viewer").ask(GetPipelineAnalytics(job_id=job.id))
    applied, after = figures.stages[0], figures.stages[1]
    assert (applied.entered, applied.passed_on, applied.conversion) == (4, 3, 0.75)
    assert (applied.current, applied.days.n, applied.days.median) == (1, 3, 2.0)
    assert (after.entered, after.passed_on, after.current) == (3, 1, 2)
    assert (figures.applications, figures.active, figures.hired) == (4, 3, 1)
    assert (figures.time_to_hire.n, figures.time_to_hire.median) == (1, 10.0)
    assert await hiring.scope().ask(GetPipelineAnalytics()) == figures
