"""Chat adapters: the suite with what it must catch, and Slack's webhooks in what is particular."""

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import msgspec
import pytest

import plugins.slack.plugin as slack
from plugins.sdk.ports import (
    ChatGone,
    ChatMessage,
    ChatOutcomeUnknown,
    ChatRefused,
    ChatUnavailable,
)
from plugins.sdk.testing.chat import ChatContract, sample_message
from plugins.sdk.testing.harness import Harness
from plugins.sdk.testing.loading import check_loads
from plugins.sdk.testing.reference.chat import MemoryChat, MemoryChatRig, memory_chat
from plugins.slack import client
from tests.fixtures.examined import Examined
from tests.fixtures.slack import WEBHOOK, SlackRig, read, slack_rig


class TestMemory(ChatContract):
    def rig(self) -> AbstractAsyncContextManager[Any]:
        return memory_chat()


class TestSlack(ChatContract):
    def rig(self) -> AbstractAsyncContextManager[Any]:
        return slack_rig()


class PostsAgain(MemoryChat):
    """The planted defect: a lost answer is taken for a refusal to answer."""

    async def send_chat(self, message: ChatMessage) -> None:
        try:
            await super().send_chat(message)
        except ChatOutcomeUnknown:
            again = msgspec.structs.replace(message, id=sample_message().id)
            await super().send_chat(again)


class TakesClosedForAway(MemoryChat):
    async def send_chat(self, message: ChatMessage) -> None:
        try:
            await super().send_chat(message)
        except ChatGone as error:
            raise ChatUnavailable(str(error)) from error


@pytest.mark.parametrize(
    ("broken", "caught_by"),
    [
        (PostsAgain, "test_a_line_that_broke_leaves_the_outcome_unknown_or_settles_it"),
        (TakesClosedForAway, "test_a_closed_channel_is_told_as_such"),
    ],
)
async def test_the_suite_finds_defects(broken: type[MemoryChat], caught_by: str) -> None:
    class Suite(ChatContract):
        @asynccontextmanager
        async def rig(self) -> Any:
            yield MemoryChatRig(broken())

    with pytest.raises((AssertionError, ChatUnavailable)):
        await getattr(Suite(), caught_by)()


async def test_without_escaping_a_title_calls_everybody(
    monkeypatch: pytest.MonkeyPatch, examined: Examined
) -> None:
    """The planted defect: the fake reads markup where Slack does."""
    hostile = ("<!channel> hi", "<@U1> & <https://evil.example|you>", "a &lt; b", "<!here|x>")
    for title in hostile:
        seen = read(client.payload_of(sample_message(title=title)))
        assert seen is not None
        assert (seen.title, seen.calls) == (title, ())
    monkeypatch.setattr(client, "escaped", lambda text: text)
    seen = read(client.payload_of(sample_message(title="<!channel> hi")))
    assert seen is not None
    assert seen.calls == ("!channel",)
    examined("hostile titles", len(hostile))


@pytest.mark.parametrize(
    ("status", "said", "error"),
    [
        (400, "invalid_payload", ChatRefused),
        (403, "action_prohibited", ChatGone),
        (404, "no_service", ChatGone),
        (404, "channel_not_found", ChatGone),
        (410, "channel_is_archived", ChatGone),
        (500, "rollup_error", ChatUnavailable),
        (302, "", ChatUnavailable),
        (504, "", ChatOutcomeUnknown),
    ],
)
async def test_what_slack_says(status: int, said: str, error: type[Exception]) -> None:
    async with slack_rig() as rig:
        rig.vendor.answer_next(status, said)
        with pytest.raises(error) as raised:
            await rig.chat.send_chat(sample_message())
        assert type(raised.value) is error
        assert said in str(raised.value)
        assert "services" not in str(raised.value), "the address is a secret"


async def test_slack_is_left_alone_for_as_long_as_it_asks() -> None:
    async with slack_rig() as rig:
        rig.vendor.answer_next(429, "rate_limited", retry_after="37")
        with pytest.raises(ChatUnavailable) as caught:
            await rig.chat.send_chat(sample_message())
        assert caught.value.after_seconds == 37
        await rig.chat.send_chat(sample_message())
        assert len(rig.vendor.posted()) == 1
        assert rig.plugin.meters == {"messages": 1}


async def test_long_texts_fit() -> None:
    async with slack_rig() as rig:
        message = msgspec.structs.replace(sample_message(title="&" * 400), text="<" * 5_000)
        await rig.chat.send_chat(message)
        (seen,) = rig.vendor.posted()
        assert seen.title == "&" * 300


async def test_the_connection_is_tested_without_a_post() -> None:
    rig = SlackRig()
    assert (await rig.plugin.check()).ok
    assert rig.vendor.asked == 1
    assert rig.vendor.posted() == []
    rig.vendor.close()
    health = await rig.plugin.check()
    assert not health.ok
    assert "channel_is_archived" in health.message
    rig.plugin.outside.be_away()
    assert not (await rig.plugin.check()).ok


def test_the_platform_loads_it() -> None:
    assert "port Chat" in check_loads("plugins.slack.plugin")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.slack.com/services/T0/B0/x",
        "https://hooks.slack.com.evil.example/services/T0/B0/x",
        "https://evil.example/services/T0/B0/x",
        "https://hooks.slack.com/services/T0/B0",
        "https://hooks.slack.com/services/T0/B0/x?y=1",
        "https://hooks.slack.com@evil.example/services/T0/B0/x",
    ],
)
def test_only_slacks_own_addresses_are_taken(url: str, examined: Examined) -> None:
    with pytest.raises(msgspec.ValidationError):
        Harness(slack, settings={"webhook_url": url})
    shown = repr(Harness(slack, settings={"webhook_url": WEBHOOK}).settings)
    assert "services" not in shown
    examined("addresses", 1)
