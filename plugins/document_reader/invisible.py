"""Characters without a picture, in which text can be smuggled. Called by `reading.py`.

Unicode's tag characters repeat ASCII invisibly; zero-width ones and marks of direction split words
or turn them round for machines only.
"""

import re

import msgspec

from core.ports.documents import DocumentLink, ReadDocument

_TAGS = re.compile("[\U000e0020-\U000e007e]{2,}")
_UNSEEN = re.compile(
    "[\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
    "\u180e\ufe00-\ufe0f\U000e0000-\U000e0fff\u3164\uffa0\u115f\u1160]"
)
_TAG_OFFSET = 0xE0000
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Controls that no text has, and halves of surrogate pairs: a database doesn't take them."""


def storable(document: ReadDocument) -> ReadDocument:
    """Put a space for each character that can't be text, so that all offsets stay."""
    texts = (line.text for line in document.lines)
    links = (f"{link.uri} {link.text}" for link in document.links)
    if not any(map(_UNSTORABLE.search, (*texts, *document.hidden_text, *links))):
        return document
    replace = msgspec.structs.replace
    return replace(
        document,
        lines=tuple(replace(each, text=_spaced(each.text)) for each in document.lines),
        hidden_text=tuple(_spaced(each) for each in document.hidden_text),
        links=tuple(DocumentLink(_spaced(e.uri), _spaced(e.text)) for e in document.links),
    )


def _spaced(text: str) -> str:
    return _UNSTORABLE.sub(" ", text)


def without_invisible(document: ReadDocument) -> ReadDocument:
    """Take such characters out of the lines; what they spell is hidden text."""
    if not any(_UNSEEN.search(line.text) for line in document.lines):
        return document
    hidden: list[str] = []
    lines = []
    for line in document.lines:
        if not _UNSEEN.search(line.text):
            lines.append(line)
            continue
        hidden += [
            "".join(chr(ord(each) - _TAG_OFFSET) for each in tags).strip()
            for tags in _TAGS.findall(line.text)
        ]
        text = _UNSEEN.sub("", line.text)
        if text.strip():
            # Offsets of runs would be wrong by now.
            lines.append(msgspec.structs.replace(line, text=text, runs=()))
    found = tuple(each for each in hidden if each)
    return msgspec.structs.replace(
        document, lines=tuple(lines), hidden_text=document.hidden_text + found
    )
