"""Skills: those listed in their section, and those that the text of the positions speaks of."""

import re
from dataclasses import dataclass
from typing import Final

from plugins.resume_parser.dates import find_dates
from plugins.resume_parser.folding import fold, key, words
from plugins.resume_parser.listings import names_a_language
from plugins.resume_parser.paragraphs import join
from plugins.resume_parser.rows import Row
from plugins.resume_parser.taxonomy import Taxonomy
from plugins.resume_parser.vocabulary import HEADINGS, LEVEL_WORDS, without_conjunctions

_ENOUGH: Final = 3
"""With so many skills listed, running text only adds what is certainly one: named tools."""
_SEPARATOR: Final = re.compile(
    r"\s*(?:[,;|•·∙●○★☆◆▪■]|\t|\s[–—]\s)\s*(?![^()]*\))|\s+-\s+(?![^()]*\))"
)
_LABEL: Final = re.compile(
    r"^([^:,;|•]{2,48}?)\s*:\s+(?=\S)|^([^:,;|•]{2,48}?)\s+[–—-]\s+(?=[^,]+,)"
)
_PAREN: Final = re.compile(r"\s*\(([^()]*)\)?")
_RATING: Final = re.compile(
    r"\s*(?:\d{1,3}\s?%|\d{1,2}\s?/\s?\d{1,2}|\d{1,2}\+?\s*(?:years?|yrs?|jahre?n?|ans|años|anni|jaar|lata?|anos)\b.*|[●○★☆⬤◉•■□▮▯]+)\s*$",
    re.IGNORECASE,
)
_LEAD_IN: Final = re.compile(
    r"^(?:and|und|et|y|e|i|en|sowie|as well as|including|incl\.|such as|e\.g\.|"
    r"z\.\s?b\.|etc\.?|ggf\.)\s+",
    re.IGNORECASE,
)
_AND: Final = re.compile(r"\s+(?:&|and|und|et|y|e|en|i|or|oder|ou|o)\s+|\s*/\s*|\s*\+\s*(?=[A-Z])")


@dataclass(slots=True)
class FoundSkill:
    """A skill, the words that show it, and their row."""

    name: str
    evidence: str
    row: Row
    confidence: float


@dataclass(slots=True)
class _Group:
    label: str
    text: str
    rows: list[Row]


def listed_skills(rows: list[Row], known: Taxonomy) -> tuple[list[FoundSkill], list[Row]]:
    """Return the skills of a skills section, and the rows that list languages of people."""
    found: dict[str, FoundSkill] = {}
    spoken: list[Row] = []
    for group in _groups(rows, known):
        items = [item for item in _items(group.text) if item]
        if items and all(names_a_language(item) for item in items) and not _are_code(group, known):
            spoken += group.rows
            continue
        label_is_skill = items and all(_is_level(item) for item in items) and group.label
        for item in [group.label] if label_is_skill else items:
            for skill in _skills_of(item, group.rows, known):
                found.setdefault(fold(skill.name), skill)
    return list(found.values()), spoken


def _are_code(group: _Group, known: Taxonomy) -> bool:
    return not group.label and all(known.named(item) for item in _items(group.text))


def _groups(rows: list[Row], known: Taxonomy) -> list[_Group]:
    groups: list[_Group] = []
    bold_differs = any(row.bold for row in rows) and not all(row.bold for row in rows)
    right = max((row.x1 for row in rows if row.x1 is not None), default=None)
    for number, row in enumerate(rows):
        text = "\t".join(row.cells)
        label, rest = _labelled(text, row)
        last = groups[-1] if groups else None
        if not label and last is not None and last.text and _goes_on(last, row, right):
            last.text = join(last.text, text)
            last.rows.append(row)
            continue
        following = rows[number + 1] if number + 1 < len(rows) else None
        if not label and _only_names_a_group(row, following, known, bold_differs=bold_differs):
            groups.append(_Group(text, "", [row]))
            continue
        groups.append(_Group(label, rest, [row]))
    return [group for group in groups if group.text]


def _labelled(text: str, row: Row) -> tuple[str, str]:
    match = _LABEL.match(text)
    if match is not None:
        return (match[1] or match[2]).strip(), text[match.end() :].strip()
    lead = row.lead
    if lead and text.startswith(lead) and len(text) > len(lead) + 2:
        return lead, text[len(lead) :].strip(" \t:–—-")
    cells = text.split("\t")
    if len(cells) == 2 and ("," in cells[1] or row.lead) and "," not in cells[0]:
        return cells[0], cells[1]
    if text.endswith(":"):
        return text[:-1], ""
    return "", text


def _goes_on(last: _Group, row: Row, right: float | None) -> bool:
    if row.bullet or row.numbered:
        return False
    end = last.rows[-1]
    if last.text.rstrip().endswith((",", ";", "·", "•", "|", "&", " and", " und", "-", "(")):
        return True
    if last.text.count("(") > last.text.count(")"):
        return True
    full = right is not None and end.x1 is not None and end.x1 > right - 40
    several = len(_SEPARATOR.split(last.text)) > 2
    if end.bold != row.bold and row.bold:
        return False
    starts_within = row.text[:1].islower() and not row.gap
    return several and (starts_within or (full and not row.gap and "," in row.text))


def _only_names_a_group(
    row: Row, following: Row | None, known: Taxonomy, *, bold_differs: bool
) -> bool:
    if len(row.cells) > 1 or row.bullet or "," in row.text or len(row.text) > 50:
        return False
    kinds = HEADINGS.get(without_conjunctions(key(row.text)))
    if kinds and {"skills", "languages"} & set(kinds.values()):
        return following is not None
    if following is None or known.named(row.text):
        return False
    return bold_differs and row.bold and not following.bold


def _items(text: str) -> list[str]:
    return [_bare(part) for part in _SEPARATOR.split(text) if part and part.strip()]


def _bare(item: str) -> str:
    item = _LEAD_IN.sub("", item.strip(" .–—-:*"))
    return _RATING.sub("", item).strip(" .–—-:*")


def _is_level(item: str) -> bool:
    listed = words(_RATING.sub("", item))
    return all(word in LEVEL_WORDS for word in listed) and len(listed) < 6


def _skills_of(item: str, rows: list[Row], known: Taxonomy) -> list[FoundSkill]:
    inner = _PAREN.search(item)
    bare = _bare(_PAREN.sub("", item))
    if not bare or not any(each.isalpha() for each in bare) or _is_level(bare):
        return []
    if "@" in bare or find_dates(bare):
        return []
    row = next((row for row in rows if bare in row.text), rows[0])
    found = _skill(bare, row, known)
    if inner is not None and not _is_level(inner[1]):
        whole = known.named(item)
        if whole is not None:
            return [FoundSkill(whole[0], item, row, whole[1])]
        parts = re.split(r"\s*[,;/]\s*", inner[1])
        named = [(part, known.named(part)) for part in parts]
        found += [FoundSkill(hit[0], part, row, hit[1]) for part, hit in named if hit is not None]
    return found


def _skill(bare: str, row: Row, known: Taxonomy) -> list[FoundSkill]:
    named = known.named(bare)
    if named is not None:
        return [FoundSkill(named[0], bare, row, named[1])]
    parts = [part for part in _AND.split(bare) if part]
    if 1 < len(parts) <= 4:
        hits = [(part, known.named(part)) for part in parts]
        if all(hit is not None for _, hit in hits):
            return [FoundSkill(hit[0], part, row, hit[1]) for part, hit in hits if hit is not None]
    if len(bare.split()) > 6 or len(bare) > 60:
        return [FoundSkill(each.name, bare, row, 0.7) for each in known.mentions(bare)]
    levelled = _without_level(bare)
    named = known.named(levelled) if levelled != bare else None
    if named is not None:
        return [FoundSkill(named[0], bare, row, named[1])]
    return [FoundSkill(bare, bare, row, 0.7)] if len(bare) > 1 else []


def _without_level(bare: str) -> str:
    """`advanced Excel`, `Python expert`: leave the skill."""
    parts = bare.split()
    if len(parts) > 1 and fold(parts[0]) in LEVEL_WORDS:
        return " ".join(parts[1:])
    return " ".join(parts[:-1]) if len(parts) > 1 and fold(parts[-1]) in LEVEL_WORDS else bare


def mentioned_skills(
    rows: list[Row], listed: list[FoundSkill], known: Taxonomy
) -> list[FoundSkill]:
    """Return the skills that running text speaks of and no list names."""
    found: dict[str, FoundSkill] = {}
    have = {fold(skill.name) for skill in listed}
    only_tools = len(listed) >= _ENOUGH
    for row in rows:
        for mention in known.mentions(row.text):
            if fold(mention.name) in have or (only_tools and not mention.named):
                continue
            evidence = _around(row.text, mention.begin, mention.stop)
            skill = FoundSkill(mention.name, evidence, row, 0.75 if mention.named else 0.6)
            found.setdefault(fold(mention.name), skill)
    return list(found.values())


def _around(text: str, begin: int, stop: int) -> str:
    """The sentence that holds the span, or as much of it as is quickly read."""
    first = max(text.rfind(". ", 0, begin) + 2, 0) if ". " in text[:begin] else 0
    last = text.find(". ", stop)
    sentence = text[first : last + 1 if last >= 0 else len(text)].strip()
    return sentence if len(sentence) <= 200 else text[max(0, begin - 80) : stop + 80].strip()
