"""What others may know of templates: kinds, views, commands, and the two ways to word a mail."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal, Protocol, cast, get_args
from uuid import UUID

import msgspec

from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId
from core.interviews.contracts import InterviewId
from core.shared.ids import MemberId
from core.shared.text import LINE, TEXT
from core.shared.usecase import Command, Query

TemplateKind = Literal[
    "application_received",
    "status_update",
    "interview_invitation",
    "interview_reminder",
    "rescheduled",
    "cancelled",
    "rejection",
    "offer",
    "assignment",
    "mention",
    "invitation",
    "magic_link",
    "password_reset",
    "notification",
    "digest",
    "survey",
]
"""What a mail is about; what may be said in it depends on it."""

UNSUBSCRIBABLE: Final[frozenset[TemplateKind]] = frozenset(
    {"assignment", "mention", "notification", "digest", "survey"}
)
"""Kinds that answer nothing that the receiver did or needs: who gets one can stop them."""

TEMPLATE_KINDS: Final[frozenset[str]] = frozenset(get_args(TemplateKind))

TemplateKey = Annotated[
    str,
    msgspec.Meta(
        max_length=120,
        pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$",
        description="A kind of the platform's, or `<plugin>.<template>` for what a plugin brings.",
        examples=["rejection", "referrals.thank_you"],
    ),
]

Language = Literal["en", "de", "es", "fr"]
"""Languages that the templates exist in (ISO 639-1)."""

Items = tuple[Mapping[str, str], ...]
Values = Mapping[str, str | Items]
"""What variables stand for. A value that is absent or empty is not shown."""

STAND_IN = "only-in-the-mail"
"""Stands in the place of what is secret in a link, wherever a mail is kept or shown."""

STOP_STAND_IN = "kept-out-of-copies"
"""Stands likewise in the place of the link that stops mails of a kind."""

MAX_SUBJECT = 300
MAX_BODY = 20_000

SubjectSource = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=MAX_SUBJECT,
        pattern=LINE,
        description="One line; variables as in `{{job_title}}`.",
        examples=["Your application for {{job_title}}"],
    ),
]
BodySource = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=MAX_BODY,
        pattern=TEXT,
        description="Paragraphs, `**bold**`, `[links](https://…)`, `- lists`, "
        "`[button: Text](…)`, variables, `{{#if …}}` and `{{#each …}}`.",
        examples=["Hello {{candidate_name}},\n\nthank you for applying."],
    ),
]


def kind_named(purpose: str) -> TemplateKind | None:
    """Return the platform's kind of that name, None for anything else."""
    return cast("TemplateKind", purpose) if purpose in TEMPLATE_KINDS else None


def is_brought(key: str) -> bool:
    """Whether the key is that of a plugin's template."""
    return "." in key


def is_stoppable(purpose: str, text: str) -> bool:
    """Whether the receiver of a mail can stop its like: by its kind, or the link that it holds."""
    return purpose in UNSUBSCRIBABLE or (is_brought(purpose) and STOP_STAND_IN in text)


class Flaw(msgspec.Struct, frozen=True):
    """Something wrong with a template."""

    field: Literal["subject", "body"]
    line: int
    """Counted from 1."""
    code: str
    message: str


class WrittenMail(msgspec.Struct, frozen=True):
    """What a mail says, ready to be sent."""

    subject: str
    text: str
    html: str | None
    """None when what the variables stand for made it larger than mail programs show whole."""
    language: Language


class AddressedMail(msgspec.Struct, frozen=True):
    """A mail to a candidate about an application."""

    candidate_id: CandidateId
    application_id: ApplicationId
    to_name: str
    to_address: str | None
    """None when no address of the candidate is known."""
    mail: WrittenMail


class Wording(Protocol):
    """Words mails as the tenant wants them."""

    async def write(
        self,
        kind: TemplateKind,
        values: Values,
        *,
        language: str | None = None,
        unsubscribe_url: str | None = None,
    ) -> WrittenMail:
        """Return the mail of that kind in `language`, in the tenant's if None, else in English.

        `values` name what the kind offers; what it offers always must be there. Never fails for
        what a tenant wrote: templates are checked when they are saved.
        """
        ...


class ApplicationMail(Protocol):
    """Words mails to candidates about their application."""

    async def address(self, application_id: ApplicationId) -> str | None:
        """Return where mails about an application go; None when that isn't known."""
        ...

    async def write(
        self,
        kind: TemplateKind,
        application_id: ApplicationId,
        interview_id: InterviewId | None = None,
    ) -> AddressedMail | None:
        """Return the mail in the candidate's language.

        One about an interview is about that which is named, or else about the next. None when there
        is no such application, or nothing that such a mail could be about.
        """
        ...


class PluginMails(Protocol):
    """Words mails of plugins' templates to candidates about their application."""

    async def write(
        self, key: str, application_id: ApplicationId, values: Mapping[str, str]
    ) -> AddressedMail | None:
        """Return the mail in the candidate's language; None when there is no such application.

        Raises TemplateNotFound unless the plugin is enabled and brings it, and InvalidInput with
        each of `values` that is missing, too much or wrong.
        """
        ...


class VariableView(msgspec.Struct, frozen=True):
    """A variable that a kind of template offers."""

    name: str
    meaning: str
    example: str
    always: bool
    """Whether there always is a value; otherwise it stands between `{{#if}}` and `{{/if}}`."""
    fields: tuple[str, ...] = ()
    """Of a list: what stands between `{{#each}}` and `{{/each}}`."""


class LanguageState(msgspec.Struct, frozen=True):
    """Whether a template was changed in one language."""

    language: Language
    version: int
    """0 is the text that everybody starts with."""
    is_default: bool
    changed_at: datetime | None = None
    needs_attention: bool = False
    """Whether what was saved doesn't fit the plugin any more, so that its own text is sent."""


class TemplateRow(msgspec.Struct, frozen=True):
    """A kind of template in the list."""

    kind: TemplateKey
    name: str
    purpose: str
    to: Literal["candidate", "member"]
    transactional: bool
    """Whether it answers what the receiver did or needs, so that it can't be unsubscribed from."""
    languages: tuple[LanguageState, ...]
    plugin: str | None = None
    """The plugin that brings it; None: the platform."""
    plugin_name: str | None = None


class TemplateList(msgspec.Struct, frozen=True):
    """Every kind of template."""

    items: tuple[TemplateRow, ...]


class TemplateView(msgspec.Struct, frozen=True):
    """A template in one language, with what may stand in it."""

    kind: TemplateKey
    language: Language
    name: str
    purpose: str
    subject: str
    body: str
    is_default: bool
    version: int
    """Goes up by one at every change; the ETag. 0 is the text that everybody starts with."""
    changed_at: datetime | None
    changed_by: MemberId | None
    variables: tuple[VariableView, ...]
    languages: tuple[Language, ...] = ()
    """Those that it exists in."""
    plugin: str | None = None
    """The plugin that brings it; None: the platform."""
    plugin_name: str | None = None
    flaws: tuple[Flaw, ...] = ()
    """Why what was saved isn't sent: the plugin has changed since. Its own text is sent instead."""


class TemplateVersion(msgspec.Struct, frozen=True):
    """One version of a template; none is ever changed."""

    version: int
    is_default: bool
    """Whether it was this version that went back to the default."""
    subject: str
    body: str
    changed_at: datetime | None = None
    changed_by: MemberId | None = None


class TemplateVersions(msgspec.Struct, frozen=True):
    """Every version, newest first."""

    items: tuple[TemplateVersion, ...]


class TemplatePreview(msgspec.Struct, frozen=True):
    """How a template looks, or what is wrong with it."""

    flaws: tuple[Flaw, ...]
    mail: WrittenMail | None
    """None when there are flaws."""
    to_name: str | None = None
    """The candidate in whose place it was written; None: an invented one."""


class TrialMail(msgspec.Struct, frozen=True):
    """What came of a mail that somebody sent to themselves to look at it."""

    to_address: str
    plugin: str | None
    """Which plugin was given it; None: none that sends is enabled."""
    result: Literal["taken", "refused", "away", "unknown"]
    said: str
    """What the plugin's service said."""
    message_id: UUID | None = None
    """The mail among those to members, with its timeline."""


class ListTemplates(Query[TemplateList], frozen=True, kw_only=True):
    """Every kind of template."""


class ShowTemplate(Query[TemplateView], frozen=True, kw_only=True):
    """One template in one language."""

    kind: TemplateKey
    language: Language


class ListTemplateVersions(Query[TemplateVersions], frozen=True, kw_only=True):
    """The versions of a template."""

    kind: TemplateKey
    language: Language


class PreviewTemplate(Command[TemplatePreview], frozen=True, kw_only=True):
    """Show how a template would look, on a real application or an invented one."""

    kind: TemplateKey
    language: Language
    subject: SubjectSource | None = None
    """None: as it is saved."""
    body: BodySource | None = None
    application_id: ApplicationId | None = None


class ChangeTemplate(Command[TemplateView], frozen=True, kw_only=True):
    """Save the next version."""

    kind: TemplateKey
    language: Language
    subject: SubjectSource
    body: BodySource
    expected_version: int | None = None


class ResetTemplate(Command[TemplateView], frozen=True, kw_only=True):
    """Go back to the text that everybody starts with; the versions stay."""

    kind: TemplateKey
    language: Language
    expected_version: int | None = None


class SendTrialMail(Query[TrialMail], frozen=True, kw_only=True):
    """Send a template to oneself, now. Awaits the network, so that no transaction may be open.

    Raises InvalidInput for each flaw.
    """

    kind: TemplateKey
    language: Language
    subject: SubjectSource | None = None
    """None: as it is saved."""
    body: BodySource | None = None
    application_id: ApplicationId | None = None


class RecordTrialMail(Command[TrialMail], frozen=True, kw_only=True):
    """Note that somebody sent a template to themselves."""

    kind: TemplateKey
    language: Language
    sent: TrialMail
