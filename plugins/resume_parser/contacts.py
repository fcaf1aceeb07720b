"""Ways to reach the person: e-mail, phone, links and place."""

import re
from typing import Final
from urllib.parse import urlsplit

import phonenumbers

from core.ports.documents import DocumentLink
from plugins.resume_parser.folding import key
from plugins.resume_parser.places import country_of, place_score, without_street
from plugins.resume_parser.rows import Row

EMAIL: Final = re.compile(
    r"[A-Za-z0-9_%+-]+(?:\.[A-Za-z0-9_%+-]+)*\s?(?:@|\(at\)|\[at\])\s?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,24}\b"
)
_TOP: Final = (
    "com|org|net|io|dev|me|de|fr|es|it|nl|pl|pt|eu|uk|ch|at|be|co|ai|app|info|tech|design|xyz|us|ca|"
    "in|br|se|dk|no|fi|cz|site|online|blog|page|edu|art|studio|name|pro|link|gov|ie|lu|tv|tr|ar|mx"
)
URL: Final = re.compile(
    rf"(?:https?://|www\.)[^\s|,;<>()•·]+|(?<![@\w.-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:{_TOP})"
    r"(?![\w@-]|\.\w)(?:/[^\s|,;<>()•·]*)?",
    re.IGNORECASE,
)
_PHONE: Final = re.compile(r"(?<![\w/.@-])(?:\+|00|\()?\d(?:[\s\d().\-/–]|\(0\)){5,22}\d(?![\w@])")
_PROFILES: Final = (
    "linkedin.com", "github.com", "gitlab.com", "xing.com", "orcid.org", "scholar.google.com",
    "stackoverflow.com", "twitter.com", "x.com", "behance.net", "dribbble.com", "medium.com",
    "researchgate.net", "kaggle.com", "bitbucket.org", "huggingface.co", "mastodon.social",
    "codepen.io", "about.me", "malt.fr", "goldenline.pl",
)  # fmt: skip
_LABEL: Final = re.compile(
    r"^(?:e-?mail(?: address)?|mail|courriel|correo(?: electr[óo]nico)?|tel(?:[ée]fono|"
    r"efon|[ée]phone|efone|\.)?|"
    r"phone(?: number)?|mobile?|mobil(?:e|telefon)?|handy|m[óo]vil|cell(?:ulare|phone)?|portable|"
    r"gsm|t|m|e|p|a|adress?e?|address|anschrift|adres|direcci[óo]n|indirizzo|morada|endere[çc]o|"
    r"location|(?:wohn)?ort|wohnort|wohnhaft in|lieu|localisation|ubicaci[óo]n|"
    r"localidad|residenza|residencia|"
    r"localit[àa]|woonplaats|miejscowo[śs][ćc]|miejsce zamieszkania|based in|lives in|"
    r"ville|ciudad|city|plaats|"
    r"website|web|site|homepage|portfolio|linked-?in|git-?hub|xing|gitlab|url|links?|blog|skype|twitter)\s*[:.]?\s*$",
    re.IGNORECASE,
)
_PLACE_LABEL: Final = re.compile(
    r"^(?:adress?e?|address|anschrift|adres|direcci[óo]n|indirizzo|morada|endere[çc]o|location|"
    r"(?:wohn)?ort|wohnhaft in|lieu|localisation|ubicaci[óo]n|localidad|residenza|"
    r"residencia|localit[àa]|"
    r"woonplaats|miejscowo[śs][ćc]|miejsce zamieszkania|based in|lives in|ville|ciudad|"
    r"city|plaats)\s*:?\s*",
    re.IGNORECASE,
)
_REACHED: Final = re.compile(
    r"\b(?:tel(?:efon|\.)?|phone|mob(?:ile|il)?|handy|e-?mail|mail|kom|t[ée]l|m[óo]vil)\b[.:]*\s*(?=,|;|$)",
    re.IGNORECASE,
)
_PARTS: Final = re.compile(r"\s*(?:\||•|·|∙|⋅|●|◦|■|▪|♦|⬧|\s[–—-]\s|\t|;|\s{3,})\s*")
_REGION_OF: Final = {
    "en": "US", "de": "DE", "fr": "FR", "es": "ES", "it": "IT", "nl": "NL", "pl": "PL", "pt": "PT",
    "sv": "SE", "da": "DK", "cs": "CZ", "tr": "TR",
}  # fmt: skip


def pieces(row: Row) -> list[str]:
    """Return what the marks of a contact line part: cells, bullets, bars."""
    return [piece for cell in row.cells for piece in _PARTS.split(cell) if piece]


def find_email(rows: list[Row], links: tuple[DocumentLink, ...]) -> tuple[str, Row | None] | None:
    """Return the first address, and the row it stands in."""
    for row in rows:
        match = EMAIL.search(row.text)
        if match is not None:
            address = re.sub(r"\s", "", re.sub(r"\(at\)|\[at\]", "@", match[0]))
            return address, row
    for link in links:
        if link.uri.lower().startswith("mailto:"):
            match = EMAIL.search(link.uri[7:])
            if match is not None:
                return match[0], None
    return None


def find_phone(
    rows: list[Row], links: tuple[DocumentLink, ...], place: str | None, language: str
) -> tuple[str, Row | None, float] | None:
    """Return the first number, its row, and how sure it is a phone's.

    A number without a country code is read as one of the country that the résumé names, or of its
    language; when it fits neither it is kept as written.
    """
    home = [place and country_of(place), _REGION_OF.get(language, "US")]
    regions = [region for region in home if region]
    candidates: list[tuple[str, Row | None]] = [
        (match[0], row)
        for row in rows
        for match in _PHONE.finditer(EMAIL.sub(" ", URL.sub(" ", row.text)))
    ]
    candidates += [(link.uri[4:], None) for link in links if link.uri.lower().startswith("tel:")]
    for written, row in candidates:
        found = _e164(written, [*regions, "US"])
        if found is not None:
            return found, row, 0.97
    for written, row in candidates:
        digits = re.sub(r"\D", "", written)
        years = _is_dated(written) or re.search(r"(?:19|20)\d\d\D+(?:19|20)\d\d", written)
        if 8 <= len(digits) <= 15 and not years:
            return written.strip(), row, 0.5
    return None


def _is_dated(written: str) -> bool:
    return re.fullmatch(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}", written.strip()) is not None


def _e164(written: str, regions: list[str]) -> str | None:
    """Return the number of the first region in which it is valid, else possible."""
    if _is_dated(written):
        return None
    text = re.sub(r"^00", "+", written.strip()).replace("(0)", "")
    read: list[phonenumbers.PhoneNumber] = []
    for region in dict.fromkeys(regions) if not text.startswith("+") else ["ZZ"]:
        try:
            read.append(phonenumbers.parse(text, region))
        except phonenumbers.NumberParseException:
            continue
    # Numbers kept for fiction, such as 555-0123, are possible and not valid.
    enough = text.startswith("+") or len(re.sub(r"\D", "", text)) >= 9
    valid = [number for number in read if phonenumbers.is_valid_number(number)]
    possible = [number for number in read if enough and phonenumbers.is_possible_number(number)]
    for number in [*valid, *possible]:
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None


def normal_link(uri: str) -> str:
    """Return the address with its scheme, host in lower case, without a slash at the end."""
    uri = uri.strip().rstrip(".,;:)]>/").lstrip("(<[")
    if "://" not in uri:
        uri = f"https://{uri}"
    scheme, _, rest = uri.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.lower()}{slash}{path}"


def find_links(rows: list[Row], links: tuple[DocumentLink, ...]) -> list[tuple[str, Row | None]]:
    """Return the person's own links: written in the header, or put on words of it."""
    found: dict[str, tuple[str, Row | None]] = {}
    texts = [(row, f" {key(row.text)} ") for row in rows]
    for link in links:
        if not link.uri.lower().startswith(("http://", "https://")):
            continue
        words = key(link.text)
        bare = key(re.sub(r"^https?://(?:www\.)?", "", link.uri))
        row = next(
            (
                row
                for row, text in texts
                if (words and f" {words} " in text) or (bare and f" {bare} " in text)
            ),
            None,
        )
        if (row is not None and not _is_bare_host(link.uri)) or (
            _is_profile(link.uri) and not words
        ):
            _add(found, link.uri, row)
    for row in rows:
        for match in URL.finditer(EMAIL.sub(" ", row.text)):
            _add(found, match[0], row)
    return [
        (link, row)
        for same, (link, row) in found.items()
        # An address that is wrapped in the text is whole in the link that lies on it.
        if not any(other.startswith(same) for other in found if other != same and same.count("/"))
    ]


def _is_profile(uri: str) -> bool:
    parts = urlsplit(uri)
    host = (parts.hostname or "").removeprefix("www.")
    known = any(host == each or host.endswith(f".{each}") for each in _PROFILES)
    return known and len(parts.path.strip("/")) > 1


def _is_bare_host(uri: str) -> bool:
    """`https://github.com/`: leads to the service, not to the person."""
    parts = urlsplit(uri)
    host = (parts.hostname or "").removeprefix("www.")
    return host in _PROFILES and not parts.path.strip("/")


def _add(found: dict[str, tuple[str, Row | None]], uri: str, row: Row | None) -> None:
    link = normal_link(uri)
    same = re.sub(r"^https?://(?:www\.)?", "", link).lower()
    # A file name such as `Vue.js` or an abbreviation such as `B.Sc` is no host.
    if "." in same and len(same) > 4 and not _is_bare_host(link):
        found.setdefault(same, (link, row))


def find_location(rows: list[Row]) -> tuple[str, Row, float] | None:
    """Return the town of the person, its row, and how sure it is."""
    best: tuple[str, Row, float] | None = None
    for number, row in enumerate(rows):
        for place, score in _places(row):
            better = best is None or score > best[2] + 0.05
            if better and number < 40:
                best = place, row, score
    return best


def _places(row: Row) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for cell in [*pieces(row), *row.cells]:
        text = EMAIL.sub("", URL.sub("", cell)).strip(" ,|•·–—-:")
        labelled = _PLACE_LABEL.match(text)
        if labelled is not None and labelled.end() < len(text) and ":" in labelled[0] + " :":
            rest = without_street(text[labelled.end() :])
            if rest and (":" in labelled[0] or place_score(rest) > 0):
                found.append((rest, max(0.9, place_score(rest))))
                continue
        score = place_score(text)
        if score >= 0.7:
            found.append((without_street(text) or text, score))
            continue
        if any(each.isdigit() for each in text) and len(text) < 110:
            town = without_street(_REACHED.sub("", _PHONE.sub("", text)))
            score = place_score(town)
            if score >= 0.7:
                found.append((town, score - 0.05))
    return found


def is_contact(row: Row) -> bool:
    """Whether the row holds a way to reach the person, so that it is no headline."""
    text = row.text
    return bool(
        EMAIL.search(text)
        or URL.search(text)
        or _PHONE.search(text)
        or _LABEL.match(row.cells[0])
        or any(place_score(piece) >= 0.7 for piece in pieces(row))
    )
