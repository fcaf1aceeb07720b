"""The evaluation set: which person is typeset how, in which half; made anew from its seeds.

`truth.jsonl` beside this file has the truth of each, so that a change of it is seen in review;
`python -m tests.evaluation.corpus --truth` writes it.

`python -m tests.evaluation.corpus FOLDER [--half dev]` writes the files and their truth beside
them. Whoever works on the parser looks at the half `dev`; `held-out` only gives figures.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import msgspec
import typst

from tests.evaluation.flowing_layouts import FLOWING
from tests.evaluation.fresh_layouts import FRESH_TYPST, FRESH_WORD
from tests.evaluation.people import LANGUAGES, Half, Person, Truth, make_person
from tests.evaluation.typst_layouts_more import ALL_LAYOUTS, HELD_OUT_LAYOUTS

HALVES: tuple[Half, Half] = ("dev", "held-out")
TRUTH_FILE = Path(__file__).parent / "truth.jsonl"
_TYPESET_EACH = 4
"""So many CVs of each typeset layout and half; the held-out layouts are only in that half."""
_FLOWING_EACH = 2
_FRESH_EACH = 7


class Sample(msgspec.Struct, frozen=True):
    """One CV of the set."""

    name: str
    """File name."""
    half: Half
    layout: str
    language: str
    seed: int

    @property
    def person(self) -> Person:
        is_fresh = self.layout in FRESH_TYPST or self.layout in FRESH_WORD
        return make_person(self.seed, self.language, self.half, is_fresh=is_fresh)

    @property
    def truth(self) -> Truth:
        return self.person.truth

    def content(self) -> bytes:
        """Typeset the CV."""
        if self.layout in FLOWING:
            return FLOWING[self.layout][1](self.person)
        if self.layout in FRESH_WORD:
            return FRESH_WORD[self.layout](self.person)
        layout = {**ALL_LAYOUTS, **FRESH_TYPST}[self.layout]
        made = typst.compile(layout(self.person).encode())
        assert isinstance(made, bytes)
        return made


def samples(half: Half | None = None) -> Iterator[Sample]:
    """Yield the set, or a half of it, in a fixed order."""
    for each in HALVES:
        if half in {None, each}:
            yield from _half(each)


def _half(half: Half) -> Iterator[Sample]:
    seed = 1_000 if half == "dev" else 5_000
    layouts = [
        *((name, _TYPESET_EACH) for name in ALL_LAYOUTS if _belongs(name, half)),
        *((name, _FLOWING_EACH) for name in FLOWING),
    ]
    if half == "held-out":
        layouts += [(name, _FRESH_EACH) for name in (*FRESH_TYPST, *FRESH_WORD)]
    for layout, count in layouts:
        for _ in range(count):
            seed += 1
            # English is commonest; the others take turns.
            language = "en" if seed % 5 in {0, 2} else LANGUAGES[1 + seed % 6]
            ending = FLOWING[layout][0] if layout in FLOWING else "pdf"
            ending = "docx" if layout in FRESH_WORD else ending
            yield Sample(
                f"{half}-{seed}-{layout}-{language}.{ending}", half, layout, language, seed
            )


def _belongs(layout: str, half: Half) -> bool:
    return half == "held-out" or layout not in HELD_OUT_LAYOUTS


def write(folder: Path, chosen: Sequence[Sample]) -> None:
    """Write files and truths."""
    folder.mkdir(parents=True, exist_ok=True)
    for sample in chosen:
        (folder / sample.name).write_bytes(sample.content())
        truth = msgspec.json.format(msgspec.json.encode(sample.truth), indent=2)
        (folder / f"{sample.name}.json").write_bytes(truth)


def truth_lines() -> bytes:
    """The truth of every CV, a line each."""
    encode = msgspec.json.Encoder(order="deterministic").encode
    return b"".join(encode({"name": s.name, "truth": s.truth}) + b"\n" for s in samples())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(".data/evaluation"))
    parser.add_argument("--truth", action="store_true", help="write truth.jsonl, and no CVs")
    parser.add_argument("--half", choices=HALVES)
    given = parser.parse_args()
    if given.truth:
        TRUTH_FILE.write_bytes(truth_lines())
        return
    chosen = list(samples(given.half))
    write(given.folder, chosen)
    click.echo(f"{len(chosen)} CVs in {given.folder}")


if __name__ == "__main__":
    main()
