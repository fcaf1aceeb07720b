"""Places: whether words name one, and in which country it is."""

import re
from functools import lru_cache
from importlib.resources import files
from typing import Final

from babel import Locale

from plugins.resume_parser.folding import fold, key
from plugins.resume_parser.vocabulary import US_STATES

_LOCALES: Final = ("en", "de", "fr", "es", "it", "pt", "nl", "pl")
_CA_PROVINCES: Final = frozenset(["ON", "QC", "BC", "AB", "MB", "SK", "NS", "NB", "NL", "PE"])
_REGIONS: Final = {
    "US": """alabama alaska arizona arkansas california colorado connecticut delaware florida hawaii
    idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan
    minnesota mississippi missouri montana nebraska nevada ohio oklahoma oregon pennsylvania
    tennessee texas utah vermont virginia wisconsin wyoming""",
    "CA": "ontario quebec alberta manitoba saskatchewan",
    "DE": """bayern bavaria hessen sachsen brandenburg thuringen saarland niedersachsen
    nordrhein-westfalen baden-wurttemberg rheinland-pfalz schleswig-holstein""",
    "GB": """kent essex surrey sussex yorkshire lancashire cheshire hampshire devon cornwall dorset
    oxfordshire cambridgeshire berkshire hertfordshire somerset wales scotland england""",
    "ES": "andalucia cataluna catalunya galicia valencia euskadi asturias aragon",
    "IT": "lombardia lombardy toscana tuscany piemonte veneto sicilia puglia lazio",
    "FR": "bretagne normandie occitanie provence ile-de-france",
    "AU": "nsw victoria queensland tasmania",
    "CH": "aargau ticino tessin vaud zug",
}
_LONG_REGIONS: Final = {
    "new york": "US", "new jersey": "US", "new mexico": "US", "new hampshire": "US",
    "north carolina": "US", "south carolina": "US", "north dakota": "US", "south dakota": "US",
    "west virginia": "US", "rhode island": "US", "british columbia": "CA", "nova scotia": "CA",
    "new south wales": "AU", "north rhine westphalia": "DE", "greater london": "GB",
}  # fmt: skip
_COUNTRY_NAMES: Final = {
    "usa": "US", "u s a": "US", "us": "US", "u s": "US", "uk": "GB", "u k": "GB", "uae": "AE",
    "england": "GB", "great britain": "GB", "holland": "NL", "turkiye": "TR", "turkey": "TR",
    "czech republic": "CZ", "the netherlands": "NL", "eeuu": "US", "ee uu": "US", "brd": "DE",
    "united states of america": "US", "russia": "RU", "south korea": "KR", "korea": "KR",
    "hong kong": "HK", "taiwan": "TW", "macedonia": "MK", "scotland": "GB", "wales": "GB",
}  # fmt: skip
_ELSEWHERE: Final = frozenset(
    (
        "remote",
        "remotely",
        "worldwide",
        "hybrid",
        "homeoffice",
        "home-office",
        "teletrabajo",
        "telearbeit",
        "remoto",
        "distance",
    )
)
_POSTAL: Final = re.compile(
    r"^(?:[A-Z]{1,2}[- ])?(?:\d{5}(?:-\d{3,4})?|\d{4}(?:\s?[A-Z]{2})?|\d{2}-\d{3}|"
    r"\d{4}-\d{3})(?=\s+\D)\s+"
)
_POSTAL_END: Final = re.compile(
    r"[\s,]+(?:\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|[A-Z]\d[A-Z]\s?\d[A-Z]\d)$"
)
_PART: Final = re.compile(r"\s*(?:,|/|\s[-–—|]\s|\(|\))\s*")


def _countries() -> dict[str, str]:
    found = dict(_COUNTRY_NAMES)
    for code in _LOCALES:
        for territory, name in Locale.parse(code).territories.items():
            if len(territory) == 2 and territory.isalpha():
                found.setdefault(key(str(name)), territory)
    return found


def _towns() -> dict[str, str]:
    text = files("plugins.resume_parser").joinpath("places.txt").read_text("utf-8")
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            country, _, names = line.partition("\t")
            for name in names.split("|"):
                found[key(name)] = country
    return found


COUNTRIES: Final = _countries()
TOWNS: Final = _towns()
REGIONS: Final = {
    name: country for country, names in _REGIONS.items() for name in names.split()
} | _LONG_REGIONS


@lru_cache(maxsize=4096)
def place_score(text: str) -> float:
    """Return from 0 to 1 how surely the whole text names a place."""
    text = text.strip(" ,.;()")
    if not text or len(text) > 60:
        return 0.0
    parts = [part for part in _PART.split(text) if part]
    kinds = [_kind(part) for part in parts]
    if not kinds or len(kinds) > 4:
        return 0.0
    if all(kinds):
        return 1.0 if len(kinds) > 1 or kinds[0] != "town" else 0.85
    # An unknown town before a known state or country: `Kleinmachnow, Germany`.
    if len(kinds) == 2 and kinds[-1] in ("country", "state", "region") and len(parts[0]) < 30:
        unknown = [part for part, kind in zip(parts, kinds, strict=True) if not kind]
        if (
            len(unknown) == 1
            and _could_be_town(unknown[0])
            and re.search(r"[–—|(]|\s-\s", text) is None
        ):
            return 0.9 if kinds[-1] == "state" else 0.75
    return 0.0


def _could_be_town(part: str) -> bool:
    return part[:1].isupper() and not any(each.isdigit() for each in part) and part.count(" ") < 3


def _kind(part: str) -> str:
    bare = _POSTAL_END.sub("", _POSTAL.sub("", part + " ").strip())
    if bare in US_STATES or bare in _CA_PROVINCES:
        return "state"
    folded = key(bare)
    if folded in COUNTRIES or folded in TOWNS:
        kind = "country" if folded in COUNTRIES else "town"
        return kind if bare[:1].isupper() or bare[:1] == "'" else ""
    if fold(bare) in REGIONS or folded in REGIONS:
        return "region"
    if folded in _ELSEWHERE or fold(bare) in _ELSEWHERE:
        return "elsewhere"
    return "town" if _is_town(bare, folded) else ""


def _is_town(bare: str, folded: str) -> bool:
    """A town with its state and no comma, or what lies around one: `Greater Boston Area`."""
    head, _, state = bare.rpartition(" ")
    if (state in US_STATES or state in _CA_PROVINCES) and key(head) in TOWNS:
        return True
    for lead in ("greater ", "metro ", "grossraum ", "raum ", "area metropolitana de "):
        if folded.startswith(lead) and folded[len(lead) :].removesuffix(" area") in TOWNS:
            return True
    return folded.endswith(" area") and folded[:-5] in TOWNS


def country_of(text: str) -> str | None:
    """Return the ISO 3166 code of the country that the text is in, if it says so."""
    parts = [part for part in _PART.split(text.strip(" ,.;()")) if part]
    for part in reversed(parts):
        bare = _POSTAL_END.sub("", _POSTAL.sub("", part + " ").strip())
        if bare in US_STATES and len(parts) > 1:
            return "US"
        if bare in _CA_PROVINCES and len(parts) > 1:
            return "CA"
        folded = key(bare)
        country = COUNTRIES.get(folded) or REGIONS.get(folded) or TOWNS.get(folded)
        if country is not None:
            return country
    return None


def split_place(text: str) -> tuple[str, str | None]:
    """Part a place off the end of the text: `Acme GmbH, Berlin, Germany`."""
    pieces = re.split(r"(\s*(?:,|\s[-–—|·•]|\()\s*)", text.rstrip(" )"))
    # Pieces and what parts them take turns; the longest tail that is a place wins.
    for first in range(2, len(pieces), 2):
        tail = "".join(pieces[first:]).strip(" ()")
        if place_score(tail) >= 0.85:
            return "".join(pieces[: first - 1]).strip(" ,–—-|("), tail
    return text, None


def without_street(text: str) -> str:
    """Leave the town of an address: `Hauptstr. 5, 10115 Berlin` becomes `Berlin`."""
    parts = [part.strip() for part in re.split(r"[,;|•·]|\s[–-]\s", text) if part.strip()]
    kept = []
    for part in parts:
        bare = _POSTAL_END.sub("", _POSTAL.sub("", part + " ").strip()).strip()
        if bare and not any(each.isdigit() for each in bare):
            kept.append(bare)
    return ", ".join(kept)
