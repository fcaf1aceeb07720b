"""Figures of generated histories against a plain model: moves back, reopenings, erasures, merges,
hand-overs, two tenants, and days on which clocks change.
"""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.analytics.contracts import (
    Days,
    FigureFilter,
    GetFigureChoices,
    GetHiringFigures,
    HiringFigures,
)
from core.shared.errors import Forbidden, InvalidInput
from plugins.postgres.automation_facts import PostgresApplicationsKnown
from tenants.runtime import Runtime
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.figures_model import STAGES, History, Model
from tests.fixtures.hiring import Hiring
from tests.fixtures.played_history import START, Play, Wound
from tests.fixtures.probes.patience import lift_quotas
from tests.fixtures.worlds import World

ACTS: Final = (
    *("apply", "apply", "apply", "move", "move", "move", "hire", "reject", "withdraw", "reopen"),
    *("assign", "mail", "mail", "meet", "call_off", "erase", "merge"),
)
BEGINNING: Final = [
    *(("apply", number, number, 90 + 600 * number) for number in range(7)),
    *(("assign", 0, 1, 5), ("move", 0, 1, 600)),
]
PLANS: Final = st.lists(
    st.tuples(
        st.sampled_from(ACTS),
        st.integers(0, 60),
        st.integers(0, 5),
        st.integers(1, 40 * 60),
    ),
    min_size=12,
    max_size=36,
)


@pytest.fixture
def clock(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Wound:
    wound = Wound()
    monkeypatch.setattr(type(runtime.clock), "now", lambda _: wound.now())
    return wound


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def superuser(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    await lift_quotas(database)
    connection = await asyncpg.connect(database.admin_url)
    yield connection
    await connection.close()


def close(given: Days, expected: dict[str, Any]) -> bool:
    return given.n == expected["n"] and all(
        getattr(given, name) == pytest.approx(expected[name], abs=1e-6)
        for name in ("median", "p90")
    )


def compare(figures: HiringFigures, model: Model) -> None:
    overview = {
        name: (getattr(figures.overview, name).now, getattr(figures.overview, name).before)
        for name in figures.overview.__struct_fields__
    }
    assert overview == model.overview()
    for point in figures.trends:
        counts = {name: getattr(point, name) for name in ("applied", "hired", "rejected")}
        expected = model.trend(point.first, point.last)
        assert counts == {name: expected[name] for name in counts}, point
    parts = ("entered", "passed_on", "here", "hired", "rejected", "withdrawn", "moved_back")
    funnel = {
        step.stage: {name: getattr(step, name) for name in parts if getattr(step, name)}
        for step in figures.funnel
    }
    assert funnel == model.funnel()
    for step in figures.funnel:
        assert step.entered == sum(getattr(step, name) for name in parts[1:])
    assert [step.stage for step in figures.funnel] == [s for s in STAGES if s in funnel]
    answered, unanswered = model.first_response()
    assert close(figures.response.first_response, answered)
    assert figures.response.unanswered == unanswered
    times = {each.stage: each.days for each in figures.response.stages}
    expected_times = model.stage_times()
    assert times.keys() == expected_times.keys()
    for stage, days in times.items():
        assert close(days, expected_times[stage]), (stage, days, expected_times[stage])
    assert close(figures.response.time_to_hire, model.time_to_hire())
    silence, worst = model.silences()
    assert close(figures.response.silence, silence)
    assert [each.application_id for each in figures.response.longest] == worst
    offers = figures.success.offers
    made = {
        "hired": offers.accepted,
        "withdrawn": offers.declined,
        "rejected": offers.taken_back,
        "active": offers.undecided,
    }
    assert {name: count for name, count in made.items() if count} == model.offers()
    assert offers.made == sum(made.values())
    keys: tuple[tuple[Any, Callable[[History], str]], ...] = (
        (figures.success.by_source, lambda each: each.source),
        (figures.success.by_job, lambda each: str(each.job)),
    )
    for rates, key in keys:
        given_rates = {each.id: (each.applied, each.hired, each.active) for each in rates}
        assert given_rates == model.rates(key)
    expected_mail = model.mail()
    assert {name: getattr(figures.mail, name) for name in expected_mail} == expected_mail


EXAMINED: dict[str, int] = {}


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(plan=PLANS)
async def test_figures_are_those_of_a_plain_model(
    runtime: Runtime, world: World, clock: Wound, superuser: asyncpg.Connection, plan: Any
) -> None:
    clock.at = START
    plays = [Play(Hiring(runtime, world, slug), clock, superuser) for slug in ("acme", "globex")]
    for play in plays:
        await play.open()
    for number, step in enumerate([*BEGINNING, *plan]):
        # The other tenant does something now and then: none of it may be counted here.
        await plays[1 if number % 6 == 5 else 0].do(*step)
    for play, name in ((plays[0], "Europe/Berlin"), (plays[1], "America/New_York")):
        zone, where = ZoneInfo(name), FigureFilter(department=play.department)
        today = clock.at.astimezone(zone).date()
        for first, last in (
            (today - timedelta(days=6), today),
            (date(2026, 3, 29), date(2026, 3, 29)),
            (date(2026, 3, 23), min(today, date(2026, 5, 10))),
        ):
            if first > last or last > today:
                continue
            figures = await play.hiring.scope("viewer").ask(
                GetHiringFigures(first=first, last=last, where=where, time_zone=name, fresh=True)
            )
            compare(figures, Model(play.histories, first, last, zone, clock.at))
            EXAMINED["figures"] = EXAMINED.get("figures", 0) + 1
        await silences(play, clock)
    await filtered(plays[0], clock)
    EXAMINED["acts"] = EXAMINED.get("acts", 0) + plays[0].done


async def silences(play: Play, clock: Wound) -> None:
    """Automations go by the same last words, be it of all at once or of one."""
    ever = datetime(2000, 1, 1, tzinfo=UTC)
    tenant_id = play.hiring.tenant.id
    async with play.hiring.runtime.database.unit(tenant_id) as unit:
        known = PostgresApplicationsKnown(unit.all, str)
        for job in play.jobs:
            found = await known.silent(ever, clock.at, job.id, None, 1_000)
            waiting = [each for each in play.histories if each.job == job.id and each.waits]
            assert {each.application_id: each.since for each in found} == {
                each.id: each.last_word()
                for each in waiting
                if each.state == "active" and each.last_word() <= clock.at
            }
            for each in play.histories:
                assert await known.last_word(each.id) == each.last_word()
            moved = [each for each in waiting if each.entries[-1].at > each.last_word()]
            EXAMINED["silences"] = EXAMINED.get("silences", 0) + len(found)
            EXAMINED["moved"] = EXAMINED.get("moved", 0) + len(moved)


async def filtered(play: Play, clock: Wound) -> None:
    """Compare with each further filter on."""
    zone = ZoneInfo("Europe/Berlin")
    today = clock.at.astimezone(zone).date()
    recruiter = play.hiring.tenant.members["recruiter"].member_id
    job = play.jobs[0].id
    cases: tuple[tuple[FigureFilter, Callable[[History], bool]], ...] = (
        (FigureFilter(department=play.department, job_id=job), lambda each: each.job == job),
        (
            FigureFilter(department=play.department, source="careers"),
            lambda each: each.source == "careers",
        ),
        (
            FigureFilter(department=play.department, recruiter_id=recruiter),
            lambda each: each.assignee == recruiter,
        ),
    )
    for where, fits in cases:
        query = GetHiringFigures(days=30, where=where, fresh=True)
        figures = await play.hiring.scope().ask(query)
        histories = [each for each in play.histories if fits(each)]
        compare(figures, Model(histories, today - timedelta(days=29), today, zone, clock.at))


def test_enough_was_compared(examined: Examined) -> None:
    """The histories before this were of some length."""
    examined("figures compared", EXAMINED.get("figures", 0))
    examined("acts in histories", EXAMINED.get("acts", 0))
    examined("silences", EXAMINED.get("silences", 0))
    examined("applications moved since the last word", EXAMINED.get("moved", 0))


async def test_a_wrong_figure_is_found(
    runtime: Runtime, world: World, clock: Wound, superuser: asyncpg.Connection
) -> None:
    """The model finds the planted defect of days that are taken for 24 hours."""
    play = Play(Hiring(runtime, world), clock, superuser)
    await play.open()
    # 23:30 in Berlin on the day of 23 hours: 24 hours from its midnight lie on the next day.
    clock.at = datetime(2026, 3, 29, 22, 30, tzinfo=UTC)
    await play.do("apply", 0, 0, 0)
    zone, day = ZoneInfo("Europe/Berlin"), date(2026, 3, 29)
    query = GetHiringFigures(
        first=day, last=day, where=FigureFilter(department=play.department), fresh=True
    )
    figures = await play.hiring.scope().ask(query)
    compare(figures, Model(play.histories, day, day, zone, clock.at))
    assert figures.overview.applied.now == 0
    with pytest.raises(AssertionError):
        compare(figures, Model(play.histories, day, day, ZoneInfo("UTC"), clock.at))


async def test_what_is_asked_for_must_be_a_period(
    runtime: Runtime, world: World, clock: Wound
) -> None:
    scope = Hiring(runtime, world).scope()
    today = clock.at.date()
    for query, field in (
        (GetHiringFigures(first=today, last=today - timedelta(days=1)), "to"),
        (GetHiringFigures(first=today - timedelta(days=400)), "to"),
        (GetHiringFigures(first=today, last=today + timedelta(days=9)), "to"),
        (GetHiringFigures(first=date(1999, 1, 1), last=date(1999, 1, 2)), "from"),
        (GetHiringFigures(days=401), "days"),
        (GetHiringFigures(last=date(1, 1, 1)), "to"),
        (GetHiringFigures(last=date(9999, 12, 31)), "to"),
        (GetHiringFigures(time_zone="Europe/Atlantis"), "time_zone"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await scope.ask(query)
        assert [each.field for each in refused.value.fields] == [field]
    assert (await scope.ask(GetHiringFigures(days=400))).unit == "week"


async def test_mails_to_the_team_are_none_to_candidates(
    runtime: Runtime, world: World, clock: Wound, superuser: asyncpg.Connection
) -> None:
    hiring = Hiring(runtime, world)
    application = await hiring.apply(await hiring.open_job())
    query = GetHiringFigures(days=7, fresh=True)
    before = (await hiring.scope().ask(query)).mail
    member = hiring.tenant.members["recruiter"].member_id
    for of_application, of_member in ((None, member), (None, None), (application.id, None)):
        await superuser.execute(
            "INSERT INTO messages (tenant_id, id, purpose, application_id, member_id, to_address, "
            "to_name, subject, text, state, created_at, sent_at, opened_at) "
            "VALUES ($1, gen_random_uuid(), 'x', $2, $3, 'a@b.example', '', '', '', 'sent', "
            "$4, $4, $4)",
            hiring.tenant.id,
            of_application,
            of_member,
            clock.at,
        )
    after = (await hiring.scope().ask(query)).mail
    assert (after.sent, after.opened) == (before.sent + 1, before.opened + 1)


async def test_interviewers_see_no_figures(runtime: Runtime, world: World) -> None:
    scope = Hiring(runtime, world).scope("interviewer")
    for query in (GetHiringFigures(), GetFigureChoices()):
        with pytest.raises(Forbidden):
            await scope.ask(query)


async def test_figures_are_shared_for_a_minute(
    runtime: Runtime, world: World, clock: Wound
) -> None:
    hiring = Hiring(runtime, world)
    department = f"Department {uuid4()}"
    job = await hiring.open_job(department=department)
    where = FigureFilter(department=department)
    query = GetHiringFigures(where=where)
    assert (await hiring.scope().ask(query)).overview.applied.now == 0
    await hiring.apply(job)
    assert (await hiring.scope("viewer").ask(query)).overview.applied.now == 0
    fresh = GetHiringFigures(where=where, fresh=True)
    assert (await hiring.scope().ask(fresh)).overview.applied.now == 1
    assert (await hiring.scope().ask(query)).overview.applied.now == 1
    other = Hiring(runtime, world, "globex").scope()
    assert (await other.ask(query)).overview.applied.now == 0
