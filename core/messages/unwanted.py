"""Why a message isn't sent: nobody should write to the address, or its owner stopped such mails."""

from core.messages.model import Message
from core.messages.ports import Suppressions
from core.templates.contracts import is_stoppable
from core.unsubscribing.contracts import StoppedMails


async def why_unwanted(
    message: Message, suppressions: Suppressions, stopped: StoppedMails
) -> str | None:
    """Return the reason for people to read; None when the message is to be sent."""
    is_answer = not is_stoppable(message.purpose, message.content.text)
    suppression = await suppressions.of(message.to_address)
    if suppression is not None and suppression.stops(transactional=is_answer):
        return suppression.explained()
    if is_answer:
        return None
    since = await stopped.since(message.to_address, message.purpose)
    if since is None:
        return None
    return (
        f"Its owner stopped such messages ({since.date().isoformat()}), by the link in one of them."
    )
