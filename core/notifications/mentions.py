"""Finds who is mentioned in a note: `@` and a member's name, or what comes before the `@` of their
address."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from core.notifications.ports import Colleague
from core.shared.ids import MemberId

_MARK: Final = re.compile(r"(?<![\w@.])@")
_WORD_GOES_ON: Final = re.compile(r"[\w]")


def mentioned(text: str, colleagues: Iterable[Colleague]) -> set[MemberId]:
    """Return the members whom a text mentions.

    Case and accents' forms don't matter. The longest name that fits is meant: "@Ann Lee" is not
    Ann. Of several who have the same name, all are: one told too many is better than none.
    """
    plain = _plain(text)
    names = [(name, each.id) for each in colleagues for name in _names(each) if f"@{name}" in plain]
    found: set[MemberId] = set()
    for mark in _MARK.finditer(plain):
        fitting = [(name, who) for name, who in names if _is_at(plain, mark.end(), name)]
        longest = max((len(name) for name, _ in fitting), default=0)
        found |= {who for name, who in fitting if len(name) == longest}
    return found


def _names(colleague: Colleague) -> set[str]:
    local = colleague.email.partition("@")[0]
    return {_plain(each) for each in (colleague.name, local) if each.strip()}


def _is_at(text: str, start: int, name: str) -> bool:
    end = start + len(name)
    if not text.startswith(name, start):
        return False
    return end == len(text) or _WORD_GOES_ON.match(text[end]) is None


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
