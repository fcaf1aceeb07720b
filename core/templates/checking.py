"""What is wrong with a template, found when it is saved so that nothing is left to find when a mail
is sent. Used by the use cases.
"""

import difflib
import re
from collections.abc import Iterator
from typing import Final, Literal

from core.shared.errors import FieldError
from core.templates.contracts import Flaw
from core.templates.kinds import sample_values
from core.templates.language import Each, If, Node, fill, parse
from core.templates.language import Variable as Named
from core.templates.markup import ADDRESS, MAX_BLOCKS, blocks
from core.templates.model import Kind, Variable
from core.templates.texts import Source

Field = Literal["subject", "body"]

_LINK: Final = re.compile(r"\[(button: ?)?[^\[\]\n]{0,200}\]\(([^()\n]{0,600})\)?")
_PLACE: Final = re.compile(r"\{\{\s{0,5}([a-z][a-z0-9_]{0,59})\s{0,5}\}\}")


def flaws_of(source: Source, kind: Kind) -> tuple[Flaw, ...]:
    """Return everything that is wrong with `source` as a template of `kind`."""
    found = [*_field_flaws("subject", source.subject, kind)]
    found += _field_flaws("body", source.body, kind)
    found += _link_flaws(source.body, kind)
    if not found:
        found += _emptiness(source, kind)
    return tuple(sorted(found, key=lambda each: (each.field, each.line)))


def _field_flaws(field: Field, source: str, kind: Kind) -> Iterator[Flaw]:
    parsed = parse(source)
    for wrong in parsed.wrong:
        yield Flaw(field, wrong.line, wrong.code, wrong.message)
    yield from _Names(field, kind).flaws(parsed.nodes)


class _Names:
    """Looks whether everything that a template names is offered, and is there when it is shown."""

    def __init__(self, field: Field, kind: Kind) -> None:
        self._field: Field = field
        self._kind = kind

    def flaws(
        self,
        nodes: tuple[Node, ...],
        *,
        there: frozenset[str] = frozenset(),
        item: tuple[Variable, ...] = (),
    ) -> Iterator[Flaw]:
        """Yield what is wrong in `nodes`, where the values of `there` are known to be there."""
        for node in nodes:
            if isinstance(node, Named):
                yield from self._variable(node, there, item)
            elif isinstance(node, If):
                yield from self._if(node, there, item)
            elif isinstance(node, Each):
                yield from self._each(node, there)

    def _variable(
        self, node: Named, there: frozenset[str], item: tuple[Variable, ...]
    ) -> Iterator[Flaw]:
        known = _among(item, node.name) or self._kind.variable(node.name)
        if known is None:
            yield self._unknown(node, item)
        elif known.type == "list":
            yield self._flaw(
                node,
                "needs_each",
                f"{node.name} is a list: write {{{{#each {node.name}}}}} … {{{{/each}}}}.",
            )
        elif not known.always and node.name not in there:
            yield self._flaw(
                node,
                "may_be_missing",
                f"{node.name} isn't always known. Put what needs it between "
                f"{{{{#if {node.name}}}}} and {{{{/if}}}}.",
            )

    def _if(self, node: If, there: frozenset[str], item: tuple[Variable, ...]) -> Iterator[Flaw]:
        if _among(item, node.name) is None and self._kind.variable(node.name) is None:
            yield self._unknown(node, item)
        yield from self.flaws(node.then, there=there | {node.name}, item=item)
        yield from self.flaws(node.otherwise, there=there, item=item)

    def _each(self, node: Each, there: frozenset[str]) -> Iterator[Flaw]:
        known = self._kind.variable(node.name)
        if known is None:
            yield self._unknown(node, ())
        elif known.type != "list":
            yield self._flaw(node, "no_list", f"{node.name} is no list; nothing can be repeated.")
        yield from self.flaws(node.body, there=there, item=known.fields if known else ())

    def _unknown(self, node: Named | If | Each, item: tuple[Variable, ...]) -> Flaw:
        names = [each.name for each in (*item, *self._kind.variables)]
        near = difflib.get_close_matches(node.name, names, n=1, cutoff=0.5)
        meant = f" Did you mean {near[0]}?" if near else f" There are: {', '.join(names)}."
        message = f"{node.name} is no variable of this template.{meant}"
        return self._flaw(node, "unknown_variable", message)

    def _flaw(self, node: Named | If | Each, code: str, message: str) -> Flaw:
        return Flaw(self._field, node.line, code, message)


def _among(variables: tuple[Variable, ...], name: str) -> Variable | None:
    return next((each for each in variables if each.name == name), None)


def _link_flaws(body: str, kind: Kind) -> Iterator[Flaw]:
    for number, line in enumerate(body.splitlines(), start=1):
        for link in _LINK.finditer(line):
            message = _target_flaw(link[2].strip(), kind)
            if message:
                yield Flaw("body", number, "wrong_link", message)
            elif link[1] and link[0] != line.strip():
                message = "A button stands on a line of its own."
                yield Flaw("body", number, "wrong_link", message)


def _target_flaw(target: str, kind: Kind) -> str | None:
    place = _PLACE.fullmatch(target)
    if place is None:
        if ADDRESS.fullmatch(target):
            return None
        return "A link leads to https://…, to mailto:… or to one variable that is a link."
    known = kind.variable(place[1])
    if known is None or known.type in {"url", "email"}:
        return None  # what isn't known is told as such
    return f"{known.name} is no address that a link could lead to."


def _emptiness(source: Source, kind: Kind) -> Iterator[Flaw]:
    """Yield what is missing or too much even though every part is right."""
    for everything in (True, False):
        values = sample_values(kind, all_known=everything)
        for field, text in (("subject", source.subject), ("body", source.body)):
            if not fill(parse(text).nodes, values).text.strip():
                message = "With the values that are always known, nothing would be said here."
                yield Flaw("subject" if field == "subject" else "body", 1, "empty", message)
                return
    filled = fill(parse(source.body).nodes, sample_values(kind))
    if sum(1 for _ in blocks(filled.text)) >= MAX_BLOCKS:
        yield Flaw("body", 1, "too_long", f"A mail has at most {MAX_BLOCKS} paragraphs.")


def told(flaw: Flaw) -> FieldError:
    """Return a flaw as what is wrong with a field of the input."""
    return FieldError(flaw.field, f"Line {flaw.line}: {flaw.message}", flaw.code)
