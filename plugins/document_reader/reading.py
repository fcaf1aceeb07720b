"""Decides what a file is and has it read. The reading process calls this, and nothing else does."""

from collections.abc import Callable

import msgspec

from core.ports.documents import DocumentKind, DocumentState, ReadDocument
from plugins.document_reader.invisible import storable, without_invisible
from plugins.document_reader.kinds import kind_of
from plugins.document_reader.limits import Broken, Encrypted, Limits, Refused, TooLarge
from plugins.document_reader.ocr import recognised
from plugins.document_reader.opendocument import read_odt
from plugins.document_reader.pdf import read_pdf
from plugins.document_reader.plain_text import read_txt
from plugins.document_reader.rich_text import read_rtf
from plugins.document_reader.web_page import read_html
from plugins.document_reader.word import read_docx

_READERS: dict[DocumentKind, Callable[[bytes, Limits], ReadDocument]] = {
    "pdf": read_pdf,
    "docx": read_docx,
    "odt": read_odt,
    "rtf": read_rtf,
    "html": read_html,
    "txt": read_txt,
}

ENCRYPTED = "It needs a password. Ask for a file without one."


def read_document(
    content: bytes, file_name: str, limits: Limits, ocr_languages: str = ""
) -> ReadDocument:
    """Read any file; whatever is wrong with it becomes a state.

    With `ocr_languages` (`eng+deu`), scanned pages are recognised where tesseract is installed.
    """
    kind: DocumentKind = "unknown"
    try:
        if len(content) > limits.bytes:
            raise TooLarge(f"It has {len(content)} bytes; up to {limits.bytes} are read.")
        kind = kind_of(content, file_name)
        read = _READERS.get(kind)
        if read is None:
            return unread(kind, "unsupported", UNSUPPORTED)
        document = read(content, limits)
        if document.state == "scanned" and ocr_languages:
            document = recognised(content, document, ocr_languages, limits)
        return storable(without_invisible(document))
    except Encrypted:
        return unread(kind, "encrypted", ENCRYPTED)
    except TooLarge as error:
        return unread(kind, "too_large", str(error))
    except Refused as error:
        return unread(kind, "refused", str(error))
    except Broken as error:
        return unread(kind, "broken", str(error))


UNSUPPORTED = "Only PDF, Word (.docx), OpenDocument (.odt), RTF, HTML and plain text are read."


def unread(kind: DocumentKind, state: DocumentState, detail: str) -> ReadDocument:
    """A document of which nothing is known but why."""
    return msgspec.structs.replace(_NOTHING, kind=kind, state=state, detail=detail)


_NOTHING = ReadDocument((), 0, "unknown", "broken")
