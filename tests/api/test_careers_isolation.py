"""No address of one tenant's careers site tells or changes anything of another tenant."""

from datetime import UTC, datetime, timedelta

import asyncpg

from api.app import Application
from core.applications.contracts import ListApplications
from core.interviews.contracts import InterviewId, ScheduleInterview
from core.jobs.contracts import JobView, QuestionSpec
from tenants.runtime import Runtime
from tests.fixtures.applicants import RESUME, Applicant, ApplicantFor, applicant_for
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.probes.operations import pages
from tests.fixtures.worlds import World

__all__ = ["applicant_for"]

CANARY = "Canaryacme"
SAYS_NOTHING_OF_JOBS = {
    "GET ~/careers/brand.css",
    "GET ~/careers/logo",
    "GET ~/careers/privacy",
    "GET ~/robots.txt",
}
"""What holds no job; of these only the look and the notice are a tenant's, tested apart."""
TABLES = (
    *("applications", "candidates", "candidate_files", "candidate_notes", "submissions"),
    "applicant_pages",
)


async def _rows(database: TestDatabase, tenant: Applicant) -> list[str]:
    superuser = await asyncpg.connect(database.admin_url)
    try:
        return [
            await superuser.fetchval(
                f"SELECT COALESCE(md5(string_agg(t::text, '' ORDER BY t::text)), '') "
                f"|| count(*) FROM {table} t WHERE tenant_id = $1",
                tenant.tenant.id,
            )
            for table in TABLES
        ]
    finally:
        await superuser.close()


async def _interview(hiring: Hiring, job: JobView) -> InterviewId:
    (row,) = (await hiring.scope().ask(ListApplications(job_id=job.id))).items
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    made = await hiring.scope().execute(
        ScheduleInterview(
            application_id=row.id,
            kind="video",
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            time_zone="Europe/Berlin",
            interviewers=(hiring.tenant.members["interviewer"].member_id,),
        )
    )
    return made.id


async def test_nothing_crosses_to_the_site_of_another_tenant(
    app: Application,
    runtime: Runtime,
    world: World,
    applicant_for: ApplicantFor,
    database: TestDatabase,
    examined: Examined,
) -> None:
    hiring, ours, theirs = Hiring(runtime, world), applicant_for("acme"), applicant_for("globex")
    question = QuestionSpec(kind="text", label=f"{CANARY} asks")
    job = await hiring.open_job(
        title=f"{CANARY} job",
        location=f"{CANARY} town",
        department=f"{CANARY} team",
        description=f"{CANARY} text",
        questions=(question,),
    )
    await Hiring(runtime, world, "globex").open_job(title="Theirs")
    link = await ours.apply(job, {"resume": ("cv.pdf", RESUME, "application/pdf")})
    interview = await _interview(hiring, job)
    routes = {
        name: operation
        for name, operation in pages(app).items()
        if operation.handler.fn.__module__.startswith("api.web.careers")
    }
    words = (CANARY, str(job.id), link)
    before, looked, controls = await _rows(database, ours), 0, 0
    for name, operation in sorted(routes.items()):
        path = operation.path.format(job_id=job.id, link=link, interview_id=interview)
        if operation.changes:
            fields = theirs.filled(job) | {"reason": "pay"}
            answer = await theirs.client.post(path, data=fields)
        else:
            answer = await theirs.get(path)
            if name not in SAYS_NOTHING_OF_JOBS:
                own = await ours.get(path)
                shown = (*words, "Application received")
                assert any(word in own.text for word in shown), f"{name} shows nothing to compare"
                controls += 1
        assert answer.status_code == (404 if "{" in operation.path else answer.status_code), name
        assert answer.status_code in {200, 404}, name
        assert not [word for word in words if word in answer.text], f"{name} tells of another"
        assert CANARY not in str(answer.headers), name
        looked += 1
    assert await _rows(database, ours) == before, "another tenant's site changed something"
    await ours.client.post(f"/careers/applications/{link}/withdraw", data={"reason": ""})
    assert await _rows(database, ours) != before, "the digest sees changes"
    examined("addresses of the careers site", looked)
    examined("controls", controls)
