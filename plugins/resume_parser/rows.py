"""The lines of a document made ready for parsing: cleaned, their marks and cells told apart.

A row keeps the index of the line that it came from, so that every field can say where it stood.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from core.ports.documents import DocumentLine
from plugins.resume_parser.folding import key
from plugins.resume_parser.vocabulary import CONTACT_LABELS, FIELD_LABELS

_CONTROLS: Final[dict[int, str | None]] = {
    code: " " for code in (*range(32), *range(127, 160)) if code != 9
}
_LOOKALIKES: Final = _CONTROLS | str.maketrans(
    {
        "\u00a0": " ", "\u2007": " ", "\u202f": " ", "\u2009": " ", "\u2002": " ", "\u2003": " ",
        "\u00ad": "-", "\ufffe": "-", "\u2011": "-", "\u2010": "-", "\u2212": "–", "\u2015": "—",
        "\u200b": None, "\u200c": None, "\u200d": None, "\ufeff": None, "\u2060": None,
        "\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl",
        "\ufb05": "st", "\ufb06": "st",
    }
)  # fmt: skip
_SOFT_HYPHEN: Final = re.compile("[\u00ad\ufffe](?=\\S)")
"""Within a line it shows nothing; at its end it is a hyphen."""
_ICON: Final = re.compile(
    "[\ue000-\uf8ff\U000f0000-\U000ffffd\u2600-\u26ff\u2706\u2709\U0001f300-\U0001faff\u260e\u2302\ufe0f]+"
)
_BULLET: Final = re.compile(
    r"^\s*(?:[•◦‣\u2043∙▪▫■□●○◆◇►▸▶➢➤✓✔✦❖»·\uf0b7\uf0a7]\s*|[-–—*+]\s+(?=\D)|o\s+(?=[A-ZÀ-Þ]))"
)
_NUMBERED: Final = re.compile(r"^\s*(?:\[\d{1,3}\]|\(?\d{1,2}[.)])\s+(?=\S)")
_GAP: Final = re.compile(r"\s*\t\s*|\s{3,}")
_SPACES: Final = re.compile(r"[ \r\n]+")
_PAGE_NUMBER: Final = re.compile(
    r"^(?:.{0,40}?[\s\-–—|,•]\s*)?(?:page|seite|pagina|página|strona|p\.|s\.)?\s*\d{1,2}\s*"
    r"(?:/|of|von|de|sur|di|van|z)\s*\d{1,2}$|^(?:page|seite|pagina|página|strona)\s+\d{1,2}$",
    re.IGNORECASE,
)
_UPDATED: Final = re.compile(
    r"^(?:last (?:updated|update|modified)|updated|stand:|zuletzt aktualisiert|"
    r"derni[èe]re mise [àa] jour|mis à jour|[úu]ltima actualizaci[óo]n|actualizado|"
    r"laatst bijgewerkt|ultimo aggiornamento|[úu]ltima atualiza[çc][ãa]o|ostatnia aktualizacja)",
    re.IGNORECASE,
)


@dataclass(slots=True, eq=False)
class Row:
    """One visual line. `text` has neither the bullet nor tabs; `cells` are what tabs parted."""

    index: int
    text: str
    cells: list[str]
    bullet: bool = False
    numbered: bool = False
    page: int = 1
    block: int = 0
    x0: float | None = None
    y0: float | None = None
    x1: float | None = None
    y1: float | None = None
    size: float | None = None
    bold: bool = False
    italic: bool = False
    heading: int | None = None
    caps: bool = False
    indent: int = 0
    """Spaces before it, in formats without positions."""
    lead: str = ""
    """What the row begins with in bold, when the rest isn't."""
    leads: tuple[str, ...] = ()
    """All that is bold in it, when it isn't bold as a whole."""
    gap: bool = False
    """A reader sees a gap before it."""
    tail: list["Row"] = field(default_factory=list)
    """Rows that this one goes on in, when a paragraph is wrapped."""

    @property
    def last_index(self) -> int:
        """Index of the last line that the text came from."""
        return self.tail[-1].index if self.tail else self.index


def rows_of(lines: tuple[DocumentLine, ...]) -> list[Row]:
    """Return the rows that say something: no running headers, page numbers or empty lines."""
    repeated = _repeated(lines)
    rows: list[Row] = []
    pending_bullet = False
    for index, line in enumerate(lines):
        text = line.text.strip()
        if not text or text in repeated or _PAGE_NUMBER.match(text) or _UPDATED.match(text):
            continue
        row = _row(index, line)
        if row is None:
            pending_bullet = _BULLET.match(text + " ") is not None
            continue
        row.bullet = row.bullet or pending_bullet
        pending_bullet = False
        rows.append(row)
    return rows


def _row(index: int, line: DocumentLine) -> Row | None:
    text = _without_label(_SOFT_HYPHEN.sub("", line.text).translate(_LOOKALIKES))
    numbered = False
    mark = _BULLET.match(text)
    if mark is not None:
        text = text[mark.end() :]
    else:
        mark_number = _NUMBERED.match(text)
        if mark_number is not None:
            numbered, text = True, text[mark_number.end() :]
    text = _ICON.sub("\t", text)
    cells = [_SPACES.sub(" ", cell).strip() for cell in _GAP.split(text)]
    cells = [cell for cell in cells if any(each.isalnum() for each in cell)]
    if not cells:
        return None
    whole = " ".join(cells)
    letters = [each for each in whole if each.isalpha()]
    return Row(
        index=index,
        text=whole,
        cells=cells,
        bullet=mark is not None,
        numbered=numbered,
        page=line.page,
        block=line.block,
        x0=line.x0,
        y0=line.y0,
        x1=line.x1,
        y1=line.y1,
        size=line.font_size,
        bold=line.bold,
        italic=line.italic,
        heading=line.heading,
        caps=len(letters) > 2 and all(each.isupper() for each in letters),
        indent=len(line.text) - len(line.text.lstrip(" ")) if line.x0 is None else 0,
        lead=_lead(line, mark.end() if mark else 0),
        leads=_leads(line),
    )


def _without_label(text: str) -> str:
    """Leave what the label of a form stands before: `Employer: Acme`."""
    label, gap, rest = text.partition("\t")
    if gap and rest.strip() and (key(label) in FIELD_LABELS or key(label) in CONTACT_LABELS):
        return rest
    label, colon, rest = text.partition(":")
    return rest.lstrip() if colon and rest.strip() and key(label) in FIELD_LABELS else text


def _lead(line: DocumentLine, begin: int) -> str:
    """What stands out at the begin of a line: bold before not bold."""
    if not line.runs or line.runs[0].start > begin + 1:
        return ""
    end = begin
    for run in line.runs:
        if not run.bold:
            break
        end = run.end
    lead = line.text[begin:end]
    return (
        "" if end >= len(line.text.rstrip()) else lead.translate(_LOOKALIKES).strip(" \t,|•·–—-:")
    )


def _leads(line: DocumentLine) -> tuple[str, ...]:
    bold = [line.text[run.start : run.end] for run in line.runs if run.bold]
    found = [text.translate(_LOOKALIKES).strip(" \t,|•·–—-:") for text in bold]
    return tuple(text for text in found if text) if len("".join(bold)) < len(line.text) else ()


def _repeated(lines: tuple[DocumentLine, ...]) -> set[str]:
    """Running headers and footers: the same short text near the edge of most pages."""
    pages = {line.page for line in lines}
    if len(pages) < 2:
        return set()
    first: dict[int, list[str]] = {}
    for line in lines:
        if line.text.strip():
            first.setdefault(line.page, []).append(line.text.strip())
    edges = Counter(
        text for page in first.values() for text in {*page[:1], *page[-1:]} if len(text) < 80
    )
    found = {text for text, count in edges.items() if count >= max(2, len(pages) - 1)}
    # The name may run on top of the pages; where it stands first it isn't a running header.
    return found - {first[min(pages)][0]} if pages else found


def mark_gaps(rows: list[Row]) -> None:
    """Note before which rows a reader sees a gap."""
    steps = [
        second.y0 - one.y0
        for one, second in pairwise(rows)
        if one.y0 is not None and second.y0 is not None and one.page == second.page
        and second.y0 > one.y0
    ]  # fmt: skip
    usual = sorted(steps)[len(steps) // 3] if steps else None
    for one, second in pairwise(rows):
        if one.page != second.page:
            second.gap = False
        elif usual is not None and one.y0 is not None and second.y0 is not None:
            wide = not -2 <= second.y0 - one.y0 <= usual * 1.35
            second.gap = wide or one.block != second.block
        else:
            second.gap = second.index - one.index > 1 or one.block != second.block


def body_size(rows: list[Row]) -> float:
    """Font size of most of the text, in points; 0 where sizes aren't known."""
    sizes: Counter[float] = Counter()
    for row in rows:
        if row.size is not None:
            sizes[round(row.size * 2) / 2] += len(row.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0
