"""Makes up what happened to applications: how long they stood, how far they came, who said what.

Rates and durations are those of an ordinary recruiting team, not of a study: about half of what
comes in is read and turned down, one in fifteen is hired, six weeks from application to hire.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, cast, get_args

from core.applications.contracts import Answer, RejectionReason, WithdrawalReason
from core.interviews.contracts import InterviewKind, Recommendation
from core.jobs.contracts import QuestionSpec
from tenants.demo.calendars import Calendars
from tenants.demo.content import Family, JobPlan, Texts, seeded, weighted
from tenants.demo.people import Person
from tenants.demo.steps import (
    Assign,
    CallOff,
    Feedback,
    Interview,
    Move,
    Reject,
    Step,
    Story,
    Withdraw,
    WriteNote,
)

# For each stage but the last: usual days in it, and how many of a hundred go on.
_STAGES: Final = ((3.5, 62), (4.0, 55), (5.0, 68), (6.0, 55), (12.0, 82))
_INTERVIEW: Final = 3
_HIRED: Final = 5
_WITHDRAWN_OF_LOST: Final = (4, 8, 15, 20, 85)
_REASONS: Final[tuple[dict[RejectionReason, int], ...]] = (
    {"not_qualified": 45, "experience": 25, "skills": 20, "work_permit": 6, "location": 4},
    {"experience": 40, "skills": 40, "pay": 12, "location": 8},
    {"pay": 35, "skills": 35, "experience": 20, "other": 10},
    {"failed_assessment": 50, "skills": 30, "experience": 15, "no_show": 5},
    {"pay": 60, "other": 40},
)
_FRESH_DAYS: Final = 45
_FRESH_SHARE: Final = 0.5
_WITHDRAWALS: Final = cast("tuple[WithdrawalReason, ...]", get_args(WithdrawalReason))


class Stories:
    """Makes up the applications for the jobs of one tenant."""

    def __init__(
        self,
        families: dict[str, Family],
        texts: Texts,
        calendars: Calendars,
        slug: str,
        now: datetime,
    ) -> None:
        self._slug = slug
        self._told = 0
        self._families = families
        self._texts = texts
        self._calendars = calendars
        self._chance = seeded(f"{slug}/times")
        self._now = now
        self._hired: dict[str, int] = {}

    def times(self, job: JobPlan) -> list[datetime]:
        """Return when the job's applications came in: many at first, and many of late."""
        if job.opened_days_ago is None:
            return []
        opened, last = job.opened_days_ago, job.last_application_days_ago
        days = []
        for _ in range(job.applications):
            if job.closed_days_ago is None and self._chance.random() < _FRESH_SHARE:
                fresh = min(_FRESH_DAYS, opened - last) * self._chance.random() ** 1.25
                days.append(last + 0.05 + fresh)
            else:
                days.append(opened - (opened - last) * self._chance.random() ** 1.5)
        return sorted(self._now - timedelta(days=each) for each in days)

    def tell(self, job: JobPlan, person: Person, applied_at: datetime) -> Story:
        """Make up one application. A filled job gets its hires from those who come half-way."""
        # Each has chance of its own: a weekend that delays one doesn't change all that follow.
        self._told += 1
        self._chance = seeded(f"{self._slug}/{self._told}")
        return Story(
            job=job,
            applied_at=applied_at,
            answers=tuple(self._answer(question, person) for question in job.questions),
            steps=tuple(sorted(self._steps(job, person, applied_at), key=lambda step: step.at)),
        )

    def _steps(self, job: JobPlan, person: Person, applied_at: datetime) -> Iterator[Step]:
        last = self._last_moment(job)
        for step in self._walk(job, person, applied_at):
            if step.at < last:
                yield step
                continue
            if job.closed_days_ago is not None:
                at = self._calendars.at_work(last)
                yield Reject(at=at, by=job.recruiter, reason="position_filled")
            return

    def _last_moment(self, job: JobPlan) -> datetime:
        if job.closed_days_ago is None:
            return self._now - timedelta(days=job.held_days_ago or 0)
        return self._now - timedelta(days=job.closed_days_ago + 4)

    def _walk(self, job: JobPlan, person: Person, applied_at: datetime) -> Iterator[Step]:
        """Yield what happens, nearly in order, as if time never ended."""
        chance, family = self._chance, self._families[job.family]
        at = applied_at
        must_hire = self._must_hire(job, applied_at)
        if chance.random() < 0.8:
            yield Assign(at=self._later(at, 0.4), by=job.recruiter, to=job.recruiter)
        if chance.random() < 0.3:
            yield self._note(job, person, self._later(at, 1.5))
        for stage, (days, percent) in enumerate(_STAGES):
            share = 1 - (1 - percent / 100) * family.selectivity
            goes_on = must_hire or chance.random() < share
            if stage == _INTERVIEW:
                # Posts that were filled meanwhile end an old application here; offers are out
                # for the one that is left.
                is_recent = self._now - applied_at < timedelta(days=_FRESH_DAYS)
                goes_on = goes_on and (must_hire or is_recent or self._has_post(job))
                for step in self._interviews(job, person, at, goes_on=goes_on):
                    at = max(at, step.at)
                    yield step
            at = self._later(at, days * family.pace * chance.lognormvariate(0, 0.55))
            if stage + 1 == _HIRED and goes_on and not self._takes_one(job, at, must=must_hire):
                goes_on = False
            if not goes_on:
                yield self._end(job, stage, at)
                return
            reason = "Strong application" if stage == 1 and chance.random() < 0.2 else None
            yield Move(at=at, by=job.recruiter, to=stage + 1, reason=reason)

    def _must_hire(self, job: JobPlan, applied_at: datetime) -> bool:
        if job.closed_because != "Filled" or job.closed_days_ago is None:
            return False
        closed = self._now - timedelta(days=job.closed_days_ago)
        is_in_time = timedelta(days=75) < closed - applied_at < timedelta(days=110)
        # Taken at the application, so that nobody else gets the post meanwhile.
        if is_in_time and self._hired.get(job.title, 0) < job.openings:
            self._hired[job.title] = self._hired.get(job.title, 0) + 1
            return True
        return False

    def _takes_one(self, job: JobPlan, at: datetime, *, must: bool) -> bool:
        """Whether this one gets a post."""
        if must:
            return True
        if not self._has_post(job):
            return False
        if at < self._last_moment(job):
            self._hired[job.title] = self._hired.get(job.title, 0) + 1
        return True

    def _has_post(self, job: JobPlan) -> bool:
        limit = job.openings - (job.closed_days_ago is None and job.openings > 1)
        return self._hired.get(job.title, 0) < limit

    def _interviews(
        self, job: JobPlan, person: Person, entered: datetime, *, goes_on: bool
    ) -> Iterator[Step]:
        chance = self._chance
        rounds = 2 if goes_on and chance.random() < 0.5 else 1
        at = entered
        heard: set[str] = set()
        for number in range(rounds):
            people = self._panel(job, number)
            planned = self._later(at, 0.3)
            earliest = planned + timedelta(days=chance.uniform(3, 14))
            minutes = chance.choice((45, 60))
            starts_at = self._calendars.book(people, earliest, minutes)
            kind: InterviewKind = "phone" if number == 0 and chance.random() < 0.3 else "video"
            if number == 1:
                kind = "onsite"
            yield Interview(
                at=planned,
                by=job.recruiter,
                kind=kind,
                starts_at=starts_at,
                minutes=minutes,
                interviewers=people,
            )
            at = starts_at
            if number == 0 and chance.random() < 0.07:
                yield CallOff(
                    at=self._later(planned, 0.5), by=job.recruiter, reason="Interviewer is ill"
                )
                continue
            over = starts_at + timedelta(minutes=minutes)
            for interviewer in sorted(set(people) - heard):
                given = self._later(over, chance.uniform(0.05, 1.6))
                at = max(at, given)
                yield self._feedback(person, interviewer, given, goes_on=goes_on)
            heard.update(people)

    def _panel(self, job: JobPlan, number: int) -> tuple[str, ...]:
        if number == 0:
            return (self._chance.choice(job.interviewers),)
        return tuple(self._chance.sample((*job.interviewers, job.hiring_manager), k=2))

    def _feedback(self, person: Person, by: str, at: datetime, *, goes_on: bool) -> Step:
        chance = self._chance
        verdicts: dict[Recommendation, int] = (
            {"strong_yes": 30, "yes": 60, "mixed": 10}
            if goes_on
            else {"yes": 12, "mixed": 38, "no": 40, "strong_no": 10}
        )
        verdict = weighted(chance, verdicts)
        middle = {"strong_no": 1, "no": 2, "mixed": 3, "yes": 4, "strong_yes": 5}[verdict]
        comments = {"mixed": self._texts.comments_mixed, "yes": self._texts.comments_yes}
        fallback = self._texts.comments_no if middle < 3 else self._texts.comments_yes
        topics = ("Skills", "Communication", "Motivation")
        return Feedback(
            at=at,
            by=by,
            recommendation=verdict,
            ratings={
                topic: min(5, max(1, middle + chance.choice((-1, 0, 0, 0, 1)))) for topic in topics
            },
            comment=chance.choice(comments.get(verdict, fallback)).format(skill=person.skill),
        )

    def _end(self, job: JobPlan, stage: int, at: datetime) -> Step:
        chance = self._chance
        if chance.randrange(100) < _WITHDRAWN_OF_LOST[stage]:
            return Withdraw(
                at=at,
                by=job.recruiter,
                reason="other_offer" if stage > _INTERVIEW else chance.choice(_WITHDRAWALS),
                note=chance.choice(self._texts.withdrawals) if chance.random() < 0.4 else None,
            )
        return Reject(at=at, by=job.recruiter, reason=weighted(chance, _REASONS[stage]))

    def _note(self, job: JobPlan, person: Person, at: datetime) -> Step:
        text = self._chance.choice(self._texts.notes).format(
            skill=person.skill, hiring_manager=job.hiring_manager, location=person.command.location
        )
        return WriteNote(at=at, by=job.recruiter, text=text)

    def _answer(self, question: QuestionSpec, person: Person) -> Answer | None:
        chance = self._chance
        if not question.required and chance.random() < 0.25:
            return None
        if question.kind == "yes_no":
            return chance.random() < 0.9
        if question.kind == "number":
            return chance.randint(1, 15)
        if question.kind == "choice":
            return chance.choice(question.options)
        if question.kind == "text":
            return person.command.links[0] if person.command.links else "https://example.com/work"
        return chance.choice(self._texts.answers).format(skill=person.skill)

    def _later(self, moment: datetime, days: float) -> datetime:
        return self._calendars.at_work(moment + timedelta(days=days))
