"""`intellimatch resume`: shows what is found in a résumé."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
import msgspec

from core.ports.documents import DocumentState
from core.resumes.contracts.structure import Education, Experience, ParsedResume, Resume
from tenants.resume_files import parse_resume_file

EXIT_CODES: Final[dict[DocumentState, int]] = {
    "read": 0,
    "scanned": 3,
    "encrypted": 4,
    "broken": 5,
    "too_large": 6,
    "unsupported": 7,
    "refused": 8,
    "timed_out": 9,
}
"""1 and 2 have their meaning for every command, so the states of a file begin at 3."""
NOT_UNDERSTOOD: Final = 10


@click.group("resume")
def command() -> None:
    """Look into résumés."""


@command.command("parse")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the structure as JSON.")
@click.option("--sources", is_flag=True, help="With --json: also where each field came from.")
@click.option("--ocr", metavar="LANGUAGES", default="", help="Recognise scanned pages: eng+deu.")
def parse_command(file: Path, ocr: str, *, as_json: bool, sources: bool) -> None:
    """Print the structure of a résumé: PDF, DOCX, ODT, RTF, TXT or HTML.

    Exit code: 0 parsed, 3 scanned pages without text, 4 encrypted, 5 broken, 6 too large,
    7 unsupported kind, 8 refused because it took too much memory or tries something, 9 too slow,
    10 read, but its structure couldn't be found.
    """
    today = datetime.now(UTC).date()
    result = parse_resume_file(file, today, ocr)
    if result.document.state != "read":
        reason = _printable(" ".join(result.document.detail.split())) or "It can't be read."
        click.echo(f"intellimatch: {result.document.state}: {file}: {reason}", err=True)
        sys.exit(EXIT_CODES[result.document.state])
    if result.parsed is None:
        click.echo(f"intellimatch: failed: {file}: its structure couldn't be found", err=True)
        sys.exit(NOT_UNDERSTOOD)
    if as_json:
        click.echo(_json(result.parsed, with_sources=sources))
    else:
        for line in _lines(result.parsed.resume):
            click.echo(_printable(line))


def _printable(line: str) -> str:
    """Leave out what would steer the terminal: the text is a stranger's."""
    return "".join(each for each in line if each.isprintable())


def _json(parsed: ParsedResume, *, with_sources: bool) -> str:
    document = msgspec.to_builtins(parsed.resume)
    if with_sources:
        document["sources"] = msgspec.to_builtins(parsed.sources)
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _lines(resume: Resume) -> list[str]:
    reached = (resume.email, resume.phone, resume.location, *resume.links)
    lines = [resume.name or "(no name found)"]
    lines += [resume.headline] if resume.headline else []
    lines += [" | ".join(part for part in reached if part)] if any(reached) else []
    if resume.experience:
        years = resume.years_of_experience
        lines += ["", "Experience" + (f" ({years:g} years)" if years is not None else "")]
        for position in resume.experience:
            lines += _position(position)
    if resume.education:
        lines += ["", "Education", *(_study(study) for study in resume.education)]
    for heading, found in (
        ("Skills", [skill.name for skill in resume.skills]),
        ("Languages", [_spoken(each.name, each.level) for each in resume.languages]),
        ("Certifications", list(resume.certifications)),
        ("Publications", list(resume.publications)),
        ("HIDDEN TEXT, not used", list(resume.hidden_text)),
    ):
        if found:
            lines += ["", heading, *(f"  {each}" for each in _wrapped(heading, found))]
    return lines


def _position(position: Experience) -> list[str]:
    named = ", ".join(part for part in (position.title, position.company) if part)
    place = f" ({position.location})" if position.location else ""
    period = _period(position.start, position.end, current=position.current)
    return [f"  {period:<20} {named}{place}", *(f"    - {text}" for text in position.highlights)]


def _study(study: Education) -> str:
    parts = [part for part in (study.degree, study.field, study.institution) if part]
    return f"  {_period(study.start, study.end, current=study.current):<20} {', '.join(parts)}"


def _period(start: str | None, end: str | None, *, current: bool) -> str:
    until = "now" if current else end or ("?" if start else "")
    return f"{start} - {until}" if start else until


def _spoken(name: str, level: str | None) -> str:
    return f"{name} ({level})" if level else name


def _wrapped(heading: str, found: list[str]) -> list[str]:
    return [", ".join(found)] if heading in ("Skills", "Languages") else found
