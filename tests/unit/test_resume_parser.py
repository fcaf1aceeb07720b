"""The structure found in written-down résumés, and that none of it is invented."""

import random
import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

import msgspec
import pytest

from core.ports.documents import DocumentLine, ReadDocument
from core.resumes.contracts.structure import Education, Experience, ParsedResume, Resume
from core.resumes.contracts.tenure import years_of_experience
from plugins.resume_parser.dates import find_dates
from plugins.resume_parser.parser import StructureParser
from tests.fixtures.examined import Examined
from tests.fixtures.resume_lines import FOLDER, document, read_fixture

TODAY = date(2025, 11, 1)
PARSER = StructureParser()
NAMES = sorted(path.stem for path in FOLDER.glob("*.txt"))

PEOPLE = {
    "de_modern": ("Mehmet Y\u0131lmaz", "mehmet.yilmaz@beispiel.de", "+4917612345678", "München"),
    "de_tabular": ("Jörg Weißenfels", "joerg.weissenfels@beispiel.de", "+4934149275512", "Leipzig"),
    "en_academic": ("Hannah Lindqvist", "hannah.lindqvist@example.se", None, None),
    "en_inline": ("Aisling O'Rourke", "aisling.orourke@example.ie", "+353871234567", "Dublin"),
    "en_minimal": ("Tom Fletcher", "tom.fletcher@example.org", "+447700900123", "Bristol"),
    "en_promotions": ("Devon Okoro", "devon.okoro@example.com", "+14045550134", "Atlanta"),
    "en_sidebar": ("Nadia Haddad", "nadia.haddad@example.com", "+4915123456789", "Berlin"),
    "en_student": ("Priyanka Deshmukh", "priyanka.d@example.in", "+919876543210", "Pune"),
    "en_title_first_dash": (
        "Grace Mbeki",
        "grace.mbeki@example.co.za",
        "+27825550142",
        "Cape Town",
    ),
    "es_company_first": (
        "Lucía Fernández Ortega",
        "lucia.fernandez@ejemplo.es",
        "+34612345678",
        "Madrid",
    ),
    "fr_stacked": ("Élodie Carpentier", "elodie.carpentier@exemple.fr", "+33612345678", "Lyon"),
    "fr_tableau": ("Jean-Baptiste Moreau", "jb.moreau@exemple.fr", "+33798765432", "Nantes"),
    "it_europass": ("Marco Bellandi", "marco.bellandi@esempio.it", "+39051234567", "Bologna"),
    "nl_dates_right": (
        "Sanne van den Heuvel",
        "sanne@vandenheuvel.example",
        "+31612345678",
        "Utrecht",
    ),
    "pl_simple": ("Katarzyna Wiśniewska", "k.wisniewska@przyklad.pl", "+48501234567", "Kraków"),
    "pt_mixed": (
        "Rafael dos Santos Moreira",
        "rafael.moreira@exemplo.com.br",
        "+5511912345678",
        "São Paulo",
    ),
    "us_prose": (
        "Margaret A. Winterbourne",
        "m.winterbourne@example.com",
        "+13035550187",
        "Denver",
    ),
}
POSITIONS: dict[str, list[tuple[str, str, str, str | None]]] = {
    "de_tabular": [
        ("Leiter Konstruktion (m/w/d)", "Nordlicht Anlagenbau GmbH", "2017-04", None),
        ("Entwicklungsingenieur", "Kessler & Söhne KG", "2009-09", "2017-03"),
        ("Konstrukteur", "Maschinenfabrik Otto Brandt AG", "2006-10", "2009-08"),
    ],
    "en_minimal": [
        ("Barista", "The Daily Grind Café", "2021", "2022"),
        ("Kitchen Assistant", "Harbour Hotel", "2019", "2021"),
    ],
    "en_promotions": [
        ("Regional Operations Manager", "Peachtree Logistics", "2021-01", None),
        ("Warehouse Manager", "Peachtree Logistics", "2018-03", "2020-12"),
        ("Shift Supervisor", "Peachtree Logistics", "2016-06", "2018-02"),
        ("Sales Associate", "Home Depot", "2014-05", "2016-05"),
    ],
    "en_sidebar": [
        ("Senior Product Designer", "Lampion GmbH", "2020-01", None),
        ("Product Designer", "Kitebird", "2016-06", "2019-12"),
    ],
    "es_company_first": [
        (
            "Directora de Recursos Humanos",
            "Grupo Alimentario Cantábrico, S.A.",
            "2019-01",
            None,
        ),
        ("Técnica de selección", "Consultores Delta, S.L.", "2014-10", "2018-12"),
    ],
    "fr_stacked": [
        ("Développeuse full-stack", "Studio Mirabelle", "2021-09", None),
        ("Développeuse back-end", "Agence Octopode", "2019-02", "2021-08"),
        ("Stage de fin d'études", "Thalès Alenia Démo", "2018-03", "2018-08"),
    ],
    "it_europass": [
        ("Chef de partie", "Osteria del Cervo", "2018-03", None),
        ("Cuoco", "Hotel Belvedere S.r.l.", "2014-06", "2018-02"),
    ],
    "nl_dates_right": [
        ("IC-verpleegkundige", "Universitair Medisch Centrum Utrecht", "2016-06", None),
        ("Verpleegkundige cardiologie", "Diakonessenhuis", "2012-09", "2016-05"),
    ],
    "pl_simple": [
        (
            "Specjalistka ds. marketingu internetowego",
            "Sklep Bursztyn Sp. z o.o.",
            "2020-05",
            None,
        ),
        ("Młodszy specjalista ds. marketingu", "Agencja Reklamowa Kreska", "2017-09", "2020-04"),
    ],
}


@cache
def _parsed(name: str) -> ParsedResume:
    return PARSER.parse(read_fixture(name), TODAY)


@pytest.mark.parametrize("name", NAMES)
def test_the_person_is_found(name: str) -> None:
    resume = _parsed(name).resume
    wanted = PEOPLE[name]
    assert (resume.name, resume.email, resume.phone) == wanted[:3]
    assert resume.location == wanted[3] or (resume.location or "").startswith(f"{wanted[3]},")


@pytest.mark.parametrize("name", sorted(POSITIONS))
def test_positions_are_found(name: str) -> None:
    found = [(e.title, e.company, e.start, e.end) for e in _parsed(name).resume.experience]
    assert found == POSITIONS[name]


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).casefold()
    return re.sub(r"[^\w]+", "", "".join(each for each in plain if not unicodedata.combining(each)))


def invented(resume: Resume, source: ReadDocument) -> list[str]:
    """Which texts of the structure the document doesn't hold, however it is spaced and cased."""
    text = _folded(" ".join(line.text for line in source.lines))
    claimed: list[Any] = [resume.name, resume.headline, resume.location, *resume.certifications]
    entries: list[Experience | Education] = [*resume.experience, *resume.education]
    for job in resume.experience:
        claimed += [job.company, job.title, job.location, *job.highlights]
    for study in resume.education:
        claimed += [study.institution, study.degree, study.field]
    claimed += [skill.evidence for skill in resume.skills]
    claimed += [language.name for language in resume.languages]
    years = re.findall(r"(?:19|20)\d\d", " ".join(line.text for line in source.lines))
    dates = [
        each
        for entry in entries
        for each in (entry.start, entry.end)
        if each is not None and each[:4] not in years
    ]
    return [each for each in claimed if each and _folded(each) not in text] + dates


def test_nothing_is_invented(examined: Examined) -> None:
    texts = 0
    for name in NAMES:
        resume = _parsed(name).resume
        assert invented(resume, read_fixture(name)) == [], name
        texts += len(resume.confidence)
    examined("fields", texts)


def test_an_invention_is_found() -> None:
    source, resume = read_fixture("en_minimal"), _parsed("en_minimal").resume
    job = resume.experience[0]
    for planted in (
        msgspec.structs.replace(resume, headline="Astronaut"),
        msgspec.structs.replace(resume, experience=(Experience("Invented Ltd", job.title),)),
        msgspec.structs.replace(resume, experience=(Experience(job.company, start="1999"),)),
    ):
        assert len(invented(planted, source)) == 1


def test_each_field_says_where_it_came_from_and_how_sure_it_is(examined: Examined) -> None:
    fields = 0
    for name in NAMES:
        parsed, lines = _parsed(name), read_fixture(name).lines
        assert parsed.sources.keys() <= parsed.resume.confidence.keys()
        for path, sure in parsed.resume.confidence.items():
            assert 0 < sure <= 1, path
            span = parsed.sources[path]
            assert 0 <= span.start < span.end or span.first_line < span.last_line, path
            assert span.end <= len(lines[span.last_line].text), path
            fields += 1
        for path in ("name", "email", "phone"):
            value, at = getattr(parsed.resume, path), parsed.sources.get(path)
            if at is not None:
                place = lines[at.first_line].text[at.start : at.end]
                assert _folded(place)[-6:] == _folded(value)[-6:], path
    examined("fields", fields)


def test_what_is_hidden_is_nowhere_else() -> None:
    hidden = ("Kubernetes", "Haskell")
    source = msgspec.structs.replace(read_fixture("en_minimal"), hidden_text=hidden)
    resume = PARSER.parse(source, TODAY).resume
    assert resume.hidden_text == hidden
    assert msgspec.structs.replace(resume, hidden_text=()) == _parsed("en_minimal").resume


@pytest.mark.parametrize("state", ["scanned", "encrypted", "broken", "refused"])
def test_what_was_not_read_has_no_structure(state: Any) -> None:
    source = msgspec.structs.replace(read_fixture("en_minimal"), state=state, hidden_text=("x",))
    assert PARSER.parse(source, TODAY).resume == Resume(hidden_text=("x",))


@pytest.mark.parametrize("text", ["", "\n\n", "—", "Experience", "2019 - 2020", "@", "a" * 5_000])
def test_what_is_hardly_a_resume_gives_little_and_breaks_nothing(text: str) -> None:
    resume = PARSER.parse(document(text), TODAY).resume
    assert (resume.email, resume.phone, resume.education) == (None, None, ())


def _mangled(rng: random.Random) -> Iterator[tuple[DocumentLine, ...]]:
    """Résumés cut short, in disorder, and mixed of several."""
    every = [line for name in NAMES for line in read_fixture(name).lines]
    for name in NAMES:
        lines = read_fixture(name).lines
        for start in range(0, len(lines), 3):
            yield lines[start : start + rng.randint(1, 9)]
        yield tuple(rng.sample(lines, len(lines)))
        yield tuple(rng.sample(every, 20))
        for _ in range(3):
            cuts = [(line, rng.randint(0, len(line.text))) for line in lines]
            yield tuple(
                msgspec.structs.replace(line, text=line.text[:cut], runs=()) for line, cut in cuts
            )


def test_nothing_breaks_it(examined: Examined) -> None:
    source, documents = read_fixture("en_minimal"), 0
    for lines in _mangled(random.Random(7)):
        mangled = msgspec.structs.replace(source, lines=lines)
        assert invented(PARSER.parse(mangled, TODAY).resume, mangled) == []
        documents += 1
    examined("documents", documents)


@pytest.mark.parametrize(
    ("periods", "years"),
    [
        ([], None),
        ([("2020-01", "2020-12", False)], 1.0),
        ([("2018-01", "2020-12", False), ("2019-01", "2021-12", False)], 4.0),
        ([("2018-01", "2021-12", False), ("2019-01", "2019-12", False)], 4.0),
        ([("2025-01", None, True)], 0.9),
        ([("2024-01", None, True), ("2020-01", "2020-06", False)], 2.4),
        ([("2015", "2018", False)], 3.0),
        ([("2015", None, False)], None),
        ([("2030-01", None, True)], None),
    ],
)
def test_overlaps_count_once(
    periods: list[tuple[str, str | None, bool]], years: float | None
) -> None:
    jobs = [Experience("C", "T", start, end, current) for start, end, current in periods]
    assert years_of_experience(jobs, TODAY) == years


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2010-2014", "2010", "2014"),
        ("Accountant, KPMG, Dublin, 2011-2016", "2011", "2016"),
        ("Hangzhou — Mar 2018 to Present", "2018-03", None),
        ("Berlin - Jan 2019 - Dec 2020", "2019-01", "2020-12"),
        ("Oslo – May 2019", None, "2019-05"),
    ],
)
def test_dates_are_read_as_people_type_them(text: str, start: str | None, end: str | None) -> None:
    (found,) = find_dates(text)
    assert (found.start, found.end) == (start, end)


@pytest.mark.parametrize("text", ["call 2010-555-1234", "tel. 2012-2345", "no. 2014-0815"])
def test_numbers_are_no_dates(text: str) -> None:
    assert find_dates(text) == []


def test_plain_text_is_read_by_its_words_alone() -> None:
    text = (
        "Wang Wei 王伟\nwang.wei@example.cn | Shanghai\n\nEXPERIENCE\n"
        "Alibaba Group — Senior Engineer — Hangzhou — Mar 2018 to Present\n* Scaled search\n"
        "Tencent, Engineer, 2014-2018\n\nEDUCATION\n"
        "Fudan University, BSc Computer Science, 2010-2014\n\nSKILLS: Java; Go; MySQL\n"
    )
    resume = PARSER.parse(document(text), TODAY).resume
    assert resume.name == "Wang Wei 王伟"
    assert [(each.title, each.start, each.end) for each in resume.experience] == [
        ("Senior Engineer", "2018-03", None),
        ("Engineer", "2014", "2018"),
    ]
    assert [(each.degree, each.start, each.end) for each in resume.education] == [
        ("BSc", "2010", "2014")
    ]
    assert [each.name for each in resume.skills] == ["Java", "Go", "MySQL"]


def _positions(*headers: str) -> list[tuple[str | None, str | None]]:
    entries = [f"{each}\n20{20 - n}-01 - 20{21 - n}-01\n" for n, each in enumerate(headers)]
    text = "Maja Imker\nmaja@example.com\n\nExperience\n" + "".join(entries)
    resume = PARSER.parse(document(text), TODAY).resume
    return [(each.title, each.company) for each in resume.experience]


@pytest.mark.parametrize(
    ("header", "title", "company"),
    [
        ("Mechatroniker, Junken e.G.", "Mechatroniker", "Junken e.G."),
        ("Robotics Engineer, Koch", "Robotics Engineer", "Koch"),
        ("Inbetriebnehmer, Müller", "Inbetriebnehmer", "Müller"),
        ("Home Health Aide, Meyer, Gibbs and Williams", "Home Health Aide", None),
    ],
)
def test_title_and_company_are_told_apart_as_the_resume_does_elsewhere(
    header: str, title: str, company: str | None
) -> None:
    told = _positions("Accountant, Alpha Ltd", "Clerk, Beta GmbH", header)
    assert told[2] == (title, company or header.partition(", ")[2])


def test_a_title_is_nobodys_name() -> None:
    text = "Experience\nJunior UX Designer\nAlpha AG\n2019 - 2021\n"
    assert PARSER.parse(document(text), TODAY).resume.name is None


def test_a_long_name_is_one() -> None:
    text = "Jean-Ülrich Freiherr von und zu Groß-Müßiggang\nkontakt@example.org\n"
    resume = PARSER.parse(document(text), TODAY).resume
    assert resume.name == "Jean-Ülrich Freiherr von und zu Groß-Müßiggang"
