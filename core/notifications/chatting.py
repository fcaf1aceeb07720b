"""Posts to a workspace's chat: what an admin chose, once for each thing that happens.

A channel is read by people whose permissions here nobody knows: so a type is posted only where an
admin said so, and names of candidates are left out unless that was said as well. As with mails,
that a post is under way is written before it is handed over; an attempt that finds it so knows that
the one before ended in between, and posts again only by a plugin that notices repetitions.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

import msgspec

from core.installations.events import PluginChecked, PluginConfigured, PluginEnabled
from core.notifications.chat_ports import (
    ChatHandover,
    ChatPostman,
    ChatPosts,
    NewPost,
    Post,
    PostId,
    PostState,
)
from core.notifications.events import ChatBroken
from core.notifications.notices import NOTICES, Notice
from core.notifications.ports import Entry, PreferenceQueries
from core.notifications.preferences import ChatRules
from core.notifications.quiet import held
from core.notifications.sentences import language_there
from core.notifications.wording import posted
from core.ports.chat import ChatMessage
from core.ports.tasks import Tasks, outside
from core.shared.clock import Clock, UtcDatetime
from core.shared.events import Recorder
from core.shared.ids import Ids, MemberId
from core.shared.reactions import reacts_to
from core.shared.tenant import TenantContext

SEND_CHAT: Final = "send_chat_post"
QUEUE: Final = "plugins"
APART: Final = timedelta(minutes=1)
"""Posts of a group that come sooner after one another are one."""
NO_USE_AFTER: Final = timedelta(hours=24)
"""Beyond quiet hours; who couldn't post for so long gives up."""
STOPPED: Final = "The server stopped while this was posted. It may have been."
OVERDUE: Final = "The chat took nothing for a day."
NOT_ENABLED: Final = "The plugin isn't enabled any more."
PAUSED: Final = "The channel takes nothing any more."

_ENDS: Final[dict[str, PostState]] = {
    "taken": "sent",
    "refused": "failed",
    "gone": "failed",
    "unknown": "unknown",
}
_FIRST_WAIT: Final = timedelta(seconds=30)
_LONGEST_WAIT: Final = timedelta(hours=1)


async def post(
    notice: Notice,
    entry: Entry,
    members: Collection[MemberId],
    rules: ChatRules,
    *,
    unseen_hours: int = 0,
    posts: ChatPosts,
    postman: ChatPostman,
    ids: Ids,
    tasks: Tasks,
    now: UtcDatetime,
) -> None:
    """Promise a post by each plugin that posts; `members` are named where the notice is theirs."""
    due_at = held(rules.quiet_hours, now)
    for channel in await postman.channels():
        kept = await posts.add(
            NewPost(
                id=PostId(ids.new()),
                plugin=channel.plugin,
                notice=entry.notice,
                group=entry.group,
                unseen_hours=unseen_hours,
                members=tuple(members) if notice.post or unseen_hours else (),
                application_id=entry.application_id,
                note_id=entry.note_id,
                actor_id=entry.actor_id,
                details=entry.details,
                at=now,
                due_at=due_at,
            ),
            APART,
        )
        if kept is not None:
            post_id, at = kept
            await _try(tasks, post_id, None if at <= now else at)


class SendChatPost(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of the task."""

    post_id: PostId


class Ready(msgspec.Struct, frozen=True):
    """A post that may be sent now."""

    post_id: PostId
    plugin: str
    repeatable: bool
    message: ChatMessage


@outside(SEND_CHAT, queue=QUEUE)
class Posting:
    """One attempt."""

    async def prepare(
        self,
        work: SendChatPost,
        *,
        posts: ChatPosts,
        preferences: PreferenceQueries,
        postman: ChatPostman,
        tenant: TenantContext,
        tasks: Tasks,
        clock: Clock,
    ) -> Ready | None:
        """Put into words what is to be posted, with the names of now, and note that it is."""
        found = await posts.get_for_change(work.post_id)
        if found is None or found.state not in ("waiting", "sending"):
            return None
        now = clock.now()
        channels = {each.plugin: each for each in await postman.channels()}
        channel = channels.get(found.plugin)
        if found.state == "sending" and (channel is None or not channel.repeatable):
            await _end(posts, found, "unknown", STOPPED, now)
            return None
        rules = (await preferences.defaults()).chat
        until = held(rules.quiet_hours, now)
        if until > now:
            found.state, found.due_at = "waiting", until
            await posts.save(found, None)
            await _try(tasks, found.id, until)
            return None
        hopeless = await _hopeless(posts, found, now, is_enabled=channel is not None)
        if channel is None or hopeless:
            await _end(posts, found, "failed", hopeless, now)
            return None
        found.state, found.attempts = "sending", found.attempts + 1
        await posts.save(found, None)
        language = language_there(tenant.locale)
        message = message_of(found, postman.base_url(), language, names=rules.names)
        return Ready(found.id, found.plugin, channel.repeatable, message)

    async def perform(self, ready: Ready, *, postman: ChatPostman) -> ChatHandover:
        """Hand it over."""
        return await postman.hand_over(ready.plugin, ready.message)

    async def conclude(
        self,
        ready: Ready,
        outcome: ChatHandover,
        *,
        posts: ChatPosts,
        tenant: TenantContext,
        tasks: Tasks,
        clock: Clock,
        recorder: Recorder,
    ) -> None:
        """Note what became of it, and promise the next attempt where there is to be one."""
        found = await posts.get_for_change(ready.post_id)
        if found is None or found.state != "sending":
            return
        now = clock.now()
        result = outcome.result
        if result == "away" or (result == "unknown" and ready.repeatable):
            found.state, found.said = "waiting", outcome.said
            found.due_at = UtcDatetime(now + _patience(found.attempts, outcome.after_seconds))
            await posts.save(found, None)
            await _try(tasks, found.id, found.due_at)
            return
        await _end(posts, found, _ENDS[result], outcome.said, now)
        if result == "gone" and await posts.pause(ready.plugin, outcome.said, now):
            recorder.record(ChatBroken(aggregate_id=tenant.id, plugin_id=ready.plugin))


@reacts_to(PluginConfigured, PluginEnabled, PluginChecked, name="notifications.mend_chat")
async def mend_chat(
    event: PluginConfigured | PluginEnabled | PluginChecked, *, posts: ChatPosts
) -> None:
    """Post again by a plugin that somebody has set up anew, or tested well."""
    if not isinstance(event, PluginChecked) or event.ok:
        await posts.resume(event.plugin_id)


def message_of(found: Post, base_url: str, language: str, *, names: bool) -> ChatMessage:
    """Return what is posted, in a language of mails; without `names`, candidates are somebody."""
    title, text, link = posted(
        NOTICES.get(found.notice),
        count=found.times,
        names={
            "candidate": found.candidate if names else None,
            "job": found.job,
            "actor": found.actor,
        },
        ids={"candidate_id": found.candidate_id, "job_id": found.job_id},
        details=found.details,
        members=found.members,
        unseen_hours=found.unseen_hours,
        language=language,
    )
    return ChatMessage(
        id=found.id,
        title=title,
        text=text,
        link=f"{base_url}{link}",
        actor=found.actor,
        language=language,
    )


async def _hopeless(posts: ChatPosts, found: Post, now: UtcDatetime, *, is_enabled: bool) -> str:
    if not is_enabled:
        return NOT_ENABLED
    if await posts.is_paused(found.plugin):
        return PAUSED
    if now - found.due_at > NO_USE_AFTER or now - found.created_at > 2 * NO_USE_AFTER:
        return found.said or OVERDUE
    return ""


async def _end(
    posts: ChatPosts, found: Post, state: PostState, said: str, now: UtcDatetime
) -> None:
    found.state, found.said = state, said or None
    await posts.save(found, now)


async def _try(tasks: Tasks, post_id: PostId, at: UtcDatetime | None) -> None:
    await tasks.schedule(SEND_CHAT, {"post_id": str(post_id)}, run_at=at)


def _patience(attempts: int, asked: float | None) -> timedelta:
    if asked is not None:
        return min(timedelta(seconds=max(1.0, asked)), NO_USE_AFTER)
    return min(_FIRST_WAIT * (1 << min(max(0, attempts - 1), 10)), _LONGEST_WAIT)
