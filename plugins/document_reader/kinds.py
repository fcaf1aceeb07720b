"""What a file is, by its first bytes and its structure; its name only has to agree."""

import io
import re
import zipfile
from typing import Final

from core.ports.documents import DocumentKind
from plugins.document_reader.limits import Broken, Encrypted, Refused

_HEAD = 1_024
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FOREIGN: Final = (
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xfe\xed\xfa", "a macOS program"),
    (b"#!", "a script"),
)
_PICTURES: Final = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*", b"RIFF", b"BM",
)  # fmt: skip
_PACKED: Final = (b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_NAMES: Final[dict[str, DocumentKind]] = {
    "pdf": "pdf", "docx": "docx", "odt": "odt", "rtf": "rtf",
    "txt": "txt", "text": "txt", "md": "txt", "html": "html", "htm": "html", "xhtml": "html",
}  # fmt: skip
_HTML = re.compile(
    rb"\A\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_WORD_PART = "word/document.xml"
_ODT_TYPE = b"application/vnd.oasis.opendocument.text"
_LONGEST_TAIL = 1_024


def kind_of(content: bytes, file_name: str) -> DocumentKind:
    """Return the kind. Raises Broken, Encrypted or Refused; `unknown` is a kind we don't read."""
    found = _found(content)
    _, dot, extension = file_name.lower().rpartition(".")
    claimed = _NAMES.get(extension) if dot else None
    if found == "txt" and claimed not in {None, "txt"}:
        raise Broken(f"Its name says .{extension}, but it isn't such a file.")
    if claimed is not None and found not in {claimed, "unknown"}:
        raise Refused(f"Its name says .{extension}, but it is a {found} file.")
    if found == "unknown" and claimed is not None:
        raise Broken(f"Its name says .{extension}, but it isn't such a file.")
    return found


def _found(content: bytes) -> DocumentKind:
    _check_start(content)
    if content.startswith(_OLE):
        # Office keeps encrypted documents in the container of the old formats.
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise Encrypted
        return "unknown"
    if content.startswith((*_PICTURES, *_PACKED)):
        return "unknown"
    pdf_at = content[:_HEAD].find(b"%PDF-")
    if content.startswith(b"PK"):
        if pdf_at >= 0:
            raise Refused("It is two files in one: a zip and a PDF.")
        return _kind_of_zip(content)
    if pdf_at >= 0:
        _check_pdf(content, pdf_at)
        return "pdf"
    if content.startswith(b"{\\rtf"):
        return "rtf"
    return _kind_of_text(content)


def _check_start(content: bytes) -> None:
    if not content.strip(b"\x00 \t\r\n"):
        raise Broken("The file is empty.")
    for magic, what in _FOREIGN:
        if content.startswith(magic):
            raise Refused(f"It is {what}, not a document.")


def _check_pdf(content: bytes, begin: int) -> None:
    """A PDF begins at its beginning and ends at its end; a second file in it is a trick."""
    before = content[:begin].strip(b"\xef\xbb\xbf\x00 \t\r\n")
    if before:
        raise Refused("Something stands before the PDF in the file.")
    end = content.rfind(b"%%EOF")
    tail = content[end + 5 :].strip(b"\x00 \t\r\n") if end >= 0 else b""
    if len(tail) > _LONGEST_TAIL or b"PK\x05\x06" in tail or b"<script" in tail.lower():
        raise Refused("Something stands behind the PDF in the file.")


def _kind_of_zip(content: bytes) -> DocumentKind:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if _WORD_PART in names:
                if any(name.startswith("META-INF/manifest") for name in names):
                    raise Refused("It is two files in one: Word and OpenDocument.")
                return "docx"
            if "mimetype" in names and archive.getinfo("mimetype").file_size < _HEAD:
                return "odt" if archive.read("mimetype").strip() == _ODT_TYPE else "unknown"
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError) as error:
        # `zipfile` raises NotImplementedError for methods of compression that it doesn't know, and
        # RuntimeError for a part that is encrypted.
        raise Broken("It looks like a Word or OpenDocument file, but is damaged.") from error
    return "unknown"


def _kind_of_text(content: bytes) -> DocumentKind:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "txt"
    if b"\x00" in content[:65_536]:
        return "unknown"
    if _HTML.search(content[:_HEAD].removeprefix(b"\xef\xbb\xbf")):
        return "html"
    if content.lstrip().startswith(b"<?xml"):
        return "unknown"
    return "txt"
