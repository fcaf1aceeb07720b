"""The suites of the ports: the reference adapters pass them, and adapters with a defect don't."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import msgspec
import pytest

from core.ports.ats import Changes, ExternalApplication, NewApplication
from core.ports.calendar import Availabilities, CalendarEntry, PlacedEntry
from core.ports.identity import ExternalIdentity, SignInStart
from core.ports.messaging import MessageRefused, OutgoingEmail, SentEmail
from core.ports.payments import Credit, Subscription
from core.resumes.contracts.parsing import ParsingRefused
from core.resumes.contracts.structure import ParsedResume, Skill, SourceSpan
from plugins.resume_parser.parser import StructureParser
from plugins.sdk.testing.ats import AtsContract
from plugins.sdk.testing.calendar import CalendarContract
from plugins.sdk.testing.files import FilesContract
from plugins.sdk.testing.identity import IdentityContract
from plugins.sdk.testing.messaging import MessagingContract
from plugins.sdk.testing.payments import PaymentsContract
from plugins.sdk.testing.reference.ats import MemoryAts, MemoryAtsRig, memory_ats
from plugins.sdk.testing.reference.calendar import (
    MemoryCalendar,
    MemoryCalendarRig,
    memory_calendar,
)
from plugins.sdk.testing.reference.files import MemoryFiles, MemoryFilesRig, memory_files
from plugins.sdk.testing.reference.identity import (
    MemoryIdentityProvider,
    MemoryIdentityRig,
    memory_identity,
)
from plugins.sdk.testing.reference.messaging import (
    MemoryMessaging,
    MemoryMessagingRig,
    memory_messaging,
)
from plugins.sdk.testing.reference.payments import (
    MemoryPayments,
    MemoryPaymentsRig,
    memory_payments,
)
from plugins.sdk.testing.reference.resumes import (
    MemoryResumeParser,
    MemoryResumeParserRig,
    memory_resume_parser,
)
from plugins.sdk.testing.resumes import ResumeParserContract
from tests.fixtures.examined import Examined


class TestMessaging(MessagingContract):
    def rig(self) -> AbstractAsyncContextManager[Any]:
        return memory_messaging()


class TestFiles(FilesContract):
    def rig(self) -> AbstractAsyncContextManager[Any]:
        return memory_files()


class TestPayments(PaymentsContract):
    def rig(self) -> AbstractAsyncContextManager[Any]:
        return memory_payments()


class TestCalendar(CalendarContract):
    def rig(self) -> AbstractAsyncContextManager[Any]:
        return memory_calendar()


class TestAts(AtsContract):
    def rig(self) -> AbstractAsyncContextManager[Any]:
        return memory_ats()


class TestIdentity(IdentityContract):
    def rig(self) -> AbstractAsyncContextManager[Any]:
        return memory_identity()


class TestResumeParser(ResumeParserContract):
    def rig(self) -> AbstractAsyncContextManager[Any]:
        return memory_resume_parser()


class OurParser:
    """The platform's own parser, which asks nobody and so has nothing to wait for."""

    async def parse(self, *asked: Any) -> ParsedResume:
        return StructureParser().parse(*asked)

    def be_away(self) -> bool:
        return False


class OurParserRig:
    def __init__(self) -> None:
        self.parser = self.vendor = OurParser()


class TestOurResumeParser(ResumeParserContract):
    @asynccontextmanager
    async def rig(self) -> Any:
        yield OurParserRig()


class NewMessageIdEachTime(MemoryMessaging):
    async def send(self, email: OutgoingEmail) -> SentEmail:
        count = len(self.received())
        changed = msgspec.structs.replace(email, message_id=f"<{count}@vendor.example>")
        return await super().send(changed)


class LosesReplyTo(MemoryMessaging):
    async def send(self, email: OutgoingEmail) -> SentEmail:
        return await super().send(msgspec.structs.replace(email, reply_to=None))


class TakesAbsenceForRefusal(MemoryMessaging):
    async def send(self, email: OutgoingEmail) -> SentEmail:
        if self._is_away:
            raise MessageRefused("No.")
        return await super().send(email)


class ForgetsWhoseFileItIs(MemoryFiles):
    def __init__(self, cupboard: Any, tenant: str) -> None:  # noqa: ARG002 - the defect
        super().__init__(cupboard, "everybody")


class SellsWithoutPayment(MemoryPayments):
    async def subscription(self, customer: Any) -> Subscription:
        if any(request.customer == customer for request in self._checkouts.values()):
            return Subscription(state="active", price=self.price())
        return await super().subscription(customer)


class CreditsTwice(MemoryPayments):
    async def credit(self, credit: Credit) -> str:
        again = credit.id in self._credits
        reference = await super().credit(credit)
        if again:
            await super().credit(msgspec.structs.replace(credit, id=credit.customer))
        return reference


class TakesUnknownForFree(MemoryCalendar):
    async def availabilities(self, *arguments: Any) -> Any:
        found = await super().availabilities(*arguments)
        return [Availabilities(each.address, "known", each.busy) for each in found]


class PlacesTwice(MemoryCalendar):
    async def place(self, entry: CalendarEntry) -> PlacedEntry:
        if entry.id.hex in self._entries:
            self._entries[entry.id.hex + "-2"] = (entry, 1)
        return await super().place(entry)


class OverwritesOthers(MemoryCalendar):
    async def change(
        self,
        entry: CalendarEntry,
        reference: str,
        *,
        version: str | None = None,  # noqa: ARG002 - the defect
    ) -> PlacedEntry:
        return await super().change(entry, reference)


class SkipsAfterAFullPage(MemoryAts):
    async def changes(self, cursor: str | None) -> Changes:
        page = await super().changes(cursor)
        return Changes(page.applications[:-1], page.cursor, page.more)


class CreatesTwice(MemoryAts):
    async def create(self, application: NewApplication) -> ExternalApplication:
        self._made.clear()
        return await super().create(application)


class ChecksNoState(MemoryIdentityProvider):
    async def complete(
        self,
        start: SignInStart,
        *,
        redirect_url: str,
        code: str,
        state: str,  # noqa: ARG002 - the defect
    ) -> ExternalIdentity:
        grant = self._grants[code]
        self._grants[code] = msgspec.structs.replace(grant, nonce=start.nonce)
        return await super().complete(
            start, redirect_url=redirect_url, code=code, state=start.state
        )


class ChecksNoAudience(MemoryIdentityProvider):
    def issue_next_token_for_another_client(self) -> None:
        pass


class ServesACodeTwice(MemoryIdentityProvider):
    async def complete(
        self, start: SignInStart, *, redirect_url: str, code: str, state: str
    ) -> ExternalIdentity:
        grant = self._grants.get(code)
        try:
            return await super().complete(start, redirect_url=redirect_url, code=code, state=state)
        finally:
            if grant is not None:
                self._grants[code] = grant


class AddsASkill(MemoryResumeParser):
    async def parse(self, *asked: Any) -> ParsedResume:
        parsed = await super().parse(*asked)
        skills = (*parsed.resume.skills, Skill("Kubernetes", "Kubernetes"))
        resume = msgspec.structs.replace(parsed.resume, skills=skills)
        return msgspec.structs.replace(parsed, resume=resume)


class PointsElsewhere(MemoryResumeParser):
    async def parse(self, *asked: Any) -> ParsedResume:
        parsed = await super().parse(*asked)
        sources = {**parsed.sources, "name": SourceSpan(1, 0, 1, 5)}
        return msgspec.structs.replace(parsed, sources=sources)


class RoundsToJanuary(MemoryResumeParser):
    async def parse(self, *asked: Any) -> ParsedResume:
        parsed = await super().parse(*asked)
        made = tuple(
            msgspec.structs.replace(each, start=f"{each.start[:4]}-01" if each.start else None)
            for each in parsed.resume.experience
        )
        resume = msgspec.structs.replace(parsed.resume, experience=made)
        return msgspec.structs.replace(parsed, resume=resume)


class TakesAnAbsentVendorForARefusal(MemoryResumeParser):
    async def parse(self, *asked: Any) -> ParsedResume:
        if self._is_away:
            raise ParsingRefused("No.")
        return await super().parse(*asked)


class LeakyFilesRig(MemoryFilesRig):
    def __init__(self) -> None:
        super().__init__()
        self.store = self.other = ForgetsWhoseFileItIs({}, "")


DEFECTS: dict[str, tuple[type, Callable[[], Any]]] = {
    "a new Message-ID for each attempt": (
        MessagingContract,
        lambda: MemoryMessagingRig(NewMessageIdEachTime()),
    ),
    "Reply-To lost": (MessagingContract, lambda: MemoryMessagingRig(LosesReplyTo())),
    "away taken for refused": (
        MessagingContract,
        lambda: MemoryMessagingRig(TakesAbsenceForRefusal()),
    ),
    "files without a tenant": (FilesContract, LeakyFilesRig),
    "sold without payment": (
        PaymentsContract,
        lambda: MemoryPaymentsRig(SellsWithoutPayment()),
    ),
    "credited twice": (PaymentsContract, lambda: MemoryPaymentsRig(CreditsTwice())),
    "unknown taken for free": (
        CalendarContract,
        lambda: MemoryCalendarRig(TakesUnknownForFree()),
    ),
    "placed twice": (CalendarContract, lambda: MemoryCalendarRig(PlacesTwice())),
    "a person's change overwritten": (
        CalendarContract,
        lambda: MemoryCalendarRig(OverwritesOthers()),
    ),
    "a change skipped": (AtsContract, lambda: MemoryAtsRig(SkipsAfterAFullPage())),
    "created twice": (AtsContract, lambda: MemoryAtsRig(CreatesTwice())),
    "no state checked": (IdentityContract, lambda: MemoryIdentityRig(ChecksNoState())),
    "no audience checked": (IdentityContract, lambda: MemoryIdentityRig(ChecksNoAudience())),
    "a skill added": (ResumeParserContract, lambda: MemoryResumeParserRig(AddsASkill())),
    "a place that is another's": (
        ResumeParserContract,
        lambda: MemoryResumeParserRig(PointsElsewhere()),
    ),
    "a month made up": (ResumeParserContract, lambda: MemoryResumeParserRig(RoundsToJanuary())),
    "an absent vendor taken for a refusal": (
        ResumeParserContract,
        lambda: MemoryResumeParserRig(TakesAnAbsentVendorForARefusal()),
    ),
    "a code that works twice": (IdentityContract, lambda: MemoryIdentityRig(ServesACodeTwice())),
}


@pytest.mark.parametrize("defect", DEFECTS)
async def test_an_adapter_with_a_defect_fails_its_suite(defect: str, examined: Examined) -> None:
    contract, make = DEFECTS[defect]

    class Broken(contract):  # type: ignore[misc, valid-type]
        @asynccontextmanager
        async def rig(self) -> Any:
            yield make()

    suite = Broken()
    names = [name for name in dir(suite) if name.startswith("test_")]
    failed = []
    for name in names:
        try:
            await getattr(suite, name)()
        except Exception:  # noqa: BLE001 - whatever shows the defect
            failed.append(name)
    examined("asserted properties", len(names))
    assert failed, f"no test of {contract.__name__} notices: {defect}"
