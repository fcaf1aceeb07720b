"""What the tenant lets candidates see on the page of their application."""

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from core.shared.usecase import Command, Query

Shown = Literal["stage", "interviews", "viewed", "downloaded", "commented", "assigned"]
"""What candidates can be shown. `stage`: the stages they go through; without it only that the
application arrived and how it ended. `viewed` is the profile and the résumé."""

DEFAULT_SHOWN: Final[tuple[Shown, ...]] = ("stage", "interviews")


class StatusPreferences(msgspec.Struct, frozen=True, kw_only=True):
    """What candidates see; no name of a member unless `names` says so."""

    shown: tuple[Shown, ...] = DEFAULT_SHOWN
    names: bool = False
    """Whether candidates read who viewed, downloaded, commented or looks after them."""
    version: int = 0
    """Goes up by one at every change; the ETag. 0: it was never changed."""


class ShowStatusPreferences(Query[StatusPreferences], frozen=True, kw_only=True):
    """What candidates see."""


class ChangeStatusPreferences(Command[StatusPreferences], frozen=True, kw_only=True):
    """Decide what candidates see; what is UNSET stays."""

    shown: tuple[Shown, ...] | UnsetType = UNSET
    names: bool | UnsetType = UNSET
    expected_version: int | None = None
