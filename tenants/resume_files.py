"""Parses a résumé out of a file, for the command line: reader and parser put together."""

from datetime import date
from pathlib import Path

import msgspec

from core.ports.documents import ReadDocument
from core.resumes.contracts.structure import ParsedResume
from plugins.document_reader.limits import Limits
from plugins.document_reader.sandbox import SandboxedReader
from plugins.resume_parser.parser import StructureParser


class ParsedFile(msgspec.Struct, frozen=True):
    """What a file was read as, and the structure found in it."""

    document: ReadDocument
    parsed: ParsedResume


def parse_resume_file(path: Path, today: date, ocr_languages: str = "") -> ParsedFile:
    """Read the file in a process of its own and find its structure.

    A file that can't be read has its state in `document` and an empty structure. Raises OSError
    when the file can't be opened, Unavailable when no reading process can be started.
    """
    limits = Limits()
    with path.open("rb") as file:
        # One byte more than is allowed shows that it is too large; the rest isn't loaded.
        content = file.read(limits.bytes + 1)
    with SandboxedReader(limits=limits, ocr_languages=ocr_languages) as reader:
        document = reader.read(content, path.name)
    return ParsedFile(document, StructureParser().parse(document, today))
