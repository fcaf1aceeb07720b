"""What the sample tenants are made of: varied, coherent, and the same whatever the day."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import phonenumbers
import pytest

from plugins.document_reader.limits import Limits
from plugins.document_reader.reading import read_document
from plugins.resume_parser.parser import StructureParser
from tenants.demo.content import TENANTS, load_families, load_tenant
from tenants.demo.plot import RESUMES, Plot, make_plot
from tenants.demo.resumes import file_name, resume_of
from tenants.demo.steps import Feedback, Interview, Move, Reject, Story, Withdraw
from tests.fixtures.examined import Examined

NOW = datetime(2027, 3, 14, 10, 30, tzinfo=UTC)  # a Sunday
DAYS = [NOW + timedelta(days=days, hours=days) for days in range(0, 364, 52)]


@pytest.fixture(scope="module")
def plots() -> dict[str, Plot]:
    return {slug: make_plot(slug, NOW) for slug in TENANTS}


def stories(plot: Plot) -> list[Story]:
    return [story for life in plot.lives for story in life.stories]


def standing(story: Story) -> str:
    for step in story.steps:
        if isinstance(step, Reject | Withdraw):
            return type(step).__name__
    return str(max((step.to for step in story.steps if isinstance(step, Move)), default=0))


def test_there_are_a_dozen_jobs_and_four_hundred_candidates(plots: dict[str, Plot]) -> None:
    assert sum(len(plot.tenant.jobs) for plot in plots.values()) == 12
    assert 400 <= sum(len(plot.lives) for plot in plots.values()) <= 430
    assert len({plot.tenant.plan for plot in plots.values()}) == 2


def test_every_tenant_has_every_role(plots: dict[str, Plot]) -> None:
    for plot in plots.values():
        roles = {member.role for member in plot.tenant.members}
        assert roles == {"admin", "recruiter", "interviewer", "viewer"}


@pytest.mark.parametrize("now", DAYS, ids=lambda now: now.strftime("%a-%d-%b"))
def test_whatever_the_day_each_stage_is_filled(now: datetime) -> None:
    for slug in TENANTS:
        plot = make_plot(slug, now)
        where = Counter(standing(story) for story in stories(plot))
        assert {"0", "1", "2", "3", "4", "5", "Reject", "Withdraw"} <= set(where), (slug, where)
        coming = [
            step
            for story in stories(plot)
            for step in story.steps
            if isinstance(step, Interview) and step.starts_at > now
        ]
        assert coming, slug


def test_nothing_is_done_in_the_future_or_before_the_application(
    plots: dict[str, Plot], examined: Examined
) -> None:
    steps = 0
    for plot in plots.values():
        for life in plot.lives:
            assert life.known_at <= plot.now
            for story in life.stories:
                times = [step.at for step in story.steps]
                assert times == sorted(times)
                assert all(story.applied_at <= at <= plot.now for at in times)
                steps += len(times)
    examined("steps of sample applications", steps)


def test_no_step_follows_an_end_and_no_stage_is_left_out(plots: dict[str, Plot]) -> None:
    for plot in plots.values():
        for story in stories(plot):
            moves = [step.to for step in story.steps if isinstance(step, Move)]
            assert moves == list(range(1, len(moves) + 1))
            ends = [step for step in story.steps if isinstance(step, Reject | Withdraw)]
            assert len(ends) <= 1
            if ends:
                assert not [s for s in story.steps if isinstance(s, Move) and s.at > ends[0].at]


def test_nobody_holds_two_interviews_at_once(plots: dict[str, Plot], examined: Examined) -> None:
    held = 0
    for plot in plots.values():
        taken: dict[str, list[tuple[datetime, datetime]]] = {}
        for story in stories(plot):
            for step in story.steps:
                if isinstance(step, Interview):
                    held += 1
                    for name in step.interviewers:
                        end = step.starts_at + timedelta(minutes=step.minutes)
                        taken.setdefault(name, []).append((step.starts_at, end))
        for times in taken.values():
            times.sort()
            assert all(before[1] <= after[0] for before, after in pairwise(times))
    examined("sample interviews", held)


def test_nobody_gives_feedback_on_an_application_twice(plots: dict[str, Plot]) -> None:
    for plot in plots.values():
        for story in stories(plot):
            authors = [step.by for step in story.steps if isinstance(step, Feedback)]
            assert len(authors) == len(set(authors))


def test_addresses_and_numbers_belong_to_nobody(plots: dict[str, Plot], examined: Examined) -> None:
    seen: set[str] = set()
    for plot in plots.values():
        for life in plot.lives:
            person = life.person.command
            for email in person.emails:
                domain = email.rpartition("@")[2]
                assert domain in {"example.com", "example.net", "example.org"} or domain.endswith(
                    ".example"
                )
                assert email not in seen
                seen.add(email)
            for phone in person.phones:
                number = phonenumbers.parse(phone, plot.tenant.country)
                assert phonenumbers.is_valid_number(number), phone
                e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
                assert e164 not in seen
                seen.add(e164)
    examined("e-mail addresses and phone numbers", len(seen))


def test_people_know_what_their_line_of_work_knows(plots: dict[str, Plot]) -> None:
    families = load_families()
    for plot in plots.values():
        for life in plot.lives:
            work = families[life.person.family]
            assert set(life.person.command.skills) <= set(work.skills)
            assert {post.title for post in life.person.command.experience} <= set(work.titles)


def test_names_are_varied(plots: dict[str, Plot]) -> None:
    names = [life.person.command.full_name for life in plots["acme"].lives]
    assert len(set(names)) == len(names)
    assert any("ü" in name or "ö" in name for name in names)
    assert any("ł" in name for name in names)
    assert any(not name.isascii() and name.upper() == name.lower() for name in names)
    assert max(map(len, names)) > 40


def test_another_day_has_the_same_people_and_applications(plots: dict[str, Plot]) -> None:
    for slug, plot in plots.items():
        other = make_plot(slug, NOW + timedelta(days=3, hours=5))
        assert [life.person.command.full_name for life in other.lives] == [
            life.person.command.full_name for life in plot.lives
        ]
        assert len(stories(other)) == len(stories(plot))


def test_a_filled_job_has_its_hires(plots: dict[str, Plot]) -> None:
    for slug in TENANTS:
        for job in load_tenant(slug).jobs:
            if job.closed_because == "Filled":
                hired = [
                    story
                    for story in stories(plots[slug])
                    if story.job.title == job.title and standing(story) == "5"
                ]
                assert len(hired) == job.openings, job.title


def test_the_latest_applicants_have_a_resume_that_says_what_is_known_of_them(
    plots: dict[str, Plot], examined: Examined
) -> None:
    parser, read = StructureParser(), 0
    for plot in plots.values():
        assert len(plot.with_resume) == RESUMES
        for life in plot.with_resume:
            person = life.person.command
            document = read_document(resume_of(person), file_name(person), Limits())
            resume = parser.parse(document, NOW.date()).resume
            assert (resume.name, resume.email) == (person.full_name, person.emails[0])
            assert {each.company for each in resume.experience} <= {
                each.company for each in person.experience
            }
            assert len(resume.experience) == len(person.experience)
            read += 1
    examined("résumés", read)
