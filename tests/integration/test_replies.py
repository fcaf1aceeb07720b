"""What candidates answer: put where it belongs by what we signed, never by who it says it is from.

Through the real host, database and background work; the service that sends is a list.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Final
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import msgspec
import pytest
import pytest_asyncio
import sqlalchemy as sa
from msgspec import Meta

from core.applications.contracts import ApplicationView
from core.candidates.contracts import (
    CandidateId,
    CreateCandidate,
    DeleteCandidate,
    DownloadFile,
    ListFiles,
    UpdateCandidate,
)
from core.careers.contracts import AdmittedForm, Apply
from core.identity.contracts.team import ShowMember
from core.installations.contracts import DisablePlugin
from core.jobs.contracts import TeamMember
from core.messages import matching, replying
from core.messages.contracts import (
    LONGEST_REPLY,
    ListMessages,
    MessageId,
    MessageView,
    ReplyAttachment,
    ReplyReported,
    ReportReply,
    SendAgain,
    ShowMessage,
)
from core.messages.errors import (
    MessageUnderWay,
    NothingToDo,
    NothingUnknown,
    ReplyMatched,
    ReplyNotFound,
)
from core.messages.replies import (
    Conversation,
    DismissMessage,
    DraftLetter,
    ListTroubles,
    ListUnmatchedReplies,
    MatchReply,
    RemoveReply,
    SendElsewhere,
    SettleMessage,
    ShowConversation,
    WriteLetter,
)
from core.notifications.contracts import ListNotifications, MarkRead
from core.ports.messaging import (
    MessageRefused,
    Messaging,
    MessagingUnavailable,
    OutgoingEmail,
    SendOutcomeUnknown,
    SentEmail,
)
from core.shared.actor import anonymous
from core.shared.actor import plugin as plugin_actor
from core.shared.errors import Forbidden, InvalidInput
from core.shared.permissions import Action
from core.templates.contracts import STAND_IN
from plugins.postgres.message_tables import messages
from plugins.postgres.replies import PostgresReplies
from plugins.sdk import Permission, PluginContext, PortAdapter, SettingsSpec
from plugins.sdk import Settings as PluginSettings
from plugins.sdk.incoming_mail import made_of
from plugins.smtp.mime import build
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.plugins import catalogue_of, enable, made_plugin, manifest_of, runtime_with
from tests.fixtures.worlds import World

MANAGE: Final = Action.MANAGE_MESSAGES.value
PDF: Final = b"%PDF-1.4\nA certificate"


class Service:
    """Takes e-mail, refuses it, or loses its answer."""

    def __init__(self) -> None:
        self.taken: list[OutgoingEmail] = []
        self.error: Exception | None = None
        self.calls_all = ""

    async def send(self, email: OutgoingEmail) -> SentEmail:
        if isinstance(self.error, MessageRefused | MessagingUnavailable):
            raise self.error
        self.taken.append(email)
        if self.error is not None:
            raise self.error
        return SentEmail(self.calls_all or f"ref-{len(self.taken)}-{email.id}")


SERVICES: Final = {"receiving": Service(), "sending": Service()}


class ReceivingSettings(PluginSettings, frozen=True):
    """Of a plugin that takes mail in."""

    reply_domain: Annotated[str, Meta(max_length=100)] = ""
    secret: str = ""


def _service(name: str, _context: PluginContext[Any]) -> Service:
    return SERVICES[name]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plugged(settings: Settings, database: TestDatabase) -> AsyncIterator[Runtime]:
    asked = (Permission(action=MANAGE, why="To report."),)
    entries = [
        made_plugin(
            manifest_of(
                "receiving",
                permissions=asked,
                reply_domain_setting="reply_domain",
                reply_needs=("secret",),
            ),
            settings=SettingsSpec(type=ReceivingSettings),
            ports=[PortAdapter(Messaging, partial(_service, "receiving"))],
        ),
        made_plugin(
            manifest_of("sending", permissions=asked),
            ports=[PortAdapter(Messaging, partial(_service, "sending"))],
        ),
    ]
    async with runtime_with(settings, database, catalogue_of(*entries)) as runtime:
        yield runtime


class Post:
    """One tenant whose candidates answer."""

    def __init__(self, runtime: Runtime, world: World, database: TestDatabase, slug: str) -> None:
        self.runtime, self.tenant = runtime, world[slug]
        self.hiring = Hiring(runtime, world, slug)
        self.worker = DueWork(TaskRunner(runtime), database.relay_url)
        self.database = database

    async def use(self, **settings: Any) -> None:
        given = {"reply_domain": "reply.acme.example", "secret": "s", **settings}
        await enable(self.runtime, self.tenant, "receiving", [MANAGE], **given)

    async def apply(self, address: str | None = None, **job: Any) -> ApplicationView:
        address = address or f"p{uuid4().hex[:8]}@example.com"
        candidate = await self.hiring.scope().execute(
            CreateCandidate(full_name="Ada Löw", emails=(address,))
        )
        application = await self.hiring.apply_as(
            candidate.id, await self.hiring.open_job(**job), source="careers"
        )
        await self.worker.run_due()
        return application

    async def sent(self, address: str | None = None) -> tuple[MessageView, OutgoingEmail]:
        application = await self.apply(address)
        message = await self.about(application)
        every = [each for service in SERVICES.values() for each in service.taken]
        return message, next(each for each in every if each.id == message.id)

    async def about(self, application: ApplicationView) -> MessageView:
        asked = ListMessages(application_id=application.id)
        (row,) = (await self.hiring.scope().ask(asked)).items
        return await self.hiring.scope().ask(ShowMessage(message_id=row.id))

    async def report(self, reply: ReportReply, plugin: str = "receiving") -> ReplyReported:
        found = await self.runtime.plugins.enabled.find(self.tenant.id, plugin)
        assert found is not None
        actor = plugin_actor(self.tenant.id, found.installation_id, plugin, frozenset({MANAGE}))
        return await self.runtime.scope(self.tenant.context, actor, "report").execute(reply)

    async def conversation(self, candidate_id: CandidateId) -> Conversation:
        return await self.hiring.scope().ask(ShowConversation(candidate_id=candidate_id))

    async def unmatched(self) -> list[Any]:
        return list((await self.hiring.scope("admin").ask(ListUnmatchedReplies())).items)

    async def told(self, notice: str) -> int:
        """How many members were told so."""
        await self.worker.run_due()
        connection = await asyncpg.connect(self.database.admin_url)
        count = await connection.fetchval(
            "SELECT count(*) FROM notifications WHERE notice = $1 AND tenant_id = $2",
            notice,
            self.tenant.id,
        )
        await connection.close()
        return int(count)


@pytest_asyncio.fixture
async def post(plugged: Runtime, world: World, database: TestDatabase) -> Post:
    for service in SERVICES.values():
        service.taken.clear()
        service.error = None
        service.calls_all = ""
    made = Post(plugged, world, database, "acme")
    await made.hiring.mail_no_member()
    await made.use()
    if await plugged.plugins.enabled.find(made.tenant.id, "sending") is not None:
        await made.hiring.scope("admin").execute(DisablePlugin(plugin_id="sending"))
        plugged.plugins.enabled.forget(made.tenant.id)
    return made


def answer(
    *receivers: str,
    sender: str = "Ada <ada@example.com>",
    headers: tuple[tuple[str, str], ...] = (),
    text: str = "Tuesday suits me.",
    html: str | None = None,
    attachments: Any = (),
) -> ReportReply:
    header_id = f"<{uuid4()}@mail.example>"
    own = [("From", sender), ("Message-ID", header_id), ("Subject", "Re: hello"), *headers]
    return made_of(
        own,
        delivery_id=header_id,
        receivers=receivers,
        text=text,
        html=html,
        attachments=attachments,
    )


def reply_to(email: OutgoingEmail) -> str:
    assert email.reply_to is not None
    return email.reply_to.address


def to_candidate(address: str) -> list[OutgoingEmail]:
    """What was sent to an address; the team is told of things by e-mail as well."""
    return [each for each in SERVICES["receiving"].taken if each.to.address == address]


async def test_an_answer_comes_back_to_the_conversation_and_is_answered(post: Post) -> None:
    message, email = await post.sent("ada@example.com")
    assert reply_to(email).startswith("reply+")
    assert reply_to(email).endswith("@reply.acme.example")
    reply = answer(reply_to(email).upper(), attachments=[("degree.pdf", PDF), ("x.exe", b"MZ")])
    assert (await post.report(reply)).matched
    shown = await post.conversation(message.candidate_id)
    (came,) = shown.replies
    assert (came.text, came.matched_by, came.message_id, came.is_stranger) == (
        "Tuesday suits me.", "address", message.id, False,
    )  # fmt: skip
    kept, refused = came.files
    assert kept.file_id is not None
    assert refused.file_id is None
    assert refused.problem is not None
    files = (await post.hiring.scope().ask(ListFiles(candidate_id=message.candidate_id))).items
    assert [each.name for each in files] == ["degree.pdf"]
    content = await post.hiring.scope().ask(
        DownloadFile(candidate_id=message.candidate_id, file_id=kept.file_id)
    )
    assert content.content == PDF
    written = await post.hiring.scope().execute(
        WriteLetter(
            application_id=message.application_id,
            subject="Re: hello",
            text="Tuesday at ten, then.",
            reply_id=came.id,
        )
    )
    await post.worker.run_due()
    letter = next(each for each in SERVICES["receiving"].taken if each.id == written.id)
    headers = dict(letter.headers)
    assert headers["In-Reply-To"] == reply.header_id
    assert headers["References"].split()[-1] == reply.header_id
    assert "Auto-Submitted" not in headers
    assert reply_to(letter) != reply_to(email), "each message has an address of its own"
    (first, *_) = (await post.conversation(message.candidate_id)).letters
    assert (first.purpose, first.author_name, first.answers_id) == (
        "personal", post.tenant.actor("recruiter").name, came.id,
    )  # fmt: skip


async def test_a_long_conversation_still_fits_on_a_line(post: Post) -> None:
    message, email = await post.sent("ada@example.com")
    before = " ".join(f"<{number:0100}@mail.example>" for number in range(40))
    replies = [
        answer(reply_to(email), headers=(("References", before),)),
        msgspec.structs.replace(
            answer(reply_to(email), headers=(("References", before),)),
            header_id=f"<{'x' * 980}@mail.example>",
        ),
    ]
    for reply in replies:
        outcome = await post.report(reply)
        letter = WriteLetter(
            application_id=message.application_id,
            subject="Re: hello",
            text="So be it.",
            reply_id=outcome.reply_id,
        )
        written = await post.hiring.scope().execute(letter)
        await post.worker.run_due()
        sent = next(each for each in SERVICES["receiving"].taken if each.id == written.id)
        assert max(len(f"{name}: {value}") for name, value in sent.headers) <= 998
        lines = build(sent, datetime.now(UTC)).split(b"\r\n")
        assert max(map(len, lines)) <= 998
    first = next(each for each in SERVICES["receiving"].taken if "References" in dict(each.headers))
    assert dict(first.headers)["References"].endswith(
        f"<{39:0100}@mail.example> {replies[0].header_id}"
    )


async def test_without_inbound_mail_answers_go_to_the_recruiter(post: Post, world: World) -> None:
    recruiter = world.acme.actor("recruiter").member_id
    assert recruiter is not None
    email_of_recruiter = (await post.hiring.scope().ask(ShowMember(member_id=recruiter))).email
    team = (TeamMember(recruiter, "recruiter"),)
    # The domain counts only with what lets mail in; without it, answers would be lost.
    await post.use(secret="")
    message = await post.about(await post.apply(hiring_team=team))
    email = next(each for each in SERVICES["receiving"].taken if each.id == message.id)
    assert reply_to(email) == email_of_recruiter
    # A domain that exists nowhere is good only in mail that stays with its plugin.
    await post.use(reply_domain="nowhere.invalid")
    await enable(post.runtime, post.tenant, "sending", [MANAGE])
    SERVICES["receiving"].error = MessagingUnavailable("Not now.")
    message = await post.about(await post.apply(hiring_team=team))
    email = next(each for each in SERVICES["sending"].taken if each.id == message.id)
    assert reply_to(email) == email_of_recruiter
    # Mail of another plugin may come back through the one that takes mail in.
    await post.use()
    message = await post.about(await post.apply(hiring_team=team))
    email = next(each for each in SERVICES["sending"].taken if each.id == message.id)
    assert reply_to(email).endswith("@reply.acme.example")
    assert dict(email.headers)["Auto-Submitted"] == "auto-generated"


async def by_sender(
    reply: ReportReply, _plugin: str, _tokens: Any, replies: PostgresReplies
) -> matching.Match | None:
    """The planted defect: believes what a mail says of its sender."""
    rows = await replies._unit.all(
        sa.select(messages.c.id).where(messages.c.to_address == reply.from_address).limit(1)
    )
    thread = await replies.thread_of_message(rows[0].id) if rows else None
    return None if thread is None else (thread, "address")


@pytest.mark.parametrize("planted", [False, True])
async def test_who_it_says_it_is_from_puts_it_nowhere(
    planted: bool, post: Post, monkeypatch: pytest.MonkeyPatch, examined: Examined
) -> None:
    if planted:
        monkeypatch.setattr(replying, "match_of", by_sender)
    address = f"victim-{uuid4().hex[:8]}@example.com"
    message, email = await post.sent(address)
    forged = [
        answer("jobs@reply.acme.example", sender=address),
        answer(sender=f"Ada <{address}>"),
        answer(email.sender.address, sender=address),
        answer("reply+" + "a" * 42 + "@reply.acme.example", sender=address),
        answer(reply_to(email).replace("@", "a@"), sender=address),
        answer(sender=address, headers=(("In-Reply-To", f"<{uuid4()}@acme.example>"),)),
    ]
    matched = [(await post.report(each)).matched for each in forged]
    assert any(matched) == planted, "an e-mail was believed for its sender"
    if not planted:
        assert (await post.conversation(message.candidate_id)).replies == ()
        assert len(await post.unmatched()) >= len(forged), "a reply was lost"
    examined("forged replies", len(forged))


async def test_what_it_refers_to_is_the_second_way_and_a_stranger_is_named(post: Post) -> None:
    message, email = await post.sent("ada@example.com")
    reference = f"<{message.reference}@eu-central-1.amazonses.com>"
    for headers in (
        (("In-Reply-To", email.message_id),),
        (("References", f"<other@x.example> {email.message_id} <later@x.example>"),),
        (("In-Reply-To", reference),),
    ):
        assert (await post.report(answer(sender="eve@else.example", headers=headers))).matched
    shown = await post.conversation(message.candidate_id)
    assert [each.matched_by for each in shown.replies] == ["reference"] * 3
    assert all(each.is_stranger for each in shown.replies)


async def test_what_another_service_calls_a_message_opens_nothing(post: Post) -> None:
    """A mail server that answers `OK`, or counts, is no secret that a stranger must know."""
    await enable(post.runtime, post.tenant, "sending", [MANAGE])
    SERVICES["receiving"].error = MessagingUnavailable("Not now.")
    SERVICES["sending"].calls_all = "the-name-of-every-message"
    message, _ = await post.sent("ada@example.com")
    assert message.reference == "the-name-of-every-message"
    forged = answer(headers=(("In-Reply-To", f"<{message.reference}@evil.example>"),))
    assert not (await post.report(forged)).matched
    SERVICES["receiving"].error = None
    SERVICES["receiving"].calls_all = "OK"
    message, _ = await post.sent("ada@example.com")
    assert message.reference == "OK"
    forged = answer(headers=(("In-Reply-To", "<OK@evil.example>"),))
    assert not (await post.report(forged)).matched


async def test_another_workspaces_address_opens_nothing_here(
    post: Post, world: World, database: TestDatabase, plugged: Runtime
) -> None:
    other = Post(plugged, world, database, "globex")
    await other.use()
    message, email = await post.sent()
    assert not (
        await other.report(answer(reply_to(email), headers=(("In-Reply-To", email.message_id),)))
    ).matched
    assert (await post.conversation(message.candidate_id)).replies == ()
    (waiting,) = await other.unmatched()
    assert waiting.id not in [each.id for each in await post.unmatched()]
    with pytest.raises(ReplyNotFound):
        await post.hiring.scope("admin").execute(RemoveReply(reply_id=waiting.id))
    with pytest.raises(InvalidInput):
        await other.hiring.scope("admin").execute(
            MatchReply(reply_id=waiting.id, application_id=message.application_id)
        )


async def test_the_same_reply_comes_once_and_machines_disturb_nobody(post: Post) -> None:
    message, email = await post.sent("ada@example.com")
    reply = answer(reply_to(email))
    outcomes = await asyncio.gather(*(post.report(reply) for _ in range(5)))
    assert sum(each.reply_id is not None for each in outcomes) == 1
    before = await post.told("reply")
    assert before > 0
    machines = (
        (("Auto-Submitted", "auto-replied"),),
        (("Precedence", "bulk"),),
        (("X-Autoreply", "yes"),),
        (("Return-Path", "<>"),),
    )
    taken = len(to_candidate("ada@example.com"))
    for headers in machines:
        assert (await post.report(answer(reply_to(email), headers=headers))).matched
    assert await post.told("reply") == before, "an absence note disturbed somebody"
    assert len(to_candidate("ada@example.com")) == taken, "a machine was answered"
    shown = (await post.conversation(message.candidate_id)).replies
    assert [each.is_automatic for each in shown] == [True] * 4 + [False]


async def test_what_belongs_to_nobody_waits_for_an_admin_with_its_files(post: Post) -> None:
    application = await post.apply("ada@example.com")
    admin = post.hiring.scope("admin")
    await admin.execute(MarkRead())
    outcome = await post.report(answer(sender="ada@example.com", attachments=[("cv.pdf", PDF)]))
    assert not outcome.matched
    await post.worker.run_due()
    (told,) = (await admin.ask(ListNotifications(unread=True))).items
    assert (told.title, told.link) == (
        "An e-mail came in that belongs to nobody yet",
        "/unmatched-replies",
    )
    with pytest.raises(Forbidden):
        await post.hiring.scope().ask(ListUnmatchedReplies())
    assert outcome.reply_id is not None
    command = MatchReply(reply_id=outcome.reply_id, application_id=application.id)
    matched = await admin.execute(command)
    assert (matched.matched_by, matched.is_stranger) == ("person", False)
    assert matched.files[0].file_id is not None
    await post.worker.run_due()
    found = (await admin.ask(ListNotifications(type="reply", unread=True))).items
    assert found[0].application_id == application.id, "now it is an answer of theirs"
    files = (await admin.ask(ListFiles(candidate_id=application.candidate_id))).items
    assert [each.name for each in files] == ["cv.pdf"]
    for again in (command, RemoveReply(reply_id=outcome.reply_id)):
        with pytest.raises(ReplyMatched):
            await admin.execute(again)
    other = await post.report(answer())
    assert other.reply_id is not None
    await admin.execute(RemoveReply(reply_id=other.reply_id))
    assert other.reply_id not in [each.id for each in await post.unmatched()]
    left = await post.report(answer(sender="Ada <ADA@example.com>"))
    await admin.execute(DeleteCandidate(candidate_id=application.candidate_id))
    with pytest.raises(ReplyNotFound):
        await admin.execute(command)
    assert left.reply_id not in [each.id for each in await post.unmatched()], "it outlived her"


async def test_hostile_replies_are_kept_within_bounds(post: Post) -> None:
    message, email = await post.sent()
    reply = answer(
        reply_to(email),
        sender='"ada@example.com" <eve@evil.example>',
        headers=(("Subject", "a\x00b\r\nBcc: x@y.example"),),
        text="\x00" * 10 + "\ud800" + "x" * LONGEST_REPLY,
        attachments=[(f"{number}.txt", b"a") for number in range(40)],
    )
    assert (await post.report(reply)).matched
    (came,) = (await post.conversation(message.candidate_id)).replies
    assert (came.from_address, came.is_stranger) == ("eve@evil.example", True)
    assert (len(came.files), came.left_out) == (20, 20)
    assert "\x00" not in came.text
    raw = ReportReply(
        delivery_id="d",
        receivers=(reply_to(email),),
        subject="a\nb\x1b[31m",
        text="\x00",
        attachments=(ReplyAttachment(name="../../etc/passwd\u202e.txt", content=b"hi"),),
    )
    assert (await post.report(raw)).matched
    (second, _) = (await post.conversation(message.candidate_id)).replies
    assert (second.subject, second.text) == ("a b [31m", "")


@pytest.mark.parametrize("planted", [False, True])
async def test_nobody_who_reads_a_conversation_can_open_the_candidates_own_page(
    planted: bool, post: Post, monkeypatch: pytest.MonkeyPatch, examined: Examined
) -> None:
    if planted:
        monkeypatch.setattr(replying, "without_secrets", str)
    job = await post.hiring.open_job()
    stranger = post.runtime.scope(post.tenant.context, anonymous(post.tenant.id), "apply")
    address = f"applies-{uuid4().hex[:8]}@example.com"
    receipt = await stranger.execute(
        Apply(
            form=AdmittedForm(uuid4().hex, job.id),
            full_name="Ada Löw",
            email=address,
            phone="",
            answers={},
            resume=None,
            notice_version=0,
        )
    )
    await post.worker.run_due()
    (mail,) = to_candidate(address)
    assert receipt.link in mail.text
    whole = next(each for each in mail.text.split() if receipt.link in each)
    for link in (whole, quote(whole, safe="")):
        reply = answer(
            reply_to(mail),
            text=f"Thank you!\n\nOn Monday, Acme wrote:\n> {link}\n",
            html=f'<p>Thank you!</p><a href="{link}">{link}</a>',
        )
        assert (await post.report(reply)).matched
    outcome = await post.report(answer(text=f"> {whole}"))
    assert not outcome.matched
    message = await post.hiring.scope().ask(ShowMessage(message_id=MessageId(mail.id)))
    shown = await post.conversation(message.candidate_id)
    waiting = await post.unmatched()
    kept = [each for reply in (*shown.replies, *waiting) for each in (reply.text, reply.html or "")]
    assert any(receipt.link in each for each in kept) == planted
    assert planted or any(STAND_IN in each for each in kept)
    examined("texts", len(kept))
    if planted:
        return
    # Nor can a letter have the candidate carry the secret elsewhere.
    link = whole.replace(receipt.link, STAND_IN)
    text = f"https://eve.example/{STAND_IN} https://eve.example/?u={link} (see {link}) {link}"
    letter = await post.hiring.scope().execute(
        WriteLetter(application_id=message.application_id, subject=STAND_IN, text=text)
    )
    await post.worker.run_due()
    written = next(each for each in to_candidate(address) if each.id == letter.id)
    assert written.subject == STAND_IN
    assert written.text.split() == [
        f"https://eve.example/{STAND_IN}",
        f"https://eve.example/?u={link}",
        "(see",
        f"{whole})",
        whole,
    ]


async def test_only_plugins_report(post: Post) -> None:
    with pytest.raises(Forbidden):
        await post.hiring.scope("admin").execute(answer("x@y.example"))


async def test_of_an_unknown_one_the_first_word_counts(post: Post) -> None:
    scope = post.hiring.scope()
    for first, second in ((SettleMessage, SendAgain), (SendAgain, SettleMessage)):
        SERVICES["receiving"].error = SendOutcomeUnknown("The line broke.")
        message = await post.about(await post.apply())
        SERVICES["receiving"].error = None
        assert message.state == "unknown"
        await scope.execute(first(message_id=message.id))
        with pytest.raises((MessageUnderWay, NothingUnknown)):
            await scope.execute(second(message_id=message.id))
    SERVICES["receiving"].error = SendOutcomeUnknown("The line broke.")
    message = await post.about(await post.apply())
    SERVICES["receiving"].error = None
    taken = len(to_candidate(message.to_address))
    outcomes = await asyncio.gather(
        *(
            scope.execute(command(message_id=message.id))
            for command in (SettleMessage, SendAgain) * 4
        ),
        return_exceptions=True,
    )
    assert sum(not isinstance(each, BaseException) for each in outcomes) == 1
    await post.worker.run_due()
    again = await scope.ask(ShowMessage(message_id=message.id))
    assert again.state == "sent"
    assert len(to_candidate(message.to_address)) - taken in (0, 1)


async def test_what_failed_is_on_the_recruiters_list_until_it_is_handled(
    post: Post, world: World
) -> None:
    scope = post.hiring.scope()
    before = {each.id for each in (await scope.ask(ListTroubles())).items}
    SERVICES["receiving"].error = MessageRefused("There is no such mailbox.")
    recruiter = world.acme.actor("recruiter").member_id
    assert recruiter is not None
    team = (TeamMember(recruiter, "recruiter"),)
    made = [await post.apply(hiring_team=team) for _ in range(3)]
    SERVICES["receiving"].error = None
    found = [each for each in (await scope.ask(ListTroubles())).items if each.id not in before]
    assert {each.application_id for each in found} == {each.id for each in made}
    assert {each.detail for each in found} == {"There is no such mailbox."}
    by_application = {each.application_id: each for each in found}
    one, two, three = (by_application[each.id] for each in made)
    await scope.execute(DismissMessage(message_id=one.id))
    await scope.execute(SendAgain(message_id=two.id))
    with pytest.raises(NothingToDo):
        await scope.execute(DismissMessage(message_id=two.id))
    elsewhere = SendElsewhere(message_id=three.id, to_address="new@example.com")
    with pytest.raises(InvalidInput):
        await scope.execute(elsewhere)
    await scope.execute(
        UpdateCandidate(
            candidate_id=three.candidate_id,
            emails=(three.to_address, "new@example.com"),
        )
    )
    (again,) = [each for each in (await scope.ask(ListTroubles())).items if each.id == three.id]
    assert again.other_addresses == ("new@example.com",)
    sent = await scope.execute(elsewhere)
    assert sent.to_address == "new@example.com"
    await post.worker.run_due()
    assert [each.id for each in to_candidate("new@example.com")] == [three.id]
    left = {each.id for each in (await scope.ask(ListTroubles())).items}
    assert left == before


async def test_a_letter_needs_words_an_address_and_one_that_is_written_to(post: Post) -> None:
    message, _ = await post.sent("ada@example.com")
    scope = post.hiring.scope()
    drafted = await scope.ask(
        DraftLetter(application_id=message.application_id, template="status_update")
    )
    assert "Ada" in drafted.text
    letter = WriteLetter(application_id=message.application_id, subject=" ", text="\n")
    with pytest.raises(InvalidInput) as refused:
        await scope.execute(letter)
    assert [each.field for each in refused.value.fields] == ["subject", "text"]
    with pytest.raises(Forbidden):
        await post.hiring.scope("interviewer").execute(letter)
