"""What promises need from storage."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from core.jobs.contracts import JobId
from core.promises.contracts import PromiseView, WaitingApplication
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId


class NearAnswer(msgspec.Struct, frozen=True):
    """A promised answer that somebody has to be reminded of."""

    application_id: UUID
    job_id: UUID
    due_at: datetime


class PromiseBook(Protocol):
    """Changes promises."""

    async def hold(self, job_id: JobId | None) -> PromiseView | None:
        """Return one, and let others who change it wait for our end."""
        ...

    async def keep(self, promise: PromiseView, by: MemberId | None, at: UtcDatetime) -> PromiseView:
        """Keep one with the version that it has. Raises InvalidInput without such a job."""
        ...

    async def remove(self, job_id: JobId | None) -> None:
        """Forget one."""
        ...

    async def remind(self, now: UtcDatetime, most: int) -> Sequence[NearAnswer]:
        """Note of answers that come near that somebody is reminded, and return those.

        None is returned twice for the same silence, whoever asks at the same time.
        """
        ...


class PromiseQueries(Protocol):
    """Reads views straight from rows."""

    async def all(self) -> Sequence[PromiseView]:
        """Return that of the workspace, if it is set, then those of jobs by title."""
        ...

    async def shown_days(self, job_id: JobId) -> int | None:
        """Return in how many days an answer is promised to the public, None where it isn't."""
        ...

    async def waiting(
        self,
        now: UtcDatetime,
        most: int,
        *,
        of: MemberId | None,
        visible_to: MemberId | None,
    ) -> Sequence[WaitingApplication]:
        """Return applications whose answer is near or late, the latest first.

        `of` limits to those that a member sees to, `visible_to` to those that one may see.
        """
        ...
