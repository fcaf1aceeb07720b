"""Showing what a link in a mail is about, stopping such mails, and taking that back.

Anybody may ask: the link is what entitles. Only the commands change something, so that a scanner
that follows links stops nothing (RFC 8058 3.1; the page is `api.web.unsubscribe`).
"""

from core.ports.unsubscribing import MemberLink, MessageLink, UnsubscribeLinks
from core.shared.clock import Clock
from core.shared.events import Recorder
from core.shared.usecase import handles
from core.templates.contracts import UNSUBSCRIBABLE, is_brought
from core.unsubscribing.contracts import (
    Resubscribe,
    ShowSubscription,
    Subscription,
    Unsubscribe,
)
from core.unsubscribing.errors import SubscriptionNotFound
from core.unsubscribing.events import MailResumed, MailStopped
from core.unsubscribing.ports import (
    LinkedMessage,
    MemberMail,
    MemberMailQueries,
    StoppedMailQueries,
    StoppedMailStore,
)


@handles(ShowSubscription, action=None)
async def show_subscription(
    query: ShowSubscription,
    *,
    links: UnsubscribeLinks,
    stopped: StoppedMailQueries,
    members: MemberMailQueries,
) -> Subscription:
    """Return what the link is about. Raises SubscriptionNotFound."""
    return await _shown(_read(query.link, links), stopped, members)


@handles(Unsubscribe, action=None)
async def unsubscribe(
    command: Unsubscribe,
    *,
    links: UnsubscribeLinks,
    stopped: StoppedMailStore,
    members: MemberMail,
    clock: Clock,
    recorder: Recorder,
) -> Subscription:
    """Stop them; a second time changes nothing. Raises SubscriptionNotFound."""
    about = _read(command.link, links)
    if isinstance(about, MemberLink):
        await members.choose(about.member_id, about.mail_list, wanted=False)
    else:
        message = await _message(about, stopped)
        now = clock.now()
        if await stopped.stop(message.address, message.mail_list, about.message_id, now):
            recorder.record(
                MailStopped(
                    aggregate_id=about.message_id,
                    mail_list=message.mail_list,
                    candidate_id=message.candidate_id,
                    application_id=message.application_id,
                )
            )
    return await _shown(about, stopped, members)


@handles(Resubscribe, action=None)
async def resubscribe(
    command: Resubscribe,
    *,
    links: UnsubscribeLinks,
    stopped: StoppedMailStore,
    members: MemberMail,
    recorder: Recorder,
) -> Subscription:
    """Let them come again. Raises SubscriptionNotFound."""
    about = _read(command.link, links)
    if isinstance(about, MemberLink):
        await members.choose(about.member_id, about.mail_list, wanted=True)
    else:
        message = await _message(about, stopped)
        if await stopped.resume(message.address, message.mail_list):
            recorder.record(
                MailResumed(
                    aggregate_id=about.message_id,
                    mail_list=message.mail_list,
                    candidate_id=message.candidate_id,
                    application_id=message.application_id,
                )
            )
    return await _shown(about, stopped, members)


def _read(link: str, links: UnsubscribeLinks) -> MessageLink | MemberLink:
    about = links.read(link)
    if about is None:
        raise SubscriptionNotFound(SubscriptionNotFound.TEXT)
    return about


async def _message(about: MessageLink, stopped: StoppedMailQueries) -> LinkedMessage:
    message = await stopped.of_message(about.message_id)
    if message is None or not _is_list(message.mail_list):
        raise SubscriptionNotFound(SubscriptionNotFound.TEXT)
    return message


def _is_list(mail_list: str) -> bool:
    """Whether mails of a list can hold a link: those of plugins say so one by one."""
    return mail_list in UNSUBSCRIBABLE or is_brought(mail_list)


async def _shown(
    about: MessageLink | MemberLink, stopped: StoppedMailQueries, members: MemberMailQueries
) -> Subscription:
    if isinstance(about, MessageLink):
        message = await _message(about, stopped)
        return Subscription(
            receiver="candidate",
            mail_list=message.mail_list,
            to=_veiled(message.address),
            is_stopped=message.is_stopped,
        )
    choice = await members.show(about.member_id, about.mail_list)
    if choice is None:
        raise SubscriptionNotFound(SubscriptionNotFound.TEXT)
    return Subscription(
        receiver="member",
        mail_list=about.mail_list,
        to=_veiled(choice.address),
        is_stopped=choice.is_stopped,
        is_decided=choice.is_decided,
    )


def _veiled(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
