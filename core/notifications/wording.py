"""Puts what is told into words: names are looked up when it is read, never kept."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from core.notifications.contracts import NotificationView
from core.notifications.notices import NOTICES, Notice
from core.notifications.sentences import in_language

SOMEBODY: Final = "Somebody"
"""Stands for whoever isn't there any more or wasn't a member of the team."""

UNKNOWN_LINK: Final = "/notifications"

_UNKNOWN: Final = "Something happened"
_WHOSE: Final = "For {members}."
_UNSEEN: Final = "Not looked at for {hours} h: {members}."
OF_POSTS: Final = (SOMEBODY, _UNKNOWN, _WHOSE, _UNSEEN)
"""What posts say besides what `notices` has."""


def sentences(wording: str) -> tuple[str, str]:
    """Return the title and the message of a `NotificationView.wording`, before words are put in."""
    notice, _, amount = wording.partition(".")
    entry = NOTICES.get(notice)
    return _title(entry, several=amount == "several"), "" if entry is None else entry.message


def said(sentence: str, words: Mapping[str, str], language: str = "en") -> str:
    """Return a sentence in a language of mails, with its words put in.

    What isn't known is said so, or left out; what isn't translated stays in English.
    """
    return in_language(sentence, language).format_map(_Words(words, language))


def told_in(view: NotificationView, language: str) -> tuple[str, str]:
    """Return the title and the message of what somebody is told, in a language of mails."""
    title, message = sentences(view.wording)
    # Somebody who isn't there any more is somebody in the reader's language.
    words = {name: each for name, each in view.words.items() if name != "actor" or view.actor}
    return said(title, words, language), said(message, words, language) if message else ""


def worded(
    *,
    notice: str,
    count: int,
    names: Mapping[str, str | None],
    details: Mapping[str, str],
    **fields: Any,
) -> NotificationView:
    """Return the view of a notification. One of a later release than this is told of as such."""
    words = {name: value for name, value in (*details.items(), *names.items()) if value is not None}
    words["count"] = str(count)
    words.setdefault("actor", SOMEBODY)
    entry = NOTICES.get(notice)
    several = entry is not None and count > 1 and bool(entry.titles)
    ids = {name: fields[name] for name in ("candidate_id", "job_id") if fields[name] is not None}
    return NotificationView(
        wording=f"{notice}.several" if several else notice,
        title=said(_title(entry, several=several), words),
        message=said("" if entry is None else entry.message, words),
        link=said(_link(entry, several=several), words | {k: str(v) for k, v in ids.items()}),
        count=count,
        words=words,
        **fields,
    )


def posted(
    entry: Notice | None,
    *,
    count: int,
    names: Mapping[str, str | None],
    ids: Mapping[str, UUID | None],
    details: Mapping[str, str],
    members: Sequence[str],
    unseen_hours: int,
    language: str,
) -> tuple[str, str, str]:
    """Return title, text and link of a post in a channel, which speaks to nobody in particular.

    `language` is that of the workspace.
    """
    words = {name: value for name, value in (*details.items(), *names.items()) if value is not None}
    words |= {name: str(value) for name, value in ids.items() if value is not None}
    words["count"] = str(count)
    several = entry is not None and count > 1 and bool(entry.titles)
    title = _title(entry, several=several)
    if entry is not None and entry.post:
        title = entry.posts if several else entry.post
    text = [said("" if entry is None else entry.message, words, language)]
    whom = {"members": ", ".join(members), "hours": str(unseen_hours)}
    if unseen_hours:
        text.append(said(_UNSEEN, whom, language))
    elif members:
        text.append(said(_WHOSE, whom, language))
    body = "\n".join(line for line in text if line)
    link = said(_link(entry, several=several), words)
    return said(title, words, language), body, link


def _title(entry: Notice | None, *, several: bool) -> str:
    if entry is None:
        return _UNKNOWN
    return entry.titles if several else entry.title


def _link(entry: Notice | None, *, several: bool) -> str:
    if entry is None:
        return UNKNOWN_LINK
    return entry.links if several and entry.links else entry.link


class _Words(dict[str, str]):
    def __init__(self, words: Mapping[str, str], language: str) -> None:
        super().__init__(words)
        self._language = language

    def __missing__(self, name: str) -> str:
        return in_language(SOMEBODY, self._language) if name in ("candidate", "actor") else ""
