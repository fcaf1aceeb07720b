"""What posting to a workspace's chat needs: where posts are kept, and who takes them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal, NewType, Protocol
from uuid import UUID

import msgspec

from core.ports.chat import ChatMessage
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId

PostId = NewType("PostId", UUID)

PostState = Literal["waiting", "sending", "sent", "failed", "unknown"]


class NewPost(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be posted. Ids and codes; names are joined when it is sent."""

    id: PostId
    plugin: str
    notice: str
    group: str
    """Posts that wait and have the same one are one."""
    unseen_hours: int = 0
    """For how long its receiver hasn't looked at it; 0: it is posted because it happened."""
    members: tuple[MemberId, ...] = ()
    """Whom it is for, where that is said."""
    application_id: UUID | None
    note_id: UUID | None
    actor_id: MemberId | None
    details: dict[str, str]
    at: UtcDatetime
    due_at: UtcDatetime


class Post(msgspec.Struct, kw_only=True):
    """A post that may be sent."""

    id: PostId
    plugin: str
    notice: str
    times: int
    unseen_hours: int
    details: dict[str, str]
    state: PostState
    attempts: int
    created_at: UtcDatetime
    candidate: str | None
    candidate_id: UUID | None
    job: str | None
    job_id: UUID | None
    actor: str | None
    members: tuple[str, ...]
    """Names of those of whom it is for that are still there."""
    said: str | None = None
    """Why it isn't sent yet, or never will be."""
    due_at: UtcDatetime


class ChatPosts(Protocol):
    """Keeps what is posted."""

    async def add(self, post: NewPost, apart: timedelta) -> tuple[PostId, UtcDatetime] | None:
        """Keep a post and return it with when it is due; None when one that waits has grown by it.

        Posts of a group are `apart` from one another, so that many soon after one another are one.
        """
        ...

    async def get_for_change(self, post_id: PostId) -> Post | None:
        """Return it, locked, with the names of now; None: it is gone, as what it was about."""
        ...

    async def save(self, post: Post, settled_at: UtcDatetime | None) -> None:
        """Keep what became of it. One that waits again grows no longer."""
        ...

    async def pause(self, plugin: str, said: str, at: UtcDatetime) -> bool:
        """Note that a plugin's channel takes nothing any more; say whether that is new."""
        ...

    async def is_paused(self, plugin: str) -> bool:
        """Whether that was noted."""
        ...

    async def resume(self, plugin: str) -> None:
        """Forget that."""
        ...

    async def prune(self, before: UtcDatetime) -> int:
        """Forget posts that were made before, and return how many."""
        ...


class ChatChannel(msgspec.Struct, frozen=True):
    """A plugin that posts."""

    plugin: str
    name: str
    repeatable: bool
    """Whether it notices a message that it had before."""


class ChatHandover(msgspec.Struct, frozen=True):
    """What came of handing a message to a plugin."""

    result: Literal["taken", "refused", "gone", "away", "unknown"]
    said: str = ""
    after_seconds: float | None = None


class ChatPostman(Protocol):
    """Hands messages to the workspace's chat plugins."""

    def base_url(self) -> str:
        """Return the address of the workspace, without a slash at its end."""
        ...

    async def channels(self) -> Sequence[ChatChannel]:
        """Return the plugins that post."""
        ...

    async def hand_over(self, plugin: str, message: ChatMessage) -> ChatHandover:
        """Give a message to a plugin. Never within a transaction."""
        ...
