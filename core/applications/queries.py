"""What can be asked about applications; interviewers get answers only on those they may see."""

from core.applications.contracts import (
    ApplicationRow,
    ApplicationView,
    BulkRejectionView,
    Card,
    GetApplication,
    GetBulkRejection,
    GetHistory,
    GetPipeline,
    GetStageDurations,
    HistoryView,
    ListApplications,
    ListCards,
    PipelineSnapshot,
    StageDurationsView,
)
from core.applications.durations import stage_durations
from core.applications.ports import ApplicationQueries
from core.shared.access import Access, limited_to
from core.shared.actor import Actor
from core.shared.clock import Clock, UtcDatetime
from core.shared.paging import Page
from core.shared.permissions import Action
from core.shared.usecase import handles


@handles(GetApplication, action=Action.VIEW_CANDIDATES)
async def get_application(
    query: GetApplication, *, actor: Actor, access: Access, applications: ApplicationQueries
) -> ApplicationView:
    """Return one application."""
    return await applications.application(query.application_id, limited_to(actor, access))


@handles(ListApplications, action=Action.VIEW_CANDIDATES)
async def list_applications(
    query: ListApplications, *, actor: Actor, access: Access, applications: ApplicationQueries
) -> Page[ApplicationRow]:
    """Return one page of applications."""
    return await applications.page(query, limited_to(actor, access))


@handles(ListCards, action=Action.VIEW_CANDIDATES)
async def list_cards(
    query: ListCards, *, actor: Actor, access: Access, applications: ApplicationQueries
) -> tuple[Card, ...]:
    """Return the cards of a job's board."""
    return await applications.cards(query.job_id, limited_to(actor, access))


@handles(GetHistory, action=Action.VIEW_CANDIDATES)
async def get_history(
    query: GetHistory, *, actor: Actor, access: Access, applications: ApplicationQueries
) -> HistoryView:
    """Return everything that happened to an application."""
    return await applications.history(query.application_id, limited_to(actor, access))


@handles(GetStageDurations, action=Action.VIEW_CANDIDATES)
async def get_stage_durations(
    query: GetStageDurations,
    *,
    actor: Actor,
    access: Access,
    clock: Clock,
    applications: ApplicationQueries,
) -> StageDurationsView:
    """Return how long an application stood in each stage."""
    history = await applications.history(query.application_id, limited_to(actor, access))
    return stage_durations(history.changes, clock.now())


@handles(GetPipeline, action=Action.VIEW_CANDIDATES)
async def get_pipeline(
    query: GetPipeline,
    *,
    actor: Actor,
    access: Access,
    clock: Clock,
    applications: ApplicationQueries,
) -> PipelineSnapshot:
    """Return how a job's pipeline stands, or stood at an instant."""
    at = clock.now() if query.at is None else UtcDatetime(query.at)
    return await applications.pipeline(query.job_id, at, query.cards, limited_to(actor, access))


@handles(GetBulkRejection, action=Action.MOVE_APPLICATION)
async def get_bulk_rejection(
    query: GetBulkRejection, *, applications: ApplicationQueries
) -> BulkRejectionView:
    """Return a bulk rejection and what became of each application."""
    return await applications.bulk_rejection(query.bulk_rejection_id)
