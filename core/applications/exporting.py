"""Reading applications for an export, page after page."""

from core.applications.contracts import ApplicationRow, ListApplications
from core.applications.ports import ApplicationQueries
from core.shared.paging import Page
from core.shared.permissions import Action
from core.shared.usecase import Query, handles


class ExportApplications(Query[Page[ApplicationRow]], frozen=True, kw_only=True):
    """The next applications of an export, in the order of the list."""

    listed: ListApplications


@handles(ExportApplications, action=Action.EXPORT_CANDIDATES, feature="csv_export")
async def export_applications(
    query: ExportApplications, *, applications: ApplicationQueries
) -> Page[ApplicationRow]:
    """Return a page of applications."""
    return await applications.page(query.listed, None)
