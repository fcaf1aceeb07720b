"""What the pages of people tell: answers, forms, interviews, feedback, files, merges, by role."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

import httpx
import msgspec
import pytest
import pytest_asyncio

from api.web.candidate_applications import Answered, answered
from api.web.candidate_page import differing
from api.web.resumes import is_unsure
from core.applications.contracts import ApplicationView
from core.candidates.contracts import AddFile, CandidateView, CreateCandidate
from core.candidates.duplicates import MergeCandidates
from core.interviews.contracts import (
    CancelInterview,
    InterviewKind,
    ScheduleInterview,
    SubmitFeedback,
)
from core.jobs.contracts import JobView, Question, QuestionId, QuestionSpec
from core.resumes.contracts.readings import GetResume
from tenants.runtime import Runtime
from tests.fixtures.clients import ClientFor
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World

HTML: Final = {"Accept": "text/html"}
SOON: Final = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)


class Case(msgspec.Struct):
    """One person of whom there is something of everything."""

    hiring: Hiring
    job: JobView
    person: CandidateView
    application: ApplicationView
    page: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def case(runtime: Runtime, world: World) -> Case:
    hiring = Hiring(runtime, world)
    scope, team = hiring.scope(), hiring.tenant.members
    job = await hiring.open_job(
        title="Beekeeper",
        questions=(
            QuestionSpec("yes_no", "Are you allergic to bees?", knockout=True),
            QuestionSpec("number", "How many hives have you kept?"),
            QuestionSpec("long_text", "Why bees?"),
        ),
    )
    person = await scope.execute(CreateCandidate(full_name="Maja Imker"))
    twin = await scope.execute(CreateCandidate(full_name="M. Imker"))
    answers = dict(
        zip((each.id for each in job.questions), (False, 1200, "They dance."), strict=True)
    )
    application = await hiring.apply_as(person.id, job, answers=answers)
    kinds: tuple[tuple[InterviewKind, int], ...] = (("video", 0), ("onsite", 3))
    for kind, hours in kinds:
        held = await scope.execute(
            ScheduleInterview(
                application_id=application.id,
                kind=kind,
                starts_at=SOON + timedelta(hours=hours),
                ends_at=SOON + timedelta(hours=hours + 1),
                time_zone="Europe/Berlin",
                interviewers=(team["interviewer"].member_id,),
            )
        )
    await scope.execute(CancelInterview(interview_id=held.id, reason="The meadow is flooded."))
    await hiring.scope("interviewer").execute(
        SubmitFeedback(
            application_id=application.id,
            recommendation="strong_yes",
            ratings={"Calm": 5},
            comment="Not stung once.",
        )
    )
    await scope.execute(AddFile(candidate_id=person.id, name="hives.txt", content=b"Hives."))
    await scope.execute(MergeCandidates(candidate_id=person.id, other_id=twin.id))
    return Case(hiring, job, person, application, f"/candidates/{person.id}")


async def _words(client: httpx.AsyncClient, path: str) -> str:
    answer = await client.get(path, headers=HTML)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


async def test_the_answers_stand_on_the_page(client_for: ClientFor, case: Case) -> None:
    words = await _words(client_for("acme", "recruiter"), case.page)
    assert "3 answers" in words
    assert re.search(r"Are you allergic to bees\? can rule out No ", words)
    assert re.search(r"How many hives have you kept\? 1,200 ", words)
    assert "They dance." in words


def test_an_answer_outlives_its_question() -> None:
    first, second = QuestionId(uuid4()), QuestionId(uuid4())
    asked = Question(first, "text", "Why?", required=False, knockout=False)
    found = answered((asked,), {second: True, first: "Because."})
    assert found == [Answered(asked, "Because."), Answered(None, True)]


@pytest.mark.parametrize("path", ["", "/timeline"])
async def test_the_timeline_tells_everything(
    client_for: ClientFor, case: Case, examined: Examined, path: str
) -> None:
    words = await _words(client_for("acme", "recruiter"), f"{case.page}{path}")
    team = case.hiring.tenant.members
    told = (
        "Application to Beekeeper",
        f"{team['recruiter'].name} arranged an interview for Beekeeper",
        "Video call",
        "An interview for Beekeeper was called off",
        "The meadow is flooded.",
        f"{team['interviewer'].name} gave feedback for Beekeeper",
        "Strong yes",
        "Calm: 5 of 5",
        "Not stung once.",
        f"{team['recruiter'].name} added a file: hives.txt",
        f"{team['recruiter'].name} merged another record into this one",
    )
    assert [each for each in told if each not in words] == []
    examined("entries", len(told))


async def test_it_can_be_moved_from_the_page_by_who_may(client_for: ClientFor, case: Case) -> None:
    words = await _words(client_for("acme", "recruiter"), case.page)
    offered = re.findall(r"Move to ([A-Z]\w+)", words)
    assert offered == [each.name for each in case.job.stages[1:]]
    assert "Move to" not in await _words(client_for("acme", "viewer"), case.page)


async def test_the_dashboard_says_with_whom_an_interview_is(
    client_for: ClientFor, case: Case
) -> None:
    answer = await client_for("acme", "interviewer").get("/dashboard", headers=HTML)
    held = answer.text.partition('aria-labelledby="interviews"')[2]
    assert f'href="{case.page}">Maja Imker</a>' in held
    assert "Video call · Beekeeper" in held
    assert "On site" not in held, "it was called off"


async def test_a_merge_asks_only_where_both_say_something(case: Case) -> None:
    scope = case.hiring.scope()
    kept, other = [
        await scope.execute(CreateCandidate(full_name=name, headline=headline, location=place))
        for name, headline, place in (("Ann", "Baker", None), ("Anne", None, "Ulm"))
    ]
    assert differing(kept, other) == [("full_name", "Ann", "Anne")]


async def test_what_a_resume_is_unsure_of_is_marked_where_it_stands(case: Case) -> None:
    scope = case.hiring.scope()
    text = b"Maja Imker\nmaja@example.com\n\nExperience\nBeekeeper, Honey Ltd, 2019 - 2021\n"
    file = await scope.execute(AddFile(candidate_id=case.person.id, name="cv.txt", content=text))
    view = await scope.ask(GetResume(candidate_id=case.person.id, file_id=file.id))
    unsure = msgspec.structs.replace(
        view, confidence={"name": 0.9, "experience.0.company": 0.5, "experience.10.title": 0.4}
    )
    marked = [
        each
        for each in ("name", "experience", "experience.0", "experience.1", "experience.10")
        if is_unsure(unsure, each)
    ]
    assert marked == ["experience", "experience.0", "experience.10"]
