"""Parses a résumé out of a file, for the command line."""

from datetime import date
from pathlib import Path

from core.resumes.ports import ReadResume
from plugins.document_reader.limits import Limits
from tenants.resume_reading import ResumeSandbox


def parse_resume_file(path: Path, today: date, ocr_languages: str = "") -> ReadResume:
    """Read the file in a process of its own and find its structure.

    A file that can't be read has its state in `document`. Raises OSError when the file can't be
    opened, Unavailable when no reading process can be started.
    """
    limits = Limits()
    with path.open("rb") as file:
        # One byte more than is allowed shows that it is too large; the rest isn't loaded.
        content = file.read(limits.bytes + 1)
    with ResumeSandbox(processes=1, limits=limits, ocr_languages=ocr_languages) as reader:
        return reader.read_now(content, path.name, today)
