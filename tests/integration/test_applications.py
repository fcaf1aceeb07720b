"""Applications through their life on a real database: moves, races, history, who sees them."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from core.applications.contracts import (
    ApplicationId,
    ApplicationView,
    AssignApplication,
    BulkMove,
    CreateApplication,
    GetApplication,
    GetHistory,
    GetPipeline,
    GetStageDurations,
    ListApplications,
    Move,
    MoveApplication,
    RejectApplication,
    ReopenApplication,
)
from core.applications.errors import (
    AlreadyApplied,
    ApplicationChanged,
    ApplicationMovedAlready,
    ApplicationNotFound,
    IllegalDisposition,
    JobNotOpen,
)
from core.jobs.contracts import (
    ChangeJobStatus,
    CreateJob,
    DeleteJob,
    EditJob,
    GetJob,
    JobView,
    ListJobs,
    QuestionId,
    QuestionSpec,
    SetJobStages,
    StageSpec,
    TeamMember,
)
from core.jobs.errors import JobChanged, JobInUse, JobNotFound, StageOccupied
from core.shared.errors import InvalidInput
from core.shared.paging import PageRequest
from plugins.postgres.applications import PostgresApplications
from tenants.runtime import Runtime
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World


@pytest.fixture
def hiring(runtime: Runtime, world: World) -> Hiring:
    return Hiring(runtime, world)


async def test_a_job_round_trips(hiring: Hiring) -> None:
    job = await hiring.open_job(
        department="Platform",
        skills=("Python", "SQL"),
        hiring_team=(TeamMember(hiring.tenant.members["interviewer"].member_id, "interviewer"),),
        questions=(QuestionSpec(kind="yes_no", label="May you work here?", required=True),),
    )
    assert [stage.name for stage in job.stages] == [
        "Applied",
        "Reviewed",
        "Shortlisted",
        "Interview",
        "Offer",
        "Hired",
    ]
    assert await hiring.scope().ask(GetJob(job_id=job.id)) == job
    edited = await hiring.scope().execute(
        EditJob(job_id=job.id, title="Senior Engineer", expected_version=job.version)
    )
    assert (edited.title, edited.version) == ("Senior Engineer", job.version + 1)
    with pytest.raises(JobChanged):
        await hiring.scope().execute(
            EditJob(job_id=job.id, title="Again", expected_version=job.version)
        )
    page = await hiring.scope().ask(ListJobs(department="Platform", q="senior"))
    assert [row.id for row in page.items] == [job.id]


async def test_jobs_are_paged_by_key(hiring: Hiring) -> None:
    for number in range(3):
        await hiring.scope().execute(CreateJob(title=f"Paged {number}", department="Paged"))
    seen, cursor = [], None
    while True:
        page = await hiring.scope().ask(
            ListJobs(department="Paged", page=PageRequest(limit=2, cursor=cursor))
        )
        seen += [row.title for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ["Paged 2", "Paged 1", "Paged 0"]


async def test_only_drafts_nobody_applied_to_are_deleted(hiring: Hiring) -> None:
    draft = await hiring.scope().execute(CreateJob(title="Draft"))
    await hiring.scope().execute(DeleteJob(job_id=draft.id))
    with pytest.raises(JobNotFound):
        await hiring.scope().ask(GetJob(job_id=draft.id))
    job = await hiring.open_job()
    with pytest.raises(JobInUse):
        await hiring.scope().execute(DeleteJob(job_id=job.id))


async def test_removing_a_stage_moves_its_applications_and_keeps_history(hiring: Hiring) -> None:
    job = await hiring.open_job()
    application = await hiring.move(await hiring.apply(job), 1, job)
    kept = tuple(
        StageSpec(id=stage.id, name=stage.name, kind=stage.kind)
        for stage in job.stages
        if stage.name != "Reviewed"
    )
    with pytest.raises(StageOccupied):
        await hiring.scope().execute(SetJobStages(job_id=job.id, stages=kept))
    reviewed, shortlisted = job.stages[1], job.stages[2]
    changed = await hiring.scope().execute(
        SetJobStages(job_id=job.id, stages=kept, move_to={reviewed.id: shortlisted.id})
    )
    assert [stage.name for stage in changed.stages] == [stage.name for stage in kept]
    view = await hiring.scope().ask(GetApplication(application_id=application.id))
    assert view.stage_id == shortlisted.id
    history = await hiring.scope().ask(GetHistory(application_id=application.id))
    assert [(each.from_stage, each.to_stage) for each in history.changes] == [
        (None, "Applied"),
        ("Applied", "Reviewed"),
        ("Reviewed", "Shortlisted"),
    ]
    assert view.version == len(history.changes)


async def test_applications_need_an_open_job_and_the_right_answers(hiring: Hiring) -> None:
    job = await hiring.open_job(
        questions=(
            QuestionSpec(kind="choice", label="Which?", options=("a", "b"), required=True),
            QuestionSpec(kind="number", label="How many?"),
        )
    )
    which, how_many = (question.id for question in job.questions)
    stranger = QuestionId(uuid4())
    with pytest.raises(InvalidInput) as caught:
        await hiring.apply(job, answers={how_many: "many", stranger: "x"})
    assert [each.field for each in caught.value.fields] == [
        f"answers.{stranger}",
        f"answers.{which}",
        f"answers.{how_many}",
    ]
    application = await hiring.apply(job, answers={which: "a", how_many: 2})
    assert application.answers == {which: "a", how_many: 2}
    with pytest.raises(AlreadyApplied):
        await hiring.scope().execute(
            CreateApplication(
                candidate_id=application.candidate_id, job_id=job.id, answers={which: "b"}
            )
        )
    await hiring.scope().execute(ChangeJobStatus(job_id=job.id, status="on_hold", reason="Budget"))
    with pytest.raises(JobNotOpen):
        await hiring.apply(job, answers={which: "a"})


async def test_applying_again_after_a_rejection(hiring: Hiring) -> None:
    job = await hiring.open_job()
    first = await hiring.apply(job)
    await hiring.scope().execute(RejectApplication(application_id=first.id, reason="skills"))
    second = await hiring.scope().execute(
        CreateApplication(candidate_id=first.candidate_id, job_id=job.id)
    )
    assert second.id != first.id
    with pytest.raises(AlreadyApplied):
        await hiring.scope().execute(
            ReopenApplication(application_id=first.id, reason="By mistake")
        )


async def test_no_such_candidate(hiring: Hiring) -> None:
    job = await hiring.open_job()
    with pytest.raises(InvalidInput) as caught:
        await hiring.scope().execute(
            CreateApplication(candidate_id=ApplicationId(uuid4()), job_id=job.id)  # type: ignore[arg-type]
        )
    assert [each.field for each in caught.value.fields] == ["candidate_id"]


async def both_move(hiring: Hiring, job: JobView) -> tuple[ApplicationView | BaseException, ...]:
    """Two people move the same card from where both saw it, to different stages, at once."""
    application = await hiring.apply(job)
    return await asyncio.gather(
        hiring.move(application, 1, job, "recruiter"),
        hiring.move(application, 2, job, "admin"),
        return_exceptions=True,
    )


async def test_the_second_of_two_movers_is_told(
    hiring: Hiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await hiring.open_job()
    for _ in range(10):
        results = await both_move(hiring, job)
        refused = [each for each in results if isinstance(each, ApplicationMovedAlready)]
        assert len(refused) == 1, results
        details = refused[0].details
        names = {hiring.tenant.members[role].name for role in ("recruiter", "admin")}
        assert details["moved_by"] in names
        assert details["stage"] in {"Reviewed", "Shortlisted"}
        assert details["moved_at"]


async def test_without_the_check_both_movers_would_win(
    hiring: Hiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted defect: what was seen isn't compared with what is."""
    job = await hiring.open_job()
    original = PostgresApplications.get_for_change

    async def unchecked(self: PostgresApplications, application_id: ApplicationId) -> object:
        application = await original(self, application_id)
        application.stage_id = job.stages[0].id
        return application

    monkeypatch.setattr(PostgresApplications, "get_for_change", unchecked)
    results = await both_move(hiring, job)
    assert [each for each in results if isinstance(each, BaseException)] == []


async def test_a_stale_version_is_refused(hiring: Hiring) -> None:
    job = await hiring.open_job()
    application = await hiring.apply(job)
    member = hiring.tenant.members["recruiter"].member_id
    assigned = await hiring.scope().execute(
        AssignApplication(application_id=application.id, assignee_id=member)
    )
    assert assigned.assignee is not None
    assert assigned.assigned_by == assigned.assignee
    with pytest.raises(ApplicationChanged):
        await hiring.scope().execute(
            MoveApplication(
                application_id=application.id,
                from_stage_id=application.stage_id,
                to_stage_id=job.stages[1].id,
                expected_version=application.version,
            )
        )
    history = await hiring.scope().ask(GetHistory(application_id=application.id))
    assert [each.to_member for each in history.assignments] == [assigned.assignee]


async def test_the_last_stage_hires_and_reopening_needs_another(hiring: Hiring) -> None:
    job = await hiring.open_job()
    hired = await hiring.move(await hiring.apply(job), 5, job)
    assert hired.disposition == "hired"
    with pytest.raises(IllegalDisposition) as caught:
        await hiring.scope().execute(RejectApplication(application_id=hired.id, reason="pay"))
    assert caught.value.details["allowed"] == ["reopen"]
    with pytest.raises(InvalidInput):
        await hiring.scope().execute(ReopenApplication(application_id=hired.id, reason="No show"))
    reopened = await hiring.scope().execute(
        ReopenApplication(application_id=hired.id, reason="No show", to_stage_id=job.stages[4].id)
    )
    assert (reopened.disposition, reopened.stage_name) == ("active", "Offer")


async def test_a_bulk_move_says_what_became_of_each(hiring: Hiring) -> None:
    job, other = await hiring.open_job(), await hiring.open_job()
    fine, moved, elsewhere = [await hiring.apply(each) for each in (job, job, other)]
    await hiring.move(moved, 2, job)
    foreign = await Hiring(hiring.runtime, _WORLD[0], "globex").apply(
        await Hiring(hiring.runtime, _WORLD[0], "globex").open_job()
    )
    ids = [fine.id, moved.id, elsewhere.id, ApplicationId(uuid4()), foreign.id]
    result = await hiring.scope().execute(
        BulkMove(
            moves=tuple(Move(each, job.stages[0].id) for each in ids),
            to_stage_id=job.stages[1].id,
        )
    )
    assert [(each.result, each.code) for each in result.items] == [
        ("moved", None),
        ("conflict", "application_moved"),
        ("conflict", "invalid_input"),
        ("not_found", None),
        ("not_found", None),
    ]
    assert result.moved == 1


_WORLD: list[World] = []


@pytest.fixture(autouse=True)
def remember_world(world: World) -> None:
    _WORLD[:] = [world]


async def test_the_pipeline_as_it_was(hiring: Hiring) -> None:
    job = await hiring.open_job()
    first, second = await hiring.apply(job), await hiring.apply(job)
    start = await hiring.scope().ask(GetPipeline(job_id=job.id))
    await hiring.move(first, 1, job)
    middle = await hiring.scope().ask(GetPipeline(job_id=job.id))
    await hiring.scope().execute(RejectApplication(application_id=second.id, reason="pay"))
    end = await hiring.scope().ask(GetPipeline(job_id=job.id, cards=0))

    def counts(snapshot: object) -> list[int]:
        return [each.count for each in snapshot.stages]  # type: ignore[attr-defined]

    assert counts(start) == [2, 0, 0, 0, 0, 0]
    assert counts(middle) == [1, 1, 0, 0, 0, 0]
    assert (counts(end), end.rejected) == ([0, 1, 0, 0, 0, 0], 1)
    assert end.stages[1].applications == ()
    for snapshot in (start, middle):
        again = await hiring.scope().ask(GetPipeline(job_id=job.id, at=snapshot.at))
        assert again == snapshot
    before = await hiring.scope().ask(
        GetPipeline(job_id=job.id, at=first.applied_at - timedelta(seconds=1))
    )
    assert sum(counts(before)) == 0


async def test_durations_come_from_history(hiring: Hiring) -> None:
    job = await hiring.open_job()
    application = await hiring.move(await hiring.apply(job), 1, job)
    durations = await hiring.scope().ask(GetStageDurations(application_id=application.id))
    assert [(each.stage, each.visits, each.is_current) for each in durations.stages] == [
        ("Applied", 1, False),
        ("Reviewed", 1, True),
    ]


async def test_an_interviewer_sees_what_is_assigned(hiring: Hiring) -> None:
    me = hiring.tenant.members["interviewer"].member_id
    theirs = await hiring.open_job(hiring_team=(TeamMember(me, "interviewer"),))
    other = await hiring.open_job()
    in_team, assigned, hidden = [await hiring.apply(each) for each in (theirs, other, other)]
    await hiring.scope().execute(AssignApplication(application_id=assigned.id, assignee_id=me))
    scope = hiring.scope("interviewer")
    page = await scope.ask(ListApplications(page=PageRequest(limit=200)))
    seen = {row.id for row in page.items}
    assert {in_team.id, assigned.id} <= seen
    assert hidden.id not in seen
    for query in (GetApplication, GetHistory, GetStageDurations):
        await scope.ask(query(application_id=in_team.id))
        with pytest.raises(ApplicationNotFound):
            await scope.ask(query(application_id=hidden.id))
    pipeline = await scope.ask(GetPipeline(job_id=other.id))
    assert [each.count for each in pipeline.stages] == [1, 0, 0, 0, 0, 0]
    everything = await hiring.scope("viewer").ask(GetApplication(application_id=hidden.id))
    assert msgspec.structs.asdict(everything)["id"] == hidden.id
