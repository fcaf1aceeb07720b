"""Who may report statuses from outside, and what their words stand for here."""

from datetime import datetime
from typing import Annotated, Literal, NewType
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.applications.contracts import Person
from core.shared.text import LINE
from core.shared.usecase import Command, Query

SourceId = NewType("SourceId", UUID)

MOST_SOURCES = 50
MOST_WORDS = 200
LONGEST_GRACE_SECONDS = 7 * 86_400

Word = Annotated[
    str, Meta(min_length=1, max_length=120, pattern=LINE, examples=["background_check.clear"])
]
"""A status as the source calls it; case and space around it don't matter."""
SourceName = Annotated[
    str, Meta(min_length=1, max_length=80, pattern=LINE, examples=["Background checks"])
]
GraceSeconds = Annotated[
    int,
    Meta(
        ge=0,
        le=LONGEST_GRACE_SECONDS,
        description="How long the secret before stays good: at most a week; 0 ends it at once.",
    ),
]

Act = Literal["move", "reject", "withdraw", "note"]


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a reported status does to the application."""

    act: Annotated[Act, Meta(description="`note`: it is only written down.")]
    stage: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=60,
                pattern=LINE,
                description="With `move`: the name of the stage, as the job calls it.",
            ),
        ]
        | None
    ) = None
    reason: (
        Annotated[
            str,
            Meta(
                max_length=40,
                pattern=LINE,
                description="With `reject` and `withdraw`: the reason, as there.",
            ),
        ]
        | None
    ) = None


Mapping = Annotated[
    dict[Word, Target],
    Meta(max_length=MOST_WORDS, description="What each status stands for; others are noted."),
]


class SourceView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who reports statuses."""

    id: SourceId
    name: str
    path: str
    """Where the reports go, on the workspace's own host."""
    mapping: dict[str, Target]
    created_at: datetime
    created_by: Person | None
    rotated_at: datetime | None
    """When the secret was changed last."""
    previous_until: datetime | None
    """Until when the secret before is good as well."""
    revoked_at: datetime | None
    last_reported_at: datetime | None
    version: int
    """Goes up by one at every change; the ETag."""


class Sources(msgspec.Struct, frozen=True):
    """Everybody who reports or reported, the newest first."""

    items: tuple[SourceView, ...]


class IssuedSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source with its secret, which is shown only here."""

    source: SourceView
    secret: str
    """As Standard Webhooks writes it: `whsec_` and base64."""

    def __repr__(self) -> str:
        return "IssuedSource(...)"


class ListSources(Query[Sources], frozen=True, kw_only=True):
    """Who reports statuses."""


class ShowSource(Query[SourceView], frozen=True, kw_only=True):
    """One who reports statuses."""

    source_id: SourceId


class CreateSource(Command[IssuedSource], frozen=True, kw_only=True):
    """Let somebody report statuses."""

    name: SourceName
    mapping: Mapping = msgspec.field(default_factory=dict)


class ChangeSource(Command[SourceView], frozen=True, kw_only=True):
    """Change the name or what statuses stand for; what is UNSET stays."""

    source_id: SourceId
    name: SourceName | UnsetType = UNSET
    mapping: Mapping | UnsetType = UNSET
    expected_version: int | None = None


class RotateSource(Command[IssuedSource], frozen=True, kw_only=True):
    """Give it a new secret."""

    source_id: SourceId
    grace_seconds: GraceSeconds = 86_400


class RevokeSource(Command[None], frozen=True, kw_only=True):
    """Take no more reports; those that came stay in the histories."""

    source_id: SourceId
