"""Posts to a workspace's chat: what admins chose, once, held, given up; never twice."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from core.candidates.contracts import AddNote
from core.notifications.chat_ports import ChatHandover
from core.notifications.contracts import (
    ListNotifications,
    QuietHours,
    ShowDefaults,
)
from core.ports.chat import (
    ChatGone,
    ChatOutcomeUnknown,
    ChatUnavailable,
)
from tenants import chat as postman
from tenants.due_work import DueWork
from tests.fixtures.hiring import Hiring
from tests.fixtures.telling import (
    CHANNEL,
    CHAT,
    CHATTING,
    admin,
    decide,
    enabled,
    given,
    hiring,
    nobody_mails,
    plugged,
    worker,
)

__all__ = ["admin", "enabled", "hiring", "nobody_mails", "plugged", "worker"]


async def test_the_chat_gets_what_an_admin_chose_and_no_names(
    hiring: Hiring, worker: DueWork, admin: asyncpg.Connection
) -> None:
    application = await given(hiring)
    await worker.run_due()
    assert CHANNEL.posted == [], "nothing until an admin says so"
    await decide(hiring, types=CHATTING)
    assert (await hiring.scope("admin").ask(ShowDefaults())).chats == (CHAT.capitalize(),)
    await given(hiring)
    await worker.run_due()
    (post,) = CHANNEL.posted
    assert post.title == "Somebody was assigned"
    assert post.text == "Engineer\nFor Recruiter of Acme."
    assert post.link.startswith("http")
    assert f"//{hiring.tenant.context.slug}." in post.link

    await decide(hiring, chat_names=True)
    note = AddNote(candidate_id=application.candidate_id, text="@recruiter please")
    await hiring.scope("admin").execute(note)
    await worker.run_due()
    assert "mentioned a colleague in a note on Person" in CHANNEL.posted[-1].title
    assert await admin.fetchval("SELECT count(*) FROM chat_posts WHERE state = 'sent'") == 2
    # Many soon after one another are one.
    job = await hiring.open_job(title="Designer")
    for _ in range(4):
        await given(hiring, job)
    await worker.run_due()
    await admin.execute("UPDATE tasks SET run_at = now() WHERE kind = 'send_chat_post'")
    await worker.run_due()
    titles = [each.title for each in CHANNEL.posted[2:]]
    assert len(titles) <= 2
    told = [int(each.split()[0]) if each[0].isdigit() else 1 for each in titles]
    assert sum(told) == 4, titles


@pytest.mark.parametrize("careless", [False, True])
async def test_a_post_that_may_have_gone_out_is_not_sent_again(
    hiring: Hiring,
    worker: DueWork,
    admin: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    careless: bool,
) -> None:
    """`careless` is the planted defect: a lost answer is taken for absence."""
    if careless:
        send = postman._send

        async def forgetful(chat: Any, message: Any) -> ChatHandover:
            outcome = await send(chat, message)
            return ChatHandover("away") if outcome.result == "unknown" else outcome

        monkeypatch.setattr(postman, "_send", forgetful)
    await decide(hiring, types=CHATTING)
    CHANNEL.error = ChatOutcomeUnknown("The answer was lost.")
    await given(hiring)
    await worker.run_due()
    CHANNEL.error = None
    await admin.execute("UPDATE tasks SET run_at = now() WHERE kind = 'send_chat_post'")
    await worker.run_due()
    assert len(CHANNEL.posted) == (2 if careless else 1)
    if not careless:
        assert await admin.fetchval("SELECT state FROM chat_posts") == "unknown"


async def test_a_worker_that_died_while_posting_posts_no_second_time(
    hiring: Hiring, worker: DueWork, admin: asyncpg.Connection
) -> None:
    await decide(hiring, types=CHATTING)
    await given(hiring)
    await worker.run_due()
    assert len(CHANNEL.posted) == 1
    # As it was when the worker died between Slack's yes and our note of it.
    await admin.execute("UPDATE chat_posts SET state = 'sending', settled_at = NULL")
    await admin.execute(
        "UPDATE tasks SET finished_at = NULL, lease_until = NULL, sent_until = NULL, "
        "run_at = now() WHERE kind = 'send_chat_post'"
    )
    await worker.run_due()
    assert len(CHANNEL.posted) == 1
    assert await admin.fetchval("SELECT state FROM chat_posts") == "unknown"


async def test_a_chat_that_is_busy_gone_or_quiet(
    hiring: Hiring, worker: DueWork, admin: asyncpg.Connection
) -> None:
    await decide(hiring, types=CHATTING)
    CHANNEL.error = ChatUnavailable("Slow down.", after_seconds=90)
    await given(hiring)
    await worker.run_due()
    waits = "SELECT run_at - now() FROM tasks WHERE kind = 'send_chat_post' AND finished_at IS NULL"
    assert timedelta(seconds=60) < await admin.fetchval(waits) <= timedelta(seconds=91)
    CHANNEL.error = ChatGone("The channel is archived.")
    await admin.execute("UPDATE tasks SET run_at = now() WHERE kind = 'send_chat_post'")
    await worker.run_due()
    await worker.run_due()
    told = (await hiring.scope("admin").ask(ListNotifications(type="plugin_broken"))).items
    assert [each.title for each in told] == [f"The connection of {CHAT} doesn't work"]
    CHANNEL.error = None
    await given(hiring)
    await worker.run_due()
    assert CHANNEL.posted == [], "it is left alone until somebody mends it"
    await admin.execute("DELETE FROM chat_pauses")

    now = hiring.runtime.clock.now()
    quiet = QuietHours(
        starts=(now - timedelta(hours=1)).strftime("%H:%M"),
        ends=(now + timedelta(hours=2)).strftime("%H:%M"),
        zone="UTC",
    )
    await decide(hiring, chat_quiet_hours=quiet)
    await given(hiring)
    await worker.run_due()
    assert CHANNEL.posted == []
    await decide(hiring, chat_quiet_hours=None)
    await admin.execute("UPDATE tasks SET run_at = now() WHERE kind = 'send_chat_post'")
    await worker.run_due()
    assert len(CHANNEL.posted) == 1
