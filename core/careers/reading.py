"""What anybody may read of a tenant's careers site, and beginning to apply."""

from core.careers.contracts import (
    AdmitForm,
    AdmittedForm,
    ApplicationForm,
    Facets,
    FollowApplication,
    Knock,
    ListFacets,
    ListOpenings,
    ListPostings,
    ListSubmissions,
    OpenForm,
    OpeningRow,
    Posting,
    PrivacyNotice,
    ProgressView,
    ShowPosting,
    ShowPrivacyNotice,
    ShowSite,
    SiteView,
    SubmissionView,
)
from core.careers.errors import PostingClosed
from core.careers.model import (
    PER_ADDRESS,
    PER_ADDRESS_AND_JOB,
    PER_JOB,
    WINDOW_SECONDS,
    FormSeal,
    form_expired,
)
from core.careers.notices import notice_of
from core.careers.ports import CareersQueries, FormSeals
from core.ports.throttle import Throttle
from core.shared.clock import Clock
from core.shared.errors import FieldError, InvalidInput
from core.shared.ids import Ids
from core.shared.paging import Page
from core.shared.permissions import Action
from core.shared.tenant import TenantContext
from core.shared.usecase import handles


@handles(ListOpenings, action=None)
async def list_openings(query: ListOpenings, *, careers: CareersQueries) -> Page[OpeningRow]:
    """Return one page of open jobs."""
    return await careers.openings(query)


@handles(ListFacets, action=None)
async def list_facets(query: ListFacets, *, careers: CareersQueries) -> Facets:  # noqa: ARG001 - the request has no fields
    """Return what the open jobs can be narrowed to."""
    return await careers.facets()


@handles(ListPostings, action=None)
async def list_postings(query: ListPostings, *, careers: CareersQueries) -> tuple[Posting, ...]:
    """Return open jobs with all that they say."""
    return await careers.postings(query.limit)


@handles(ShowPosting, action=None)
async def show_posting(query: ShowPosting, *, careers: CareersQueries) -> Posting:
    """Return one job."""
    return await careers.posting(query.job_id)


@handles(ShowSite, action=None)
async def show_site(query: ShowSite, *, careers: CareersQueries) -> SiteView:  # noqa: ARG001 - the request has no fields
    """Return how the site looks."""
    return await careers.site()


@handles(ShowPrivacyNotice, action=None)
async def show_privacy_notice(
    query: ShowPrivacyNotice, *, tenant: TenantContext, careers: CareersQueries
) -> PrivacyNotice:
    """Return the privacy notice."""
    return await notice_of(careers, tenant, query.version)


@handles(ListSubmissions, action=Action.EDIT_CANDIDATE)
async def list_submissions(
    query: ListSubmissions, *, careers: CareersQueries
) -> Page[SubmissionView]:
    """Return what applicants wrote of themselves, and what they agreed to."""
    return await careers.submissions(query.application_id)


@handles(OpenForm, action=None)
async def open_form(
    query: OpenForm,
    *,
    tenant: TenantContext,
    careers: CareersQueries,
    seals: FormSeals,
    clock: Clock,
    ids: Ids,
) -> ApplicationForm:
    """Return the questions with a fresh seal."""
    posting = await careers.posting(query.job_id)
    if not posting.is_open:
        raise PostingClosed("This job is no longer open.", job_title=posting.title)
    seal = FormSeal(ids.token(16), posting.id, clock.now())
    return ApplicationForm(posting, await notice_of(careers, tenant, None), seals.seal(seal))


@handles(Knock, action=None)
async def knock(query: Knock, *, tenant: TenantContext, throttle: Throttle) -> None:
    """Let an address send so many forms, whatever is in them."""
    place = f"careers:{tenant.id}:{query.address}"
    await throttle.check(place, limit=PER_ADDRESS, window_seconds=WINDOW_SECONDS)


@handles(AdmitForm, action=None)
async def admit_form(
    query: AdmitForm, *, tenant: TenantContext, throttle: Throttle, seals: FormSeals, clock: Clock
) -> AdmittedForm:
    """Look at what tells people from programs, the cheapest first."""
    if query.trap:
        message = "Leave this field empty: only programs fill it."
        raise InvalidInput(FieldError("website", message, "form_trap"))
    seal = seals.unseal(query.seal)
    if seal is None:
        raise form_expired()
    seal.check(query.job_id, clock.now())
    job = f"careers:{tenant.id}:{query.job_id}"
    here = f"{job}:{query.address}"
    await throttle.check(here, limit=PER_ADDRESS_AND_JOB, window_seconds=WINDOW_SECONDS)
    await throttle.check(job, limit=PER_JOB, window_seconds=WINDOW_SECONDS)
    return AdmittedForm(seal.form_id, seal.job_id)


@handles(FollowApplication, action=None)
async def follow_application(
    query: FollowApplication, *, careers: CareersQueries, seals: FormSeals
) -> ProgressView:
    """Return where the application stands."""
    return await careers.progress(seals.link_hash(query.link))
