"""Puts a sample tenant together: who is in it, and which of them applied where and when."""

from datetime import datetime, timedelta

import msgspec

from core.candidates.contracts import CreateCandidate
from tenants.demo.calendars import Calendars
from tenants.demo.content import (
    JobPlan,
    TenantPlan,
    load_families,
    load_tenant,
    load_texts,
    seeded,
)
from tenants.demo.people import People, Person
from tenants.demo.resumes import can_be_written
from tenants.demo.steps import Story
from tenants.demo.story import Stories

RESUMES = 12
"""Of so many people each sample tenant has a résumé."""
_APPLIES_AGAIN = 0.18


class Life(msgspec.Struct, frozen=True):
    """A candidate, when they came to be known, and their applications in order of time."""

    person: Person
    known_at: datetime
    stories: tuple[Story, ...]


class Twin(msgspec.Struct, frozen=True):
    """A second entry for somebody who is known already."""

    command: CreateCandidate
    of_email: str
    """The first address of the entry that was there before."""
    at: datetime


class Plot(msgspec.Struct, frozen=True):
    """Everything that happened at one tenant."""

    tenant: TenantPlan
    now: datetime
    lives: tuple[Life, ...]
    twins: tuple[Twin, ...]

    @property
    def with_resume(self) -> tuple[Life, ...]:
        """Those of whom there is a résumé: the latest who applied, the latest last."""
        applied = (life for life in self.lives if life.stories)
        return tuple(life for life in applied if can_be_written(life.person.command))[-RESUMES:]

    def days_ago(self, days: float) -> datetime:
        """Return the moment that many days before the plot ends."""
        return self.now - timedelta(days=days)


def make_plot(slug: str, now: datetime) -> Plot:
    """Return the sample tenant `slug` as it stands at `now`; only its dates depend on that."""
    plan, families, texts = load_tenant(slug), load_families(), load_texts()
    chance = seeded(slug)
    calendars = Calendars(plan.time_zone, seeded(f"{slug}/calendars"))
    stories = Stories(families, texts, calendars, slug, now)
    people = People(plan, families, texts, now.year)
    arrivals: list[tuple[datetime, JobPlan]] = sorted(
        ((at, job) for job in plan.jobs for at in stories.times(job)), key=lambda each: each[0]
    )
    told: list[tuple[Person, list[Story]]] = []
    for at, job in arrivals:
        # The latest are left out: a second application takes a while to come.
        earlier = [each for each in told[:-8] if _may_apply(each[1], job)]
        alike = [each for each in earlier if each[0].family == job.family]
        if earlier and chance.random() < _APPLIES_AGAIN:
            person, theirs = chance.choice(alike or earlier)
        else:
            person, theirs = people.invent(job.family), []
            told.append((person, theirs))
        theirs.append(stories.tell(job, person, at))
    lives = [_life(person, theirs) for person, theirs in told]
    while len(lives) < plan.candidates:
        # Sourced or met at a fair, and never applied.
        person = people.invent(chance.choice(plan.jobs).family)
        lives.append(Life(person, now - timedelta(days=chance.uniform(3, 340)), ()))
    lives.sort(key=lambda life: life.known_at)
    doubles = chance.sample(lives[len(lives) // 5 :], k=plan.duplicates)
    twins = tuple(
        Twin(
            people.twin(life.person),
            life.person.command.emails[0],
            min(now - timedelta(hours=1), life.known_at + timedelta(days=2)),
        )
        for life in doubles
    )
    return Plot(plan, now, tuple(lives), twins)


def _may_apply(theirs: list[Story], job: JobPlan) -> bool:
    return len(theirs) < 3 and all(story.job.title != job.title for story in theirs)


def _life(person: Person, theirs: list[Story]) -> Life:
    return Life(person, theirs[0].applied_at - timedelta(minutes=3), tuple(theirs))
