"""The contract of `ResumeParser`: every résumé parser passes this suite.

class TestMyParser(ResumeParserContract):
    def rig(self) -> AbstractAsyncContextManager[ResumeParserRig]:
        return my_parser_and_its_vendor()
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date
from typing import Final, Protocol

from core.ports.documents import DocumentLine, DocumentLink, ReadDocument
from core.resumes.contracts.parsing import ParsingRefused, ParsingUnavailable, ResumeParser
from core.resumes.contracts.structure import ParsedResume, Resume
from core.resumes.contracts.witness import witnessed
from plugins.sdk.testing.expecting import expect_raises

TODAY: Final = date(2027, 3, 1)
RESUME: Final = """\
Ada Lovelace
ada.lovelace@example.com | +44 20 7946 0958 | London, United Kingdom

EXPERIENCE
Analyst, Analytical Engines Ltd
03/2019 – present
• Wrote the first program in Python.
Junior Analyst, Difference Works Inc
01/2016 – 02/2019
• Kept the tables of differences.

EDUCATION
University of London
BSc in Mathematics
2012 – 2015

SKILLS
Python, PostgreSQL, Statistics
"""
MINIMAL: Final = """\
Grace Hopper

EXPERIENCE
Programmer, Eckert-Mauchly Computer Corporation
1949 – 1950
"""
NO_RESUME: Final = """\
Shopping list
Two pounds of flour
A dozen eggs
"""

_NOTHING: Final = ParsedResume(Resume(), {}, "en")


class ResumeParserVendor(Protocol):
    """The other side, as the test commands it."""

    def be_away(self) -> bool:
        """Answer nothing until further notice; False for a parser that asks nobody."""
        ...


class ResumeParserRig(Protocol):
    """An adapter and the vendor that it talks to."""

    @property
    def parser(self) -> ResumeParser:
        """The adapter."""
        ...

    @property
    def vendor(self) -> ResumeParserVendor:
        """Its vendor."""
        ...


def sample_document(text: str = RESUME, links: Sequence[str] = ()) -> ReadDocument:
    """Return a document of one page as the platform would give it; an empty line parts blocks."""
    lines: list[DocumentLine] = []
    block = 0
    for written in text.splitlines():
        if not written:
            block += 1
            continue
        top = 60.0 + 14 * len(lines) + 10 * block
        heading = 1 if written.isupper() else None
        lines.append(
            DocumentLine(
                written,
                x0=72.0,
                y0=top,
                x1=72.0 + 5 * len(written),
                y1=top + 12,
                font_size=18.0 if not lines else 10.0,
                bold=not lines or heading is not None,
                block=block,
                heading=heading,
            )
        )
    return ReadDocument(
        lines=tuple(lines),
        pages=1,
        kind="pdf",
        state="read",
        links=tuple(DocumentLink(each) for each in links),
    )


class ResumeParserContract(ABC):
    """What holds of every adapter."""

    @abstractmethod
    def rig(self) -> AbstractAsyncContextManager[ResumeParserRig]:
        """Give an adapter, and its vendor."""

    async def test_the_person_is_found(self) -> None:
        async with self.rig() as rig:
            found = (await rig.parser.parse(sample_document(), TODAY)).resume
            assert found.name == "Ada Lovelace"
            assert found.email == "ada.lovelace@example.com"

    async def test_positions_are_found_with_their_dates(self) -> None:
        async with self.rig() as rig:
            found = (await rig.parser.parse(sample_document(), TODAY)).resume.experience
            companies = {each.company: each for each in found}
            assert companies.keys() == {"Analytical Engines Ltd", "Difference Works Inc"}
            present, past = companies["Analytical Engines Ltd"], companies["Difference Works Inc"]
            assert (present.title, past.title) == ("Analyst", "Junior Analyst")
            assert (present.start, present.end, present.current) == ("2019-03", None, True)
            assert (past.start, past.end, past.current) == ("2016-01", "2019-02", False)

    async def test_nothing_is_invented(self) -> None:
        async with self.rig() as rig:
            for text in (RESUME, MINIMAL, NO_RESUME):
                document = sample_document(text)
                kept = witnessed(await _parsed(rig.parser, document), document, TODAY)
                assert not kept.left_out, "a value doesn't stand where the answer says"

    async def test_what_is_not_said_is_left_open(self) -> None:
        async with self.rig() as rig:
            found = (await rig.parser.parse(sample_document(MINIMAL), TODAY)).resume
            assert (found.email, found.phone, found.links) == (None, None, ())
            assert not found.education
            assert {each.start for each in found.experience} == {"1949"}, "a month was made up"

    async def test_a_document_that_is_no_resume_gives_no_career(self) -> None:
        async with self.rig() as rig:
            found = (await _parsed(rig.parser, sample_document(NO_RESUME))).resume
            assert (found.experience, found.education, found.email) == ((), (), None)

    async def test_a_document_without_lines_gives_nothing(self) -> None:
        async with self.rig() as rig:
            document = ReadDocument(lines=(), pages=1, kind="pdf", state="read")
            found = (await _parsed(rig.parser, document)).resume
            assert (found.name, found.experience, found.skills) == (None, (), ())

    async def test_a_vendor_that_is_away_is_told_so(self) -> None:
        async with self.rig() as rig:
            if not rig.vendor.be_away():
                return
            await expect_raises(ParsingUnavailable, rig.parser.parse(sample_document(), TODAY))


async def _parsed(parser: ResumeParser, document: ReadDocument) -> ParsedResume:
    """A parser may refuse what is no résumé; that is an answer too."""
    try:
        return await parser.parse(document, TODAY)
    except ParsingRefused:
        return _NOTHING
