"""Keeps what is posted to a workspace's chat; `sql/chat.sql` holds the larger statements."""

from datetime import timedelta
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.notifications.chat_ports import NewPost, Post, PostId
from core.shared.clock import UtcDatetime
from plugins.postgres.chat_tables import chat_pauses, chat_posts
from plugins.postgres.unit import Unit


class PostgresChatPosts:
    """Implements `core.notifications.chat_ports.ChatPosts`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, post: NewPost, apart: timedelta) -> tuple[PostId, UtcDatetime] | None:
        """Insert it or let another one grow, in one round trip."""
        given = msgspec.json.encode(post).decode()
        rows = await self._unit.call("post_to_chat_v1", given, apart)
        return (PostId(rows[0]["post_id"]), UtcDatetime(rows[0]["due"])) if rows else None

    async def get_for_change(self, post_id: PostId) -> Post | None:
        """Lock it."""
        rows = await self._unit.call("chat_post_v1", post_id)
        if not rows:
            return None
        (row,) = rows
        return Post(
            id=PostId(UUID(str(row["id"]))),
            plugin=row["plugin_id"],
            notice=row["notice"],
            times=row["times"],
            unseen_hours=row["unseen_hours"],
            details=row["details"],
            state=row["state"],
            attempts=row["attempts"],
            said=row["said"],
            created_at=UtcDatetime(row["created_at"]),
            due_at=UtcDatetime(row["due_at"]),
            candidate=row["candidate"],
            candidate_id=row["candidate_id"],
            job=row["job"],
            job_id=row["job_id"],
            actor=row["actor"],
            members=tuple(row["members"] or ()),
        )

    async def save(self, post: Post, settled_at: UtcDatetime | None) -> None:
        """Update it. A key of its own keeps one that waits again from meeting a younger one."""
        table = chat_posts.c
        key = sa.func.split_part(table.group_key, "#", 1) + f"#{post.id}"
        await self._unit.execute(
            sa.update(chat_posts)
            .where(table.id == post.id)
            .values(
                state=post.state,
                attempts=post.attempts,
                said=post.said,
                due_at=post.due_at,
                settled_at=settled_at,
                group_key=key if post.state == "waiting" and post.attempts else table.group_key,
            )
        )

    async def pause(self, plugin: str, said: str, at: UtcDatetime) -> bool:
        """Insert it unless it is there."""
        paused = await self._unit.execute(
            postgresql.insert(chat_pauses)
            .values(tenant_id=self._unit.tenant_id, plugin_id=plugin, said=said, since=at)
            .on_conflict_do_nothing()
        )
        return paused.rowcount == 1

    async def is_paused(self, plugin: str) -> bool:
        """Look for it."""
        found = await self._unit.one_or_none(
            sa.select(chat_pauses.c.since).where(chat_pauses.c.plugin_id == plugin)
        )
        return found is not None

    async def resume(self, plugin: str) -> None:
        """Delete it."""
        await self._unit.execute(sa.delete(chat_pauses).where(chat_pauses.c.plugin_id == plugin))

    async def prune(self, before: UtcDatetime) -> int:
        """Delete what was made before."""
        deleted = await self._unit.execute(
            sa.delete(chat_posts).where(chat_posts.c.created_at < before)
        )
        return deleted.rowcount
