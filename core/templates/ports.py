"""What the templates need from outside: what tenants saved, how they look, what mails are about."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId
from core.interviews.contracts import InterviewId
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from core.templates.contracts import (
    Language,
    TemplateKey,
    TemplateKind,
    TrialMail,
    Values,
    WrittenMail,
)
from core.templates.layout import Letterhead
from core.templates.model import Kind
from core.templates.texts import Source


class Saved(msgspec.Struct, frozen=True):
    """A version that a tenant saved."""

    kind: TemplateKey
    language: Language
    version: int
    source: Source | None
    """None: back to the text that everybody starts with."""
    saved_at: UtcDatetime
    saved_by: MemberId | None


class PluginKinds(Protocol):
    """Knows the templates that the tenant's plugins bring."""

    async def all(self) -> Sequence[Kind]:
        """Return those of the plugins that are enabled now, plugin by plugin."""
        ...


class SavedTemplates(Protocol):
    """Reads what the tenant saved."""

    async def latest(self, kind: TemplateKey, language: Language) -> Saved | None:
        """Return the last version, None when the template was never changed."""
        ...

    async def all_latest(self) -> Sequence[Saved]:
        """Return the last version of every template that was ever changed."""
        ...

    async def versions(self, kind: TemplateKey, language: Language) -> Sequence[Saved]:
        """Return the last hundred versions, newest first."""
        ...


class TemplateStore(Protocol):
    """Keeps new versions."""

    async def hold(self, kind: TemplateKey, language: Language) -> Saved | None:
        """Return the last version, and let others who save this template wait for our end."""
        ...

    async def add(self, saved: Saved) -> None:
        """Keep a version."""
        ...


class Letterheads(Protocol):
    """How the tenant looks in mails."""

    async def letterhead(self) -> Letterhead:
        """Return what the tenant shows of itself."""
        ...


class ApplicationFacts(msgspec.Struct, frozen=True):
    """What mails about an application may say."""

    candidate_id: CandidateId
    to_name: str
    to_address: str | None
    language: str | None
    """Of the candidate, if it is known."""
    values: Values
    complete: bool = True
    """Whether there is everything that the kind offers always: an interview, for its kinds."""


class Facts(Protocol):
    """What mails may say."""

    async def of_application(
        self,
        application_id: ApplicationId,
        kind: TemplateKind,
        interview_id: InterviewId | None = None,
    ) -> ApplicationFacts | None:
        """Return what there is to say in a mail of `kind`, None without such an application.

        The language that dates are written in is the candidate's, or else the tenant's.
        """
        ...


class TrialPost(Protocol):
    """Sends a mail to whoever acts. Awaits the network."""

    async def send(self, mail: WrittenMail) -> TrialMail:
        """Give the mail to the first plugin that sends. Raises Forbidden for who is no member."""
        ...
