"""Degrees: institution, degree and field out of the headers of an education section."""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from plugins.resume_parser.dates import DateSpan
from plugins.resume_parser.entries import Entry, entries_of
from plugins.resume_parser.folding import fold
from plugins.resume_parser.places import place_score
from plugins.resume_parser.roles import degree_score, institution_score
from plugins.resume_parser.rows import Row
from plugins.resume_parser.units import Unit, comma_splits, header_of, split_middle, without_place

_OF: Final = (
    r"(?:\s+of\s+(?:Applied\s+)?(?:Science|Sciences|Arts|Engineering|"
    r"Business\sAdministration|Laws?|Education|"
    r"Fine\sArts|Philosophy|Medicine|Technology|Commerce|Architecture|Public\sHealth|Nursing|Music|"
    r"Social\sWork|Public\sAdministration|Design|Business|Research|Computer\sScience|"
    r"Surgery|Pharmacy|Health\sScience))"
)
_TAIL: Final = (
    r"(?:\s+(?:degree|diploma|studium|studies|thesis|magistrale|triennale|specialistica|professionnelle|"
    r"di\sricerca|[Aa]rtium|recherche|universitario|oficial|acad[ée]mico|superior|universitaire|national|d['’][ée]tudes|"
    r"(?:[1-4]|I|II)(?![\w.])|\(?hons\.?\)?|\(?honours\)?|inżynier|inż\.))*"
)
_DEGREE: Final = re.compile(
    rf"""^(?P<degree>
      (?:Executive\s+|Joint\s+|Double\s+|Professional\s+)?(?:Bachelor|Master|Doctor|Associate)(?![a-rt-z])(?:['’]?s)?(?:\s+(?:Degree|Diploma))?{_OF}?(?:\s+\((?:Hons\.?|Honours|[A-Z][A-Za-z.]{{1,6}})\))?{_TAIL}
    | (?:Diplôme|Diploma|Titre|Título)\s+d['’e]\s?(?:ingénieur|infirmi[eè]re?|Etat|État|
          etat)(?:\s+d['’]État)?
    | Dipl(?:om)?\.?-?\s?(?:Ing|Inf|Kfm|Kff|Betriebsw|Phys|Chem|Math|Psych|Biol|Wirt\.?-?Ing|
          Päd|Volksw|Übers|Soz)\w*\.?(?:\s+\(FH\)|\s+\(Univ\.\)|\s+\(BA\))?
    | (?:Staatlich\s+\w+\s+\w+)
    | (?:A-[Ll]evels?|AS-[Ll]evels?|GCSEs?)
    | (?:Mgr|Mag)\.?\s+inż\.?
    | (?:Ph\.?\s?D\.?|Dr\.\s?(?:rer\.\s?nat|phil|med|iur|-Ing|rer\.\s?pol)\.?)(?=\W|$)
    | (?:Licence|Master|Bac|BTS|DUT|BUT|CAP|BEP|Mastère|MBA|Laurea|Grado|Licenciatura|
          Ingenier[íi]a|Máster|Maestría|Doctorado|Doctorat|Dottorato|Mestrado|Doutoramento|
          Doutorado|Bacharelado|Bachillerato|Técnico\sSuperior|Formación\sProfesional|
          Ciclo\sFormativo|Doktorat|Doctoraal|Technik|Abitur|Matura|Diplom|Magister|MBO|HBO|Licencjat|Inżynier|Promotion|Ausbildung|
          Berufsausbildung|Studium|Staatsexamen|Baccalauréat|Maturità|Diploma){_TAIL}(?=\W|$)
    | [A-Z][A-Za-z]{{0,5}}(?:\.\s?(?:Sc|Eng|Ed|Tech|Com|Arch|A|S|D|M|Phil|Mus|Pharm)(?![a-z])|
          \.[A-Z][A-Za-z]{{0,4}})*\.?(?:\s?\((?:Hons\.?|Honours|FH)\))?(?=[\s,:–—(]|$)
    )""",
    re.VERBOSE,
)  # fmt: skip
_STATED: Final = re.compile(
    r"^(?:abschluss|degree|qualification|diplom|dipl[ôo]me|t[íi]tulo|titolo|tytu[łl])\s*:\s*(.+)$",
    re.IGNORECASE,
)
_LINK: Final = re.compile(
    r"^\s*(?:\(|[,:–—-]\s*|\|\s*)?\s*(?:(?:in|im|en|der|des|di|em|de|w|van|of|zum|zur|als|à|-)\s+(?:the\s+|der\s+|l['’]\s?)?)?",
    re.IGNORECASE,
)
_NOT_FIELD: Final = re.compile(
    r"\b(?:GPA|CGPA|grade|note|abschlussnote|notendurchschnitt|honou?rs|cum laude|"
    r"thesis|minor|distinction|mention|"
    r"votazione|nota|cijfer|ocena|class of|first class|upper second|score|average|"
    r"moyenne|média|graduated|"
    r"expected|exchange|voto)\b|^\d|\d[.,]\d",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Study:
    """One degree or school with the rows that its fields came from."""

    institution: Unit | None
    degree: Unit | None
    field: Unit | None
    date: DateSpan | None
    date_row: Row | None


def studies_of(rows: list[Row]) -> list[Study]:
    """Return the entries of one education section in their order."""
    studies = [study for entry in entries_of(rows) if (study := _study(entry)) is not None]
    return _with_institutions(studies)


def _study(entry: Entry) -> Study | None:
    header = header_of(entry)
    without_place(header)
    units = header.units
    study = Study(None, None, None, entry.date, entry.date_row)
    rest: list[Unit] = []
    queue = list(units)
    while queue:
        unit = queue.pop(0)
        school, degree = institution_score(unit.text), degree_score(unit.text)
        parts = _parts(unit) if (school and degree) else [unit]
        if len(parts) > 1:
            queue = [*parts, *queue]
        elif degree == 1.0 and study.degree is None and _is_rather_degree(unit.text, study):
            _read_degree(unit, study)
        elif school and study.institution is None:
            _read_institution(unit, study)
        elif degree and study.degree is None and not school:
            _read_degree(unit, study)
        else:
            rest.append(unit)
    _fill(study, rest)
    _read_stated_degree(entry, study)
    if study.institution is None and study.degree is None and study.field is None:
        return None
    return study


def _read_stated_degree(entry: Entry, study: Study) -> None:
    """`Abschluss: Diplom-Ingenieur (Note 1,7)` says more than `Studium Maschinenbau`."""
    for row in entry.body:
        stated = _STATED.match(row.text)
        if stated is None:
            continue
        degree, field = parted_degree(re.sub(r"\s*\([^()]*\)$", "", stated[1]))
        if degree_score(degree) and (study.degree is None or fold(study.degree.text) == "studium"):
            study.degree = Unit(degree, row)
            if field and study.field is None:
                study.field = Unit(field, row)


def _is_rather_degree(text: str, study: Study) -> bool:
    """A degree whose words name a school too, as `Master of the Business School`."""
    is_school = institution_score(text) > 0 and study.institution is None
    return not is_school or institution_score(text.split(maxsplit=1)[0]) == 0


def _parts(unit: Unit) -> list[Unit]:
    """Part a piece that holds degree and school."""
    parts = split_middle(unit)
    if len(parts) > 1:
        return parts
    splits = comma_splits(unit.text)
    scored = [(_apart(before, after), before, after) for before, after in splits]
    if scored:
        score, before, after = max(scored, key=lambda each: each[0])
        if score > 0:
            return [Unit(text, unit.row, unit.cell) for text in (before, after)]
    # `PhD Princeton University`: the degree stands right before the school.
    first, _, rest = unit.text.partition(" ")
    linked = re.match(r"(?:in|of|en|im|di|w)\s", rest) is not None
    if degree_score(first) == 1.0 and not linked and institution_score(" ".join(rest.split()[:3])):
        return [Unit(first, unit.row, unit.cell), Unit(rest, unit.row, unit.cell)]
    return [unit]


def _apart(before: str, after: str) -> float:
    """How well a comma parts the degree from the school."""
    straight = degree_score(before) * (1 - institution_score(before)) * institution_score(after)
    turned = institution_score(before) * (1 - degree_score(before)) * degree_score(after)
    return max(straight, turned) - 0.1 * after.count(",")


def _read_degree(unit: Unit, study: Study) -> None:
    degree, field = parted_degree(unit.text)
    study.degree = Unit(degree, unit.row, unit.cell)
    if field:
        study.field = Unit(field, unit.row, unit.cell)


def parted_degree(text: str) -> tuple[str, str]:
    """Return the degree and its field: `B.Sc. in Physics`, `Master Informatik`."""
    # `magister, Zarządzanie`: a small letter begins a degree as well as a capital.
    match = _DEGREE.match(text[:1].upper() + text[1:])
    if match is None or (degree_score(match["degree"]) == 0 and degree_score(text) < 1.0):
        inner = re.search(r"^(.+?)\s*[,(–—-]\s*([^,()]+?)\)?$", text)
        if inner is not None and degree_score(inner[2]) == 1.0 and degree_score(inner[1]) < 1.0:
            return inner[2].strip(), inner[1].strip()
        head, comma, tail = text.partition(",")
        if comma and degree_score(head) and not degree_score(tail) and not _NOT_FIELD.search(tail):
            return head.strip(), tail.strip()
        return text.strip(), ""
    degree = text[: match.end("degree")].strip()
    rest = text[match.end() :]
    linked = _LINK.match(rest)
    field = rest[linked.end() if linked else 0 :].strip(" ,;:–—-")
    if field.endswith(")") and field.count("(") < field.count(")"):
        field = field[:-1].strip()
    field = re.sub(r"\s*\((?:[^()]*)\)$", "", field) if _NOT_FIELD.search(field) else field
    for mark in (",", ";", " – ", " - "):
        head, found, tail = field.partition(mark)
        if found and _NOT_FIELD.search(tail):
            field = head
    if _NOT_FIELD.search(field):
        field = ""
    if fold(degree).startswith(("ausbildung", "berufsausbildung")) and field:
        return text.strip(), ""
    return degree, field.strip(" ,;:–—-")


def _read_institution(unit: Unit, study: Study) -> None:
    study.institution = unit
    splits = comma_splits(unit.text)
    for before, after in splits:
        if institution_score(before) and not institution_score(after):
            first = after.split(",")[0].strip()
            if place_score(first) >= 0.7:
                study.institution = Unit(before, unit.row, unit.cell)
            elif not _NOT_FIELD.search(after) and not _is_part_of_school(before, after):
                study.institution = Unit(before, unit.row, unit.cell)
                if study.field is None and len(after) < 70:
                    study.field = Unit(after, unit.row, unit.cell)
            return
        if institution_score(after) and not institution_score(before) and study.field is None:
            study.institution = Unit(after, unit.row, unit.cell)
            study.field = Unit(before, unit.row, unit.cell)
            return


def _is_part_of_school(before: str, after: str) -> bool:
    return fold(after).startswith(("school", "faculty", "department", "college", "campus")) or (
        re.search(r"\bof (?:California|Texas|Wisconsin|Illinois|Michigan)$", before) is not None
    )


def _fill(study: Study, rest: list[Unit]) -> None:
    """Give what is left over to what is missing."""
    if study.degree is not None and fold(study.degree.text) in ("studium", "studies"):
        named = next((unit for unit in rest if degree_score(unit.text) == 1.0), None)
        if named is not None:
            rest.remove(named)
            field = study.field
            _read_degree(named, study)
            study.field = field or study.field
    left = [unit for unit in rest if not _NOT_FIELD.search(unit.text) and len(unit.text) < 90]
    if study.degree is not None and study.institution is None and left:
        study.institution = left.pop(0)
    if study.degree is None and study.institution is not None and left:
        candidate = next((unit for unit in left if degree_score(unit.text)), None)
        if candidate is not None:
            left.remove(candidate)
            _read_degree(candidate, study)
    if study.field is None and left and (study.degree is not None or study.institution is not None):
        unit = left[0]
        if len(unit.text.split()) <= 7 and place_score(unit.text) < 0.7:
            study.field = unit
    if study.degree is None and study.institution is None and left:
        study.institution = left[0]


def _with_institutions(studies: list[Study]) -> list[Study]:
    """A second degree under the same school has it too."""
    for one, other in pairwise(studies):
        if other.institution is None and other.degree is not None and one.institution is not None:
            other.institution = one.institution
    return studies
