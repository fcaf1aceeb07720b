"""`ResumeParser` in memory: understands résumés as plain as those of the suite."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Final

from core.ports.documents import DocumentLine, ReadDocument
from core.resumes.contracts.parsing import ParsingRefused, ParsingUnavailable
from core.resumes.contracts.structure import Experience, ParsedResume, Resume, Skill, SourceSpan

_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PERIOD: Final = re.compile(r"(?:(\d\d)/)?(\d{4}) – (?:(?:(\d\d)/)?(\d{4})|present)")


class MemoryResumeParser:
    """An adapter and its vendor in one."""

    def __init__(self) -> None:
        self._is_away = False

    async def parse(self, document: ReadDocument, today: date) -> ParsedResume:  # noqa: ARG002
        """Return what the lines say."""
        if self._is_away:
            raise ParsingUnavailable("The vendor is away.")
        titles = {each.text: number for number, each in enumerate(document.lines)}
        if not {"EXPERIENCE", "EDUCATION", "SKILLS"} & titles.keys():
            raise ParsingRefused("This doesn't look like a résumé.")
        sources = {"name": _whole(0, document.lines[0])}
        email = self._email(document, sources)
        resume = Resume(
            name=document.lines[0].text,
            email=email,
            experience=self._experience(document, sources),
            skills=self._skills(document, titles.get("SKILLS"), sources),
            confidence=dict.fromkeys(sources, 0.9),
        )
        return ParsedResume(resume, sources, "en")

    def be_away(self) -> bool:
        """Answer nothing."""
        self._is_away = True
        return True

    def _email(self, document: ReadDocument, sources: dict[str, SourceSpan]) -> str | None:
        for number, line in enumerate(document.lines):
            match = _EMAIL.search(line.text)
            if match is not None:
                sources["email"] = SourceSpan(number, match.start(), number, match.end(), line.page)
                return match[0]
        return None

    def _experience(
        self, document: ReadDocument, sources: dict[str, SourceSpan]
    ) -> tuple[Experience, ...]:
        found: list[Experience] = []
        for number, line in enumerate(document.lines[1:], 1):
            period = _PERIOD.fullmatch(line.text)
            title, comma, company = document.lines[number - 1].text.partition(", ")
            if period is None or not comma:
                continue
            path = f"experience.{len(found)}"
            sources[f"{path}.title"] = sources[f"{path}.company"] = _whole(
                number - 1, document.lines[number - 1]
            )
            start, end = _written(period[1], period[2]), _written(period[3], period[4])
            sources[f"{path}.start"] = sources[f"{path}.end"] = _whole(number, line)
            found.append(Experience(company, title, start, end, current=end is None))
        return tuple(found)

    def _skills(
        self, document: ReadDocument, heading: int | None, sources: dict[str, SourceSpan]
    ) -> tuple[Skill, ...]:
        if heading is None or heading + 1 >= len(document.lines):
            return ()
        line = document.lines[heading + 1]
        names = line.text.split(", ")
        for number in range(len(names)):
            sources[f"skills.{number}"] = _whole(heading + 1, line)
        return tuple(Skill(name, name) for name in names)


class MemoryResumeParserRig:
    """Both sides of the same object."""

    def __init__(self, both: MemoryResumeParser) -> None:
        self.parser = both
        self.vendor = both


@asynccontextmanager
async def memory_resume_parser() -> AsyncIterator[MemoryResumeParserRig]:
    """Yield a rig for `ResumeParserContract`."""
    yield MemoryResumeParserRig(MemoryResumeParser())


def _whole(number: int, line: DocumentLine) -> SourceSpan:
    return SourceSpan(number, 0, number, len(line.text), line.page)


def _written(month: str | None, year: str | None) -> str | None:
    return f"{year}-{month}" if month and year else year
