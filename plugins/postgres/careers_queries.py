"""Reads what the public may see of a tenant from rows; `sql/careers.sql` holds the statements."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from core.applications.contracts import ApplicationId
from core.careers.contracts import (
    Facets,
    ListOpenings,
    NoticeVersion,
    OpeningRow,
    Posting,
    PrivacyNotice,
    ProgressStep,
    ProgressView,
    SiteView,
    SubmissionView,
)
from core.careers.errors import LinkNotFound, PostingNotFound, SubmissionsNotFound
from core.careers.inbox_views import InboxRow
from core.jobs.contracts import JobId, PayRange
from core.shared.cursor import decode_cursor, encode_cursor
from core.shared.paging import Page
from plugins.postgres.database import TenantReader

_PAY: Final = {
    "minimum_cents": "pay_minimum_cents",
    "maximum_cents": "pay_maximum_cents",
    "currency": "pay_currency",
    "period": "pay_period",
}
_MOST_WORDS: Final = 8
_STEPS: Final = {
    "applied": "received",
    "moved": "moved",
    "hired": "hired",
    "rejected": "closed",
    "withdrawn": "withdrawn",
    "reopened": "reopened",
}


class PostgresCareersQueries:
    """Implements `core.careers.ports.CareersQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def openings(self, query: ListOpenings) -> Page[OpeningRow]:
        """Return one page of open jobs."""
        after_at, after_id = (None, None) if query.cursor is None else _key(query.cursor)
        words = (query.text or "").lower().split()[:_MOST_WORDS]
        rows = await self._reader.call(
            "list_openings_v1",
            query.limit + 1,
            after_at,
            after_id,
            words or None,
            query.location,
            query.department,
            query.employment_type,
            query.remote,
        )
        items = [msgspec.convert(_with_pay(row), OpeningRow) for row in rows[: query.limit]]
        if len(rows) <= query.limit:
            return Page(items)
        return Page(items, encode_cursor((items[-1].published_at, items[-1].id)))

    async def facets(self) -> Facets:
        """Return what there is to choose from."""
        rows = await self._reader.call("list_opening_facets_v1")
        return Facets(tuple(rows[0]["locations"]), tuple(rows[0]["departments"]))

    async def postings(self, limit: int) -> tuple[Posting, ...]:
        """Return the newest open jobs, without their questions."""
        rows = await self._reader.call("get_postings_v1", None, limit)
        return tuple(msgspec.convert(_with_pay(row), Posting) for row in rows)

    async def posting(self, job_id: JobId) -> Posting:
        """Return one job."""
        rows = await self._reader.call("get_postings_v1", job_id, 1)
        if not rows:
            raise PostingNotFound("There is no such job.")
        return msgspec.convert(_with_pay(rows[0]), Posting)

    async def site(self) -> SiteView:
        """Return name and look."""
        rows = await self._reader.call("get_careers_site_v1")
        return msgspec.convert(dict(rows[0]), SiteView)

    async def notice(self, version: int | None) -> PrivacyNotice | None:
        """Return a version of the privacy notice."""
        rows = await self._reader.call("get_privacy_notice_v1", version)
        return PrivacyNotice(*rows[0]) if rows else None

    async def notices(self) -> tuple[NoticeVersion, ...]:
        """Return every version of the privacy notice that was published."""
        return tuple(
            NoticeVersion(*row) for row in await self._reader.call("list_privacy_notices_v1")
        )

    async def submissions(self, application_id: ApplicationId) -> Page[SubmissionView]:
        """Return what was sent for an application."""
        rows = await self._reader.call("list_submissions_v1", application_id)
        if not rows:
            raise SubmissionsNotFound("There is no such application.")
        sent = [dict(row) for row in rows if row["id"] is not None]
        return Page([msgspec.convert(row, SubmissionView) for row in sent])

    async def progress(self, link_hash: bytes) -> ProgressView:
        """Return where an application stands."""
        rows = await self._reader.call("follow_application_v1", link_hash)
        if not rows:
            raise LinkNotFound("This link opens nothing. It may be incomplete.")
        row = rows[0]
        return _repeated(row) if row["is_repeated"] else _progress(row)

    async def inbox(self, link_hash: bytes) -> InboxRow:
        """Return what else the page of a link shows."""
        rows = await self._reader.call("applicant_inbox_v1", link_hash)
        if not rows:
            raise LinkNotFound("This link opens nothing. It may be incomplete.")
        return msgspec.convert(dict(rows[0]), InboxRow)


def _progress(row: Any) -> ProgressView:
    steps = tuple(_told(_step(change) for change in row["changes"]))
    return ProgressView(
        job_id=row["job_id"],
        job_title=row["job_title"],
        is_job_open=row["is_job_open"],
        received_at=row["received_at"],
        disposition=row["disposition"],
        stage=row["stage"],
        stage_kind=row["stage_kind"],
        steps=steps,
    )


def _repeated(row: Any) -> ProgressView:
    """Return what a repeated submission shows: that it came, and whether it was withdrawn."""
    withdrawn = row["withdrawn_at"]
    steps = [ProgressStep(row["received_at"], "received", row["first_stage"])]
    if withdrawn is not None:
        steps.append(ProgressStep(withdrawn, "withdrawn", None))
    return ProgressView(
        job_id=row["job_id"],
        job_title=row["job_title"],
        is_job_open=row["is_job_open"],
        received_at=row["received_at"],
        disposition="active" if withdrawn is None else "withdrawn",
        stage=row["first_stage"],
        stage_kind="applied",
        steps=tuple(steps),
    )


def _told(steps: Iterable[ProgressStep]) -> Iterator[ProgressStep]:
    """Leave out moves between stages that are one to applicants."""
    shown: str | None = None
    for step in steps:
        if step.kind != "moved" or step.stage != shown:
            yield step
        shown = step.stage or shown


def _step(change: Mapping[str, Any]) -> ProgressStep:
    kind = _STEPS[change["kind"]]
    stage = None if kind in {"closed", "withdrawn"} else change["stage"]
    return msgspec.convert({"at": change["at"], "kind": kind, "stage": stage}, ProgressStep)


def _with_pay(row: Any) -> dict[str, Any]:
    fields = dict(row)
    pay: dict[str, Any] = {name: fields.pop(column) for name, column in _PAY.items()}
    fields["pay_range"] = None if pay["currency"] is None else PayRange(**pay)
    return fields


def _key(cursor: str) -> tuple[datetime, UUID]:
    return decode_cursor(cursor, tuple[datetime, UUID])
