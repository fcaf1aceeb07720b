"""Puts what is told into words: names are looked up when it is read, never kept."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from core.notifications.contracts import NotificationView
from core.notifications.notices import NOTICES, Notice

SOMEBODY: Final = "Somebody"
"""Stands for whoever isn't there any more or wasn't a member of the team."""

UNKNOWN_LINK: Final = "/notifications"


def sentences(wording: str) -> tuple[str, str]:
    """Return the title and the message of a `NotificationView.wording`, before words are put in."""
    notice, _, amount = wording.partition(".")
    entry = NOTICES.get(notice)
    return _title(entry, several=amount == "several"), "" if entry is None else entry.message


def said(sentence: str, words: Mapping[str, str]) -> str:
    """Return a sentence with its words put in; what isn't known is said so, or left out."""
    return sentence.format_map(_Words(words))


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
) -> tuple[str, str, str]:
    """Return title, text and link of a post in a channel, which speaks to nobody in particular."""
    words = {name: value for name, value in (*details.items(), *names.items()) if value is not None}
    words |= {name: str(value) for name, value in ids.items() if value is not None}
    words["count"] = str(count)
    several = entry is not None and count > 1 and bool(entry.titles)
    title = _title(entry, several=several)
    if entry is not None and entry.post:
        title = entry.posts if several else entry.post
    text = [said("" if entry is None else entry.message, words)]
    if unseen_hours:
        whom = " and ".join(members) or SOMEBODY
        text.append(f"{whom} hasn't looked at it for {unseen_hours} h.")
    elif members:
        text.append(f"For {' and '.join(members)}.")
    body = "\n".join(line for line in text if line)
    link = said(_link(entry, several=several), words)
    return said(title, words), body, link


def _title(entry: Notice | None, *, several: bool) -> str:
    if entry is None:
        return "Something happened"
    return entry.titles if several else entry.title


def _link(entry: Notice | None, *, several: bool) -> str:
    if entry is None:
        return UNKNOWN_LINK
    return entry.links if several and entry.links else entry.link


class _Words(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return SOMEBODY if name in ("candidate", "actor") else ""
