"""Which files are accepted: the extension is on the list and the content is what it says.

Checks the extension and the first bytes (ASVS 5.2.2); files are never opened or shown, only handed
back as attachments.
"""

import re
import unicodedata
from typing import Final

import msgspec

from core.shared.errors import FieldError, InvalidInput

LARGEST_FILE: Final = 10 * 1024 * 1024
"""Bytes of one file."""


class _Kind(msgspec.Struct, frozen=True):
    media_type: str
    signatures: tuple[bytes, ...]
    """One of them starts the file; none for text."""
    contains: bytes = b""
    """What an archive of this kind must name within."""


_OOXML: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_KINDS: Final = {
    "pdf": _Kind("application/pdf", (b"%PDF-",)),
    "docx": _Kind(_OOXML, (b"PK\x03\x04",), b"word/document.xml"),
    "doc": _Kind("application/msword", (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)),
    "odt": _Kind(
        "application/vnd.oasis.opendocument.text",
        (b"PK\x03\x04",),
        b"application/vnd.oasis.opendocument.text",
    ),
    "rtf": _Kind("application/rtf", (b"{\\rtf",)),
    "txt": _Kind("text/plain", ()),
    "html": _Kind("text/html", ()),
    "htm": _Kind("text/html", ()),
    "png": _Kind("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": _Kind("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": _Kind("image/jpeg", (b"\xff\xd8\xff",)),
}
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
"""Text of any encoding but UTF-16 holds none of them."""
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
_BIDI: Final = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")


def clean_file_name(name: str) -> str:
    """Return the last part of `name` without anything that could mislead a person or a system."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    plain = _UNSAFE.sub("_", _BIDI.sub("", last)).strip(" .")
    stem, dot, extension = plain.rpartition(".")
    return f"{stem[:150].strip()}.{extension[:10].lower()}" if dot and stem else plain[:160]


def media_type_of(name: str, content: bytes) -> str:
    """Return the media type of an acceptable file. Raises InvalidInput that says what is wrong."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    kind = _KINDS.get(extension)
    if kind is None:
        raise _refused(f"Files of this kind aren't accepted; these are: {', '.join(_KINDS)}.")
    if not content:
        raise _refused("The file is empty.")
    if len(content) > LARGEST_FILE:
        raise _refused(f"The file is larger than {LARGEST_FILE // 1024 // 1024} MB.")
    if not _is(kind, content):
        raise _refused(f"The content isn't what the name says (.{extension}).")
    return kind.media_type


def _is(kind: _Kind, content: bytes) -> bool:
    if not kind.signatures:
        return content.startswith(_UTF_16) or not _CONTROLS.search(content)
    return content.startswith(kind.signatures) and kind.contains in content


def _refused(message: str) -> InvalidInput:
    return InvalidInput(FieldError("file", message, "unacceptable_file"))
