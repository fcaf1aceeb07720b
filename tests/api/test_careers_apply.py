"""Applying on the careers site without a script, and all that can be wrong with a form."""


import pytest

from core.applications.contracts import ListApplications
from core.candidates.contracts import GetCandidate, ListFiles
from tenants.runtime import Runtime
from tests.fixtures.applicants import RESUME, Applicant, fields_of
from tests.fixtures.clients import ClientFor
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World


@pytest.fixture
def hiring(runtime: Runtime, world: World) -> Hiring:
    return Hiring(runtime, world)


@pytest.fixture
def applicant(runtime: Runtime, world: World, client_for: ClientFor) -> Applicant:
    return Applicant(runtime, world, client_for("acme", None))


async def test_a_person_applies_with_a_resume_and_follows_the_link(
    hiring: Hiring, applicant: Applicant
) -> None:
    job = await hiring.open_job(title="Night owl")
    page = await applicant.client.get(f"/careers/jobs/{job.id}/apply")
    assert page.status_code == 200
    assert fields_of(page.text)["seal"]
    files = {"resume": ("Ada Lovelace.pdf", RESUME, "application/pdf")}
    link = await applicant.apply(job, files, full_name="Ada L.", phone="+49 30 901820")
    followed = await applicant.client.get(f"/careers/applications/{link}?new=1")
    assert followed.status_code == 200
    assert "Thank you" in followed.text
    assert "Your application for Night owl" in followed.text
    (row,) = (await hiring.scope().ask(ListApplications(job_id=job.id))).items
    assert (row.candidate_name, row.source, row.disposition) == ("Ada L.", "careers", "active")
    candidate = await hiring.scope().ask(GetCandidate(candidate_id=row.candidate_id))
    assert candidate.emails == ("ada@example.com",)
    assert candidate.phones == ("+4930901820",)
    assert candidate.source == "Careers site"
    (file,) = (await hiring.scope().ask(ListFiles(candidate_id=row.candidate_id))).items
    assert (file.name, file.media_type) == ("Ada Lovelace.pdf", "application/pdf")
