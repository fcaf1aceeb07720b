"""Reads plain text of any encoding. Called by the reading process, through `reading.py`."""

import re

from charset_normalizer import from_bytes

from core.ports.documents import ReadDocument
from plugins.document_reader.flow import Flow, Piece
from plugins.document_reader.limits import Broken, Limits

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_MOST_CONTROLS = 0.02
_SAMPLE = 64_000
_LIKELY = ["cp1252", "cp1250", "iso8859_15", "iso8859_2", "cp1251", "cp1253", "cp1254", "utf_16"]
_BULLET = re.compile(r"^\s*[*·•◦▪–—-]\s+(?=\S)")
_WIDE_SPACE = re.compile(r"(?<=\S)(?: {3,}|\t+)(?=\S)")


def decoded(content: bytes) -> str:
    """Return the text, whatever it is encoded in. Raises Broken for what is no text."""
    for mark, codec in _MARKS:
        if content.startswith(mark):
            return _checked(content.decode(codec, "replace"))
    try:
        return _checked(content.decode("utf-8"))
    except UnicodeDecodeError:
        found = from_bytes(content[:_SAMPLE], cp_isolation=_LIKELY).best()
        return _checked(content.decode(found.encoding if found else "cp1252", "replace"))


def _checked(text: str) -> str:
    if len(_CONTROLS.findall(text[:_SAMPLE])) > _MOST_CONTROLS * len(text[:_SAMPLE]):
        raise Broken("It isn't text.")
    return _CONTROLS.sub("", text).replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")


def read_txt(content: bytes, limits: Limits) -> ReadDocument:
    """Read the lines; an empty one, or one that is only a rule, parts blocks."""
    flow = Flow(limits)
    for line in decoded(content).split("\n"):
        text = line.rstrip()
        if not text.strip("-=_*~# \t"):
            flow.gap()
            continue
        is_item = bool(_BULLET.match(text))
        plain = _WIDE_SPACE.sub("\t", _BULLET.sub("", text).strip())
        flow.paragraph([Piece(plain)], is_item=is_item)
    return flow.read("txt")
