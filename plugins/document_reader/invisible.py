"""Characters without a picture, in which text can be smuggled. Called by `reading.py`.

Unicode's tag characters repeat ASCII invisibly; zero-width ones and marks of direction split words
or turn them round for machines only.
"""

import re

import msgspec

from core.ports.documents import ReadDocument

_TAGS = re.compile("[\U000e0020-\U000e007e]{2,}")
_UNSEEN = re.compile(
    "[\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
    "\u180e\ufe00-\ufe0f\U000e0000-\U000e0fff\u3164\uffa0\u115f\u1160]"
)
_TAG_OFFSET = 0xE0000


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
