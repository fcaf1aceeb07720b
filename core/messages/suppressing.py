"""Looking at the addresses that aren't written to, and letting one be written to again."""

from core.messages.contracts import (
    ListSuppressions,
    RemoveSuppression,
    SuppressionView,
)
from core.messages.errors import SuppressionNotFound
from core.messages.events import SuppressionRemoved
from core.messages.ports import MessageQueries, Suppressions
from core.shared.events import Recorder
from core.shared.paging import Page
from core.shared.permissions import Action
from core.shared.usecase import handles


@handles(ListSuppressions, action=Action.MANAGE_MESSAGES)
async def list_suppressions(
    query: ListSuppressions, *, messages: MessageQueries
) -> Page[SuppressionView]:
    """Return a page."""
    return await messages.suppressions(query)


@handles(RemoveSuppression, action=Action.MANAGE_MESSAGES)
async def remove_suppression(
    command: RemoveSuppression, *, suppressions: Suppressions, recorder: Recorder
) -> None:
    """Take an address off the list."""
    found = await suppressions.get(command.suppression_id)
    if found is None:
        raise SuppressionNotFound(SuppressionNotFound.TEXT)
    await suppressions.remove(found)
    recorder.record(SuppressionRemoved(aggregate_id=found.id), before={"reason": found.reason})
