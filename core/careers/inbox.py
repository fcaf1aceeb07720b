"""What the owner of a secret link finds on their page, and what they say there.

What is shown is decided where it is read: by the tenant's preferences, and never anything of an
application behind the link of a repeated submission, which may be in anybody's hands.
"""

import re
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from core.careers.contracts import ProgressView
from core.careers.errors import LinkNotFound
from core.careers.events import MailsChosen
from core.careers.inbox_views import STATUS_MAILS, ApplicantInbox, StatusMail
from core.careers.ports import ApplicantPages, CareersQueries, FormSeals
from core.shared.clock import Clock
from core.shared.events import Recorder
from core.shared.usecase import Command, Query, handles


class OpenInbox(Query[ApplicantInbox], frozen=True, kw_only=True):
    """The page that a secret link is for."""

    link: str

    def __repr__(self) -> str:
        return "OpenInbox(...)"


class MarkInboxRead(Command[None], frozen=True, kw_only=True):
    """Note that the owner of a link has read what came up to a time."""

    link: str
    until: datetime

    def __repr__(self) -> str:
        return "MarkInboxRead(...)"


class ChooseMails(Command[None], frozen=True, kw_only=True):
    """Say which mails about an application its applicant wants."""

    link: str
    wanted: tuple[StatusMail, ...]

    def __repr__(self) -> str:
        return "ChooseMails(...)"


@handles(OpenInbox, action=None)
async def open_inbox(
    query: OpenInbox, *, careers: CareersQueries, seals: FormSeals
) -> ApplicantInbox:
    """Return the page; a link that is none opens nothing."""
    link_hash = seals.link_hash(query.link)
    progress = await careers.progress(link_hash)
    row = await careers.inbox(link_hash)
    if "stage" not in row.shown and not row.is_repeated:
        progress = without_stages(progress)
    messages = tuple(
        msgspec.structs.replace(each, text=without_secrets(each.text)) for each in row.messages
    )
    return ApplicantInbox(
        progress=progress,
        messages=messages,
        interviews=row.interviews,
        activity=row.activity,
        read_until=row.read_until,
        latest_at=max(
            *(step.at for step in progress.steps),
            progress.received_at,
            *(each.at for each in messages),
            *(each.changed_at for each in row.interviews),
            *(each.at for each in row.activity),
        ),
        unwanted=row.unwanted,
        time_zone=row.time_zone,
    )


@handles(MarkInboxRead, action=None)
async def mark_inbox_read(
    command: MarkInboxRead, *, pages: ApplicantPages, seals: FormSeals, clock: Clock
) -> None:
    """Keep the later of two times, and none that lies ahead. What is only read is no event."""
    submission_id = await _submission(pages, seals, command.link)
    now = clock.now()
    await pages.read(submission_id, min(command.until, now), now)


@handles(ChooseMails, action=None)
async def choose_mails(
    command: ChooseMails,
    *,
    pages: ApplicantPages,
    seals: FormSeals,
    clock: Clock,
    recorder: Recorder,
) -> None:
    """Keep it for the form that the link is of: another's choice is never changed."""
    submission_id = await _submission(pages, seals, command.link)
    unwanted = tuple(kind for kind in STATUS_MAILS if kind not in command.wanted)
    application_id = await pages.choose(submission_id, unwanted, clock.now())
    recorder.record(
        MailsChosen(aggregate_id=submission_id, application_id=application_id),
        after={"unwanted": list(unwanted)},
    )


def without_stages(progress: ProgressView) -> ProgressView:
    """Return a progress that tells only that the application arrived and how it ended."""
    kept = tuple(step for step in progress.steps if step.kind not in {"moved", "reopened"})
    first = progress.steps[0].stage or progress.stage
    is_open = progress.disposition == "active"
    return msgspec.structs.replace(
        progress,
        steps=kept[:1] if is_open else kept,
        stage=first if is_open else progress.stage,
        stage_kind="applied" if is_open else progress.stage_kind,
    )


_URL: Final = re.compile(r"https?://[^\s<>\"]+")
_SECRET_PART: Final = re.compile(r"[\w-]{32,}")
HIDDEN_LINK: Final = "…"


def without_secrets(text: str) -> str:
    """Return a text whose links end before anything in them that is long enough to be a secret."""
    return _URL.sub(lambda found: _plain_link(found[0]), text)


def _plain_link(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN_LINK
    if not _SECRET_PART.search(f"{parts.path}?{parts.query}#{parts.fragment}"):
        return url
    return f"{parts.scheme}://{parts.hostname or ''}/{HIDDEN_LINK}"


async def _submission(pages: ApplicantPages, seals: FormSeals, link: str) -> UUID:
    found = await pages.of_link(seals.link_hash(link))
    if found is None:
        raise LinkNotFound("This link opens nothing.")
    return found
