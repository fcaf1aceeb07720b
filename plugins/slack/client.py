"""Posts by Slack's incoming webhooks, and tries one without posting.

Sources: "Sending messages using incoming webhooks", "Formatting message text" and "Rate limits" of
Slack's developer pages: answers are plain text, `ok` or a word that names what is wrong.
"""

from typing import Any, Final

import msgspec

from plugins.sdk import Health, PluginContext
from plugins.sdk.mail_over_http import patience
from plugins.sdk.ports import (
    AnswerTooLarge,
    ChatGone,
    ChatMessage,
    ChatOutcomeUnknown,
    ChatRefused,
    ChatUnavailable,
    OutboundAnswer,
    OutboundRefused,
    OutboundUnavailable,
    OutboundUnreached,
)
from plugins.slack.settings import SlackSettings

SECONDS: Final = 15.0
LONGEST_TITLE: Final = 300
LONGEST_TEXT: Final = 2_000
"""Characters; Slack takes 3,000 in a section."""
LONGEST_HEADER: Final = 150

_GONE: Final = frozenset((403, 404, 410))
"""403: the workspace forbids it (`action_prohibited`, `invalid_token`); 404: the webhook or channel
is no more (`no_service`, `channel_not_found`); 410: `channel_is_archived`."""

_OPEN: Final = {"de": "Öffnen", "es": "Abrir", "fr": "Ouvrir"}


class SlackChat:
    """Implements `Chat`."""

    def __init__(self, context: PluginContext[SlackSettings]) -> None:
        self._context = context

    async def send_chat(self, message: ChatMessage) -> None:
        """Post it. Slack notices no repetitions: a lost answer is told as such."""
        try:
            answer = await self._post(payload_of(message))
        except (OutboundRefused, OutboundUnreached) as error:
            raise ChatUnavailable("Slack can't be reached.") from error
        except (OutboundUnavailable, AnswerTooLarge) as error:
            raise ChatOutcomeUnknown(
                "Slack was given the message, and its answer was lost."
            ) from error
        said = _said(answer)
        if answer.status == 200:
            await self._context.meter("messages")
        elif answer.status == 429:
            wait = patience(answer.headers, self._context.now())
            raise ChatUnavailable("Slack asks to slow down.", after_seconds=wait)
        elif answer.status in _GONE:
            raise ChatGone(f"Slack takes nothing for this channel any more: {said}")
        elif answer.status in (408, 504):
            raise ChatOutcomeUnknown("Slack took too long and may have taken the message.")
        elif answer.status >= 500 or answer.status < 400:
            raise ChatUnavailable(f"Slack is out of order ({answer.status}): {said}")
        else:
            raise ChatRefused(f"Slack refuses the message: {said}")

    async def check(self) -> Health:
        """Give Slack a message without content, which a webhook that works refuses as such."""
        try:
            answer = await self._post({})
        except (OutboundRefused, OutboundUnavailable, AnswerTooLarge):
            return Health(ok=False, message="Slack can't be reached.")
        if answer.status in (200, 400):
            return Health(ok=True, message="Slack knows the webhook. Nothing was posted.")
        if answer.status == 429:
            return Health(ok=False, message="Slack asks to slow down. Try again in a minute.")
        return Health(ok=False, message=f"Slack refuses the webhook: {_said(answer)}")

    async def _post(self, payload: dict[str, Any]) -> OutboundAnswer:
        return await self._context.http.request(
            "POST",
            self._context.settings.webhook_url,
            headers={"content-type": "application/json; charset=utf-8"},
            content=msgspec.json.encode(payload),
            timeout_seconds=SECONDS,
        )


def escaped(text: str) -> str:
    """Return text in which Slack's markup finds no control character: `&`, `<` and `>`."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def payload_of(message: ChatMessage) -> dict[str, Any]:
    """Return the JSON of a message: blocks with a button, and text for notifications.

    What people wrote stands in plain texts, in which nothing is markup and so nothing is escaped.
    """
    title = " ".join(message.title.split())[:LONGEST_TITLE]
    below = [line for line in message.text[:LONGEST_TEXT].splitlines() if line.strip()]
    if message.actor and message.actor not in title:
        below.append(f"By {message.actor}")
    kind = "header" if len(title) <= LONGEST_HEADER else "section"
    blocks: list[dict[str, Any]] = [{"type": kind, "text": _plain(title)}]
    if below:
        blocks.append({"type": "section", "text": _plain("\n".join(below))})
    button = {
        "type": "button",
        "text": _plain(_OPEN.get(message.language, "Open")),
        "url": message.link,
        "action_id": "open",
    }
    blocks.append({"type": "actions", "elements": [button]})
    return {"text": escaped(title), "blocks": blocks, "unfurl_links": False}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _said(answer: OutboundAnswer) -> str:
    """Return Slack's word, if it is one; whatever else came is not repeated."""
    text = answer.body[:200].decode("utf-8", "replace").strip()
    return text if text.replace("_", "").isalnum() else f"it answers {answer.status}"
