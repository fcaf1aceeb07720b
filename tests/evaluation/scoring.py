"""How much of the truth a parsed résumé has: contacts exactly, careers and skills as F1.

Texts count as equal when they differ only in case, accents, punctuation and space, or hardly at
all; dates only when they are the same. What the truth doesn't have and the parser gives is wrong.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec
from rapidfuzz import fuzz

from core.resumes.contracts.structure import Education, Experience, Resume
from tests.evaluation.people import Job, Study, Truth

SIMILAR = 88
"""Of 100: a title or name that is cut or has a word more is below this."""
CONTACTS = ("name", "email", "phone", "location", "links")
CAREER = ("experience.company", "experience.title", "experience.dates")
STUDIES = ("education.institution", "education.degree", "education.field", "education.dates")
_True = TypeVar("_True", Job, Study)
_Given = TypeVar("_Given", Experience, Education)


class Tally(msgspec.Struct):
    """Right, wrongly given and missed answers for one field."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def add(self, other: "Tally") -> None:
        self.right += other.right
        self.wrong += other.wrong
        self.missed += other.missed

    @property
    def f1(self) -> float:
        whole = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / whole if whole else 1.0

    @property
    def accuracy(self) -> float:
        """Right of all that was wanted or given; a wrong value for a wanted one counts once."""
        whole = self.right + max(self.wrong, self.missed)
        return self.right / whole if whole else 1.0


Scores = dict[str, Tally]


def score(given: Resume, truth: Truth) -> Scores:
    """Compare one résumé with its truth, field by field."""
    return {
        "name": _exactly(given.name, truth.name, _letters),
        "email": _exactly(given.email, truth.email, str.lower),
        "phone": _phone(given.phone, truth),
        "location": _exactly(given.location, truth.location, _letters),
        "links": _set(
            {_address(each) for each in given.links}, {_address(each) for each in truth.links}
        ),
        **_experience(given.experience, truth.experience),
        **_education(given.education, truth.education),
        "skills": _skills(given, truth),
        "languages": _fuzzy([each.name for each in given.languages], truth.languages),
        "certifications": _fuzzy(list(given.certifications), truth.certifications),
    }


def total(scores: Sequence[Scores]) -> Scores:
    """Add up."""
    added: Scores = {}
    for each in scores:
        for name, tally in each.items():
            added.setdefault(name, Tally()).add(tally)
    return added


def together(scores: Scores, names: Sequence[str]) -> Tally:
    """Several fields as one."""
    tally = Tally()
    for name in names:
        tally.add(scores[name])
    return tally


def _letters(value: str) -> str:
    plain = unicodedata.normalize("NFKD", value).casefold()
    return re.sub(r"[\W_]+", "", "".join(each for each in plain if not unicodedata.combining(each)))


def _address(value: str) -> str:
    return re.sub(r"^https?://(www\.)?", "", value.lower()).removeprefix("www.").rstrip("/")


def _exactly(given: str | None, truth: str | None, form: Callable[[str], str]) -> Tally:
    if given is None and truth is None:
        return Tally()
    if given is not None and truth is not None and form(given) == form(truth):
        return Tally(right=1)
    return Tally(wrong=int(given is not None), missed=int(truth is not None))


def _phone(given: str | None, truth: Truth) -> Tally:
    """Without a country code in the document, the national number is all it says."""
    if given is None or truth.phone is None or truth.has_country_code:
        return _exactly(given, truth.phone, str)
    digits = re.sub(r"\D", "", given).lstrip("0")
    return Tally(right=1) if truth.phone.endswith(digits[-9:]) else Tally(wrong=1, missed=1)


def _set(given: set[str], truth: set[str]) -> Tally:
    return Tally(len(given & truth), len(given - truth), len(truth - given))


def _alike(given: str | None, truth: str | None) -> bool:
    if not given or not truth:
        return False
    one, other = _letters(given), _letters(truth)
    return one == other or fuzz.ratio(one, other) >= SIMILAR


def _fuzzy(given: list[str], truth: list[str]) -> Tally:
    left = list(truth)
    tally = Tally()
    for each in given:
        found = next((other for other in left if _alike(each, other)), None)
        if found is None:
            tally.wrong += 1
        else:
            left.remove(found)
            tally.right += 1
    tally.missed = len(left)
    return tally


def _skills(given: Resume, truth: Truth) -> Tally:
    """Right by its name or its evidence; one that only a position names counts neither way."""
    left = list(truth.skills)
    tally = Tally()
    for skill in given.skills:
        names = {_letters(skill.name), _letters(skill.evidence)}
        exact = next((each for each in left if _letters(each) in names), None)
        found = exact or next(
            (each for each in left if _alike(skill.name, each) or _alike(skill.evidence, each)),
            None,
        )
        if found is not None:
            left.remove(found)
            tally.right += 1
        elif not names & {_letters(each) for each in truth.mentioned}:
            tally.wrong += 1
    tally.missed = len(left)
    return tally


def _pairs(
    given: Sequence[_Given], truth: Sequence[_True], likeness: Callable[[_Given, _True], float]
) -> list[tuple[_Given | None, _True | None]]:
    """Pair entries, the likest first."""
    candidates = sorted(
        (
            (-likeness(one, other), first, second)
            for first, one in enumerate(given)
            for second, other in enumerate(truth)
        ),
    )
    taken_given: set[int] = set()
    taken_truth: set[int] = set()
    pairs: list[tuple[_Given | None, _True | None]] = []
    for value, first, second in candidates:
        if value < 0 and first not in taken_given and second not in taken_truth:
            taken_given.add(first)
            taken_truth.add(second)
            pairs.append((given[first], truth[second]))
    pairs += [(each, None) for number, each in enumerate(given) if number not in taken_given]
    pairs += [(None, each) for number, each in enumerate(truth) if number not in taken_truth]
    return pairs


def _text_tally(given: str | None, truth: str | None) -> Tally:
    if _alike(given, truth):
        return Tally(right=1)
    return Tally(wrong=int(bool(given)), missed=int(bool(truth)))


def _dates_tally(given: Experience | Education | None, truth: Job | Study | None) -> Tally:
    """Start and end count one each; an open end is a value of its own."""
    tally = Tally()
    ends = (_ends(given), _ends(truth))
    for mine, other in zip(*ends, strict=True):
        tally.add(_exactly(mine, other, str))
    return tally


def _ends(entry: Experience | Education | Job | Study | None) -> tuple[str | None, str | None]:
    if entry is None:
        return None, None
    is_open = not isinstance(entry, Study) and entry.current
    return entry.start, "open" if is_open else entry.end


def _experience(given: Sequence[Experience], truth: Sequence[Job]) -> Scores:
    def likeness(one: Experience, other: Job) -> float:
        return (
            fuzz.ratio(_letters(one.company or ""), _letters(other.company))
            + fuzz.ratio(_letters(one.title or ""), _letters(other.title))
            + 60 * (one.start == other.start)
            + 30 * (one.end == other.end)
        )

    scores = {name: Tally() for name in (*CAREER, "experience.whole")}
    for one, other in _pairs(given, truth, likeness):
        company = _text_tally(one.company if one else None, other.company if other else None)
        title = _text_tally(one.title if one else None, other.title if other else None)
        dates = _dates_tally(one, other)
        for name, tally in zip(CAREER, (company, title, dates), strict=True):
            scores[name].add(tally)
        scores["experience.whole"].add(_whole((company, title, dates), one, other))
    return scores


def _education(given: Sequence[Education], truth: Sequence[Study]) -> Scores:
    def likeness(one: Education, other: Study) -> float:
        return (
            fuzz.ratio(_letters(one.institution or ""), _letters(other.institution))
            + fuzz.ratio(_letters(one.degree or ""), _letters(other.degree))
            + 60 * (one.end == other.end)
        )

    scores = {name: Tally() for name in (*STUDIES, "education.whole")}
    for one, other in _pairs(given, truth, likeness):
        parts = (
            _text_tally(one.institution if one else None, other.institution if other else None),
            _text_tally(one.degree if one else None, other.degree if other else None),
            _text_tally(one.field if one else None, other.field if other else None),
            _dates_tally(one, other),
        )
        for name, tally in zip(STUDIES, parts, strict=True):
            scores[name].add(tally)
        scores["education.whole"].add(_whole(parts, one, other))
    return scores


def _whole(parts: Sequence[Tally], given: object, truth: object) -> Tally:
    """The entry as one answer: right only when all of it is."""
    if not any(part.wrong or part.missed for part in parts):
        return Tally(right=1)
    return Tally(wrong=int(given is not None), missed=int(truth is not None))
