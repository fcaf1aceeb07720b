"""Filters tell an interviewer nothing of applications that aren't theirs."""

from uuid import UUID

import pytest

from core.applications.contracts import AssignApplication, CreateApplication
from core.candidates.contracts import CandidateFilter, ListCandidates
from tenants.runtime import Runtime
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World


@pytest.fixture
def hiring(runtime: Runtime, world: World) -> Hiring:
    return Hiring(runtime, world)


async def test_a_filter_fits_an_application_that_the_interviewer_may_see(hiring: Hiring) -> None:
    """They know the person by one application; that there is another, only others know."""
    me = hiring.tenant.members["interviewer"].member_id
    other = hiring.tenant.members["recruiter"].member_id
    known, secret = await hiring.open_job(), await hiring.open_job()
    mine = await hiring.apply(known)
    await hiring.scope().execute(AssignApplication(application_id=mine.id, assignee_id=me))
    hidden = await hiring.scope().execute(
        CreateApplication(candidate_id=mine.candidate_id, job_id=secret.id, assignee_id=other)
    )
    hidden = await hiring.move(hidden, 4, secret)

    async def found(role: str, **where: object) -> set[UUID]:
        scope = hiring.scope("interviewer" if role == "interviewer" else "recruiter")
        page = await scope.ask(ListCandidates(where=CandidateFilter(**where), limit=200))  # type: ignore[arg-type]
        return {UUID(str(row.id)) for row in page.items}

    person = {UUID(str(mine.candidate_id))}
    telling: tuple[dict[str, object], ...] = (
        {"job_id": secret.id},
        {"assignee": other},
        {"stage": str(hidden.stage_id)},
        {"stage": "Offer"},
        {"job_id": known.id, "stage": "Offer"},
        {"job_id": secret.id, "text": "person"},
    )
    for where in telling:
        assert not await found("interviewer", **where) & person, where
        if where != {"job_id": known.id, "stage": "Offer"}:
            assert person <= await found("recruiter", **where), where
    harmless: tuple[dict[str, object], ...] = (
        {"job_id": known.id},
        {"assignee": me},
        {"stage": "Applied"},
        {"text": "person"},
    )
    for where in harmless:
        assert person <= await found("interviewer", **where), where
