"""Plays a plot through the use cases: each step is the command that a person would have sent.

Histories run side by side, a few at a time, each with the clock at its own moment.
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from core.applications.contracts import (
    Answer,
    CreateApplication,
    CreateBulkRejection,
    ListApplications,
)
from core.candidates.contracts import AddFile, CandidateId
from core.candidates.duplicates import MergeCandidates
from core.jobs.contracts import (
    ChangeJobStatus,
    CreateJob,
    JobView,
    PayRange,
    QuestionId,
    TeamMember,
)
from core.shared.money import Cents
from core.shared.paging import PageRequest
from core.shared.usecase import Command
from core.tenancy.plans import PLANS
from tenants.demo.cases import Case
from tenants.demo.clock import SetClock
from tenants.demo.content import JobPlan
from tenants.demo.plot import Life, Plot
from tenants.demo.resumes import file_name, resume_of
from tenants.demo.steps import Story
from tenants.demo.team import DemoTeam
from tenants.runtime import Runtime

AT_ONCE = 6
"""How many histories run side by side: enough to keep the database busy on two cores."""
_MERGED = 2
_REJECTED_TOGETHER = 8
_RECALLABLE_MINUTES = 24 * 60

Progress = Callable[[str, int], None]
"""Told the name of what was just done, and how many."""


class Play:
    """One performance of a plot for one tenant."""

    def __init__(
        self, runtime: Runtime, clock: SetClock, plot: Plot, team: DemoTeam, progress: Progress
    ) -> None:
        self._runtime = runtime
        self._clock = clock
        self._plot = plot
        self._team = team
        self._progress = progress
        self._jobs: dict[str, JobView] = {}
        self._sources = {source.name: source.kind for source in plot.tenant.sources}
        self._candidates: dict[str, CandidateId] = {}
        self._with_resume = {life.person.command.emails[0] for life in plot.with_resume}

    async def perform(self) -> None:
        """Play everything, to the present moment."""
        for job in self._plot.tenant.jobs:
            await self._open(job)
        waiting = iter(self._plot.lives)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(self._live(waiting))
        except ExceptionGroup as failed:
            # The first says what is wrong; the others were on the same database.
            raise failed.exceptions[0] from failed
        for job in self._plot.tenant.jobs:
            await self._end(job)
        await self._duplicates()
        await self._bulk_rejection()

    async def _do(self, command: Command[Any], by: str, at: datetime) -> Any:
        self._clock.set(at)
        return await self._team.scope(self._runtime, by).execute(command)

    async def _open(self, job: JobPlan) -> None:
        team = [TeamMember(self._team.member_id(job.recruiter), "recruiter")]
        team.append(TeamMember(self._team.member_id(job.hiring_manager), "hiring_manager"))
        team += [TeamMember(self._team.member_id(each), "interviewer") for each in job.interviewers]
        command = CreateJob(
            title=job.title,
            department=job.department,
            location=job.location,
            remote=job.remote,
            employment_type=job.employment_type,
            seniority=job.seniority,
            pay_range=PayRange(
                Cents(job.pay.minimum * 100),
                Cents(job.pay.maximum * 100),
                job.pay.currency,
                job.pay.period,
            ),
            description=job.description.strip(),
            skills=job.skills,
            openings=job.openings,
            hiring_team=tuple(team),
            questions=job.questions,
        )
        view = await self._do(command, job.recruiter, self._plot.days_ago(job.created_days_ago))
        self._jobs[job.title] = view
        if job.opened_days_ago is not None:
            change = ChangeJobStatus(job_id=view.id, status="open")
            await self._do(change, job.recruiter, self._plot.days_ago(job.opened_days_ago))
        self._progress("jobs", 1)

    async def _end(self, job: JobPlan) -> None:
        job_id = self._jobs[job.title].id
        if job.held_days_ago is not None:
            hold = ChangeJobStatus(job_id=job_id, status="on_hold", reason=job.held_because)
            await self._do(hold, job.recruiter, self._plot.days_ago(job.held_days_ago))
        if job.closed_days_ago is not None:
            close = ChangeJobStatus(job_id=job_id, status="closed", reason=job.closed_because)
            await self._do(close, job.recruiter, self._plot.days_ago(job.closed_days_ago))

    async def _live(self, waiting: Iterator[Life]) -> None:
        for life in waiting:
            command = life.person.command
            candidate = await self._do(command, self._recruiter(life), life.known_at)
            self._candidates[command.emails[0]] = candidate.id
            if command.emails[0] in self._with_resume:
                file = AddFile(
                    candidate_id=candidate.id,
                    name=file_name(command),
                    content=resume_of(command),
                )
                await self._do(file, self._recruiter(life), life.known_at)
            for story in life.stories:
                await self._tell(candidate.id, command.source or "", story)
                self._progress("applications", 1)
            self._progress("candidates", 1)

    def _recruiter(self, life: Life) -> str:
        if life.stories:
            return life.stories[0].job.recruiter
        return self._plot.tenant.jobs[len(life.person.command.full_name) % 3].recruiter

    async def _tell(self, candidate_id: CandidateId, source: str, story: Story) -> None:
        job = self._jobs[story.job.title]
        answers: dict[QuestionId, Answer] = {
            question.id: answer
            for question, answer in zip(job.questions, story.answers, strict=True)
            if answer is not None
        }
        apply = CreateApplication(
            candidate_id=candidate_id,
            job_id=job.id,
            source=self._sources.get(source, "other"),
            answers=answers,
        )
        application = await self._do(apply, story.job.recruiter, story.applied_at)
        case = Case(self._team, application, job)
        for step in story.steps:
            case.note(await self._do(case.command(step), step.by, step.at))

    async def _duplicates(self) -> None:
        """Enter some people a second time; two of them are found and merged."""
        team = self._plot.tenant.members
        recruiters = [member.name for member in team if member.role == "recruiter"]
        for place, twin in enumerate(self._plot.twins):
            by = recruiters[place % len(recruiters)]
            second = await self._do(twin.command, by, twin.at)
            self._progress("candidates", 1)
            if place < _MERGED:
                first = self._candidates[twin.of_email]
                merge = MergeCandidates(candidate_id=first, other_id=second.id)
                await self._do(merge, by, twin.at + timedelta(minutes=20))

    async def _bulk_rejection(self) -> None:
        """Leave one that has not taken effect, so that it can be recalled."""
        tenant = self._plot.tenant
        if "bulk_actions" not in PLANS[tenant.plan].features:
            return
        job = tenant.jobs[0]
        self._clock.set(self._plot.now)
        scope = self._team.scope(self._runtime, job.recruiter)
        page = PageRequest(limit=_REJECTED_TOGETHER)
        view = self._jobs[job.title]
        applied = await scope.ask(
            ListApplications(
                page=page, job_id=view.id, stage_id=view.stages[0].id, disposition="active"
            )
        )
        if applied.items:
            await scope.execute(
                CreateBulkRejection(
                    application_ids=tuple(row.id for row in applied.items),
                    reason="experience",
                    note="We look for people who have run services in production.",
                    delay_minutes=_RECALLABLE_MINUTES,
                )
            )
