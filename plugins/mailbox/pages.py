"""The mailbox's pages: the list of what was sent, and one message."""

import re
from collections.abc import Sequence
from email.utils import format_datetime
from html import escape
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

from plugins.mailbox.messages import MailboxMessage, newest, one
from plugins.sdk import PageContent, PluginContext, Request
from plugins.sdk.incoming_mail import made_of

OUTSIDE: Final = "outside.invalid"
"""Where answers claim to come from (RFC 2606)."""


async def show_list(context: PluginContext[Any], request: Request) -> PageContent:
    """Show the newest messages, all or those to one address."""
    receiver = request.query.get("to", "").strip()
    messages = await newest(context, receiver=receiver or None)
    return PageContent(
        title="Mailbox", html=_filter(context, receiver) + _table(context, messages, receiver)
    )


async def show_message(context: PluginContext[Any], request: Request) -> PageContent:
    """Show one message, and take an answer to it as its receiver would write it."""
    said = ""
    try:
        message = await one(context, UUID(request.params["message_id"]))
    except ValueError:
        message = None
    if message is None:
        return PageContent(title="No such message", html=_missing(context), status=404)
    if request.method == "POST":
        said = await _answer(context, message, request)
    facts = {
        "From": _person(message.sender_name, message.sender),
        "To": _person(message.receiver_name, message.receiver),
        "Reply to": escape(message.reply_to or "the sender"),
        "Sent": _time(message),
        "Message-ID": f"<code>{escape(message.message_id)}</code>",
    }
    listed = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items())
    return PageContent(
        title=message.subject or "(no subject)",
        html=f'<p><a href="{escape(context.url("/"))}">All messages</a></p>'
        f"{said}<dl>{listed}</dl>{_contents(message)}{_answer_form(context, message)}",
    )


async def _answer(context: PluginContext[Any], message: MailboxMessage, request: Request) -> str:
    """Report what was written as a reply, and return what to say about that."""
    form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    text = form.get("text", "").replace("\r\n", "\n").strip()
    if not text:
        return '<p class="note bad">Write something.</p>'
    header_id = f"<{uuid4()}@{OUTSIDE}>"
    sent = format_datetime(context.now())
    headers = [
        ("From", f"{_quoted(message.receiver_name)} <{message.receiver}>"),
        ("Subject", f"Re: {message.subject}"),
        ("Message-ID", header_id),
        ("In-Reply-To", message.message_id),
        ("References", message.message_id),
        ("Date", sent),
    ]
    if form.get("automatic"):
        headers.append(("Auto-Submitted", "auto-replied"))
    quoted = "\n".join(f"> {line}" for line in message.text.splitlines())
    outcome = await context.execute(
        made_of(
            headers,
            delivery_id=header_id,
            receivers=[message.reply_to or message.sender],
            text=f"{text}\n\nOn {sent}, {message.sender} wrote:\n{quoted}",
        )
    )
    if outcome.matched:
        return '<p class="note good">The answer came in. It is on the candidate\'s page.</p>'
    return '<p class="note warn">The answer came in, and nobody knows whose it is.</p>'


def _quoted(name: str) -> str:
    """Return a name as a quoted string (RFC 5322 3.2.4)."""
    return '"' + re.sub(r'["\\\\\x00-\x1f]', " ", name) + '"'


def _answer_form(context: PluginContext[Any], message: MailboxMessage) -> str:
    return (
        f'<h2>Answer</h2><form method="post" action="{escape(context.url(f"/{message.id}"))}" '
        'class="stack"><p class="soft">As if its receiver answered from their own mail program.'
        '</p><p><label for="text">What they write</label><br>'
        '<textarea id="text" name="text" rows="5" required maxlength="10000"></textarea></p>'
        '<p><label for="automatic"><input id="automatic" name="automatic" type="checkbox" '
        'value="yes"> A machine writes it, such as an absence note</label></p>'
        '<p><button type="submit" class="button">Send the answer</button></p></form>'
    )


def _contents(message: MailboxMessage) -> str:
    """Show the text, and the HTML in a frame that the platform lets run and load nothing."""
    text = f"<pre>{escape(message.text)}</pre>"
    if message.html is None:
        return text
    return (
        f"<h2>Text</h2>{text}<h2>HTML</h2>"
        f'<iframe title="The message as HTML" srcdoc="{escape(message.html)}"></iframe>'
    )


def _filter(context: PluginContext[Any], receiver: str) -> str:
    everything = f' <a href="{escape(context.url("/"))}">Show all</a>' if receiver else ""
    return (
        f'<form method="get" action="{escape(context.url("/"))}">'
        f'<label for="to">Sent to</label> '
        f'<input id="to" name="to" type="email" value="{escape(receiver)}" '
        'placeholder="ada@example.com"> <button type="submit" class="button">Filter</button>'
        f"{everything}</form>"
    )


def _table(context: PluginContext[Any], messages: Sequence[MailboxMessage], receiver: str) -> str:
    if not messages:
        to = f" to {escape(receiver)}" if receiver else ""
        return (
            f'<div class="empty"><h2>No message was sent{to} yet</h2>'
            "<p>What the platform sends to candidates and team members appears here, and reaches "
            "nobody outside.</p></div>"
        )
    rows = "".join(
        "<tr>"
        f"<td>{_person(each.receiver_name, each.receiver)}</td>"
        f'<td><a href="{escape(context.url(f"/{each.id}"))}">'
        f"{escape(each.subject) or '(no subject)'}</a></td>"
        f"<td>{_time(each)}</td></tr>"
        for each in messages
    )
    return (
        '<div class="table-scroll"><table><thead><tr><th scope="col">To</th>'
        '<th scope="col">Subject</th><th scope="col">Sent</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _missing(context: PluginContext[Any]) -> str:
    return (
        "<p>There is no such message; it may be older than the mailbox keeps them. "
        f'<a href="{escape(context.url("/"))}">All messages</a></p>'
    )


def _person(name: str, address: str) -> str:
    return f"{escape(name)} &lt;{escape(address)}&gt;" if name else escape(address)


def _time(message: MailboxMessage) -> str:
    stamp = message.sent_at.isoformat(timespec="seconds").replace("+00:00", "Z")
    return f'<time datetime="{stamp}">{stamp.replace("T", " ").removesuffix("Z")} UTC</time>'
