"""What a job will look like on the careers site, for the team: also while it is a draft."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web.careers_frame import careers_page
from api.web.frame import WEB, may
from core.careers.contracts import AskedQuestion, Posting
from core.jobs.contracts import GetJob, JobId, JobView
from core.shared.permissions import Action


@get("/jobs/{job_id:uuid}/preview", **WEB)
async def preview(
    request: Request[Any, Any, Any], tenant_scope: Scoped, job_id: FromPath[UUID]
) -> Reply[bytes]:
    """Show the posting as applicants see it, with the company's look. Raises JobNotFound."""
    job = await tenant_scope.ask(GetJob(job_id=JobId(job_id)))
    return await careers_page(
        request,
        tenant_scope,
        "job_preview.html",
        posting=posting_of(job),
        job=job,
        may_edit=may(tenant_scope.actor, Action.EDIT_JOB),
    )


def posting_of(job: JobView) -> Posting:
    """Return what the public sees of a job; one that was never open is as if it opened now."""
    return Posting(
        id=job.id,
        title=job.title,
        department=job.department,
        location=job.location,
        remote=job.remote,
        employment_type=job.employment_type,
        seniority=job.seniority,
        pay_range=job.pay_range,
        published_at=job.opened_at or job.updated_at,
        description=job.description,
        skills=job.skills,
        openings=job.openings,
        questions=tuple(
            AskedQuestion(each.id, each.kind, each.label, each.required, each.options)
            for each in job.questions
        ),
        updated_at=job.updated_at,
        is_open=job.status == "open",
    )


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (preview,)
