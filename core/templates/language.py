"""The language of templates: variables, `if` and `each`, and nothing else.

    {{name}}   {{#if name}} … {{else}} … {{/if}}   {{#each list}} … {{/each}}

There are no expressions, calls, attributes, inclusions or loops over anything but a list that the
kind of template offers: what isn't in the dictionary of values can't be reached. Length, depth,
tags, items and output are bounded, so that no template takes long. Used by `checking` when a
template is saved and by `rendering` when a mail is written.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from core.templates.contracts import Values

MAX_TAGS: Final = 400
MAX_DEPTH: Final = 4
MAX_ITEMS: Final = 50
"""Items of a list that are shown."""
MAX_VALUE: Final = 2_000
"""Characters of a value that are shown."""
MAX_OUTPUT: Final = 60_000
"""Characters that a template makes at most; what comes behind is left out."""
MAX_PARTS: Final = 4_000
"""Values that are put in at most."""

OPEN: Final = "\ue000"
CLOSE: Final = "\ue001"
"""Stand around the place of a value until it is put in. Private use: they mean nothing in text."""

_TAG: Final = re.compile(r"\{\{([^{}\n]{0,100})\}\}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,59}")
_RESERVED: Final = str.maketrans("", "", OPEN + CLOSE)


class Text(msgspec.Struct, frozen=True):
    """Text that stays as it is."""

    text: str


class Variable(msgspec.Struct, frozen=True):
    """The place of a value."""

    name: str
    line: int


class If(msgspec.Struct, frozen=True):
    """What is shown when there is a value, and when there is none."""

    name: str
    line: int
    then: "tuple[Node, ...]"
    otherwise: "tuple[Node, ...]"


class Each(msgspec.Struct, frozen=True):
    """What is shown once for each item of a list."""

    name: str
    line: int
    body: "tuple[Node, ...]"


Node = Text | Variable | If | Each


class Wrong(msgspec.Struct, frozen=True):
    """A place at which a template isn't one."""

    line: int
    code: str
    message: str


class Parsed(msgspec.Struct, frozen=True):
    """A template as a tree; with anything wrong, of what could be understood."""

    nodes: tuple[Node, ...]
    wrong: tuple[Wrong, ...]


class _Block:
    """A block that is open while its template is read."""

    def __init__(self, word: str, name: str, line: int) -> None:
        self.word, self.name, self.line = word, name, line
        self.nodes: list[Node] = []
        self.before_else: list[Node] | None = None

    def close(self) -> Node:
        if self.word == "each":
            return Each(self.name, self.line, tuple(self.nodes))
        then = self.nodes if self.before_else is None else self.before_else
        otherwise = [] if self.before_else is None else self.nodes
        return If(self.name, self.line, tuple(then), tuple(otherwise))


class _Reading:
    """One reading of a template, from its first tag to its last."""

    def __init__(self, source: str) -> None:
        self._source = source.translate(_RESERVED).replace("\r\n", "\n").replace("\r", "\n")
        self._open = [_Block("", "", 1)]
        self._line = 1
        self.wrong: list[Wrong] = []

    def read(self) -> Parsed:
        """Return the tree."""
        end = 0
        for count, found in enumerate(_TAG.finditer(self._source)):
            self._text(self._source[end : found.start()])
            end = found.end()
            if count == MAX_TAGS:
                self._flaw("too_many_tags", f"A template has at most {MAX_TAGS} tags.")
                return Parsed((), tuple(self.wrong))
            if self._source.endswith("{", 0, found.start()) or self._source.startswith("}", end):
                self._flaw("broken_tag", "Two braces, not three: values are always escaped.")
            self._tag(found[1].strip())
        self._text(self._source[end:])
        while len(self._open) > 1:
            block = self._open[-1]
            message = (
                f"{{{{#{block.word} {block.name}}}}} is never closed: write {{{{/{block.word}}}}}."
            )
            self.wrong.append(Wrong(block.line, "not_closed", message))
            self._close()
        return Parsed(tuple(self._open[0].nodes), tuple(self.wrong))

    def _text(self, text: str) -> None:
        for mark in ("{{", "}}"):
            if mark in text:
                line = self._line + text[: text.index(mark)].count("\n")
                message = f"{mark} stands alone. A variable looks like {{{{candidate_name}}}}."
                self.wrong.append(Wrong(line, "broken_tag", message))
        self._line += text.count("\n")
        if text:
            self._open[-1].nodes.append(Text(text))

    def _tag(self, inside: str) -> None:
        if inside.startswith("#"):
            self._begin(inside[1:].split())
        elif inside == "else":
            self._else()
        elif inside.startswith("/"):
            self._end(inside[1:].strip())
        elif _NAME.fullmatch(inside):
            self._open[-1].nodes.append(Variable(inside, self._line))
        else:
            self._flaw(
                "broken_tag",
                f"{{{{{inside}}}}} is no variable. Names are small letters, digits and "
                "underscores; there is nothing else but #if, else and #each.",
            )

    def _begin(self, words: list[str]) -> None:
        if len(words) != 2 or words[0] not in {"if", "each"} or not _NAME.fullmatch(words[1]):
            message = "Write {{#if variable}} or {{#each list}}."
            self._flaw("broken_tag", message)
            words = ["each" if words[:1] == ["each"] else "if", ""]
        elif len(self._open) > MAX_DEPTH:
            self._flaw("too_deep", f"Blocks stand at most {MAX_DEPTH} deep in one another.")
            words = [words[0], ""]
        elif words[0] == "each" and any(block.word == "each" for block in self._open):
            self._flaw("too_deep", "A list can't be repeated inside of another.")
            words = ["each", ""]
        # A block without a name is read on, so that its end isn't reported too, and then dropped.
        self._open.append(_Block(words[0], words[1], self._line))

    def _else(self) -> None:
        block = self._open[-1]
        if block.word != "if" or block.before_else is not None:
            self._flaw("broken_tag", "{{else}} belongs once between {{#if …}} and {{/if}}.")
            return
        block.before_else, block.nodes = block.nodes, []

    def _end(self, word: str) -> None:
        if len(self._open) == 1 or self._open[-1].word != word:
            self._flaw("broken_tag", f"{{{{/{word}}}}} ends nothing that is open here.")
            return
        self._close()

    def _close(self) -> None:
        block = self._open.pop()
        if block.name:
            self._open[-1].nodes.append(block.close())

    def _flaw(self, code: str, message: str) -> None:
        self.wrong.append(Wrong(self._line, code, message))


def parse(source: str) -> Parsed:
    """Return the template as a tree, with everything that is wrong. Never raises."""
    return _Reading(source).read()


class Filled(msgspec.Struct, frozen=True):
    """A template whose values have their places: `OPEN` number `CLOSE`."""

    text: str
    values: tuple[tuple[str, str], ...]
    """Name and value for each number."""


class _Filling:
    """One filling of a template, which ends early rather than take long."""

    def __init__(self) -> None:
        self.values: list[tuple[str, str]] = []
        self.size = 0

    def parts(self, nodes: tuple[Node, ...], values: Values) -> Iterator[str]:
        for node in nodes:
            if self.size > MAX_OUTPUT or len(self.values) >= MAX_PARTS:
                return
            if isinstance(node, Text):
                self.size += len(node.text)
                yield node.text
            elif isinstance(node, Variable):
                yield self._value(node.name, values)
            elif isinstance(node, If):
                yield from self.parts(
                    node.then if values.get(node.name) else node.otherwise, values
                )
            else:
                yield from self._items(node, values)

    def _value(self, name: str, values: Values) -> str:
        value = values.get(name)
        if not isinstance(value, str) or not value:
            return ""
        shown = value[:MAX_VALUE].translate(_RESERVED)
        self.size += len(shown)
        self.values.append((name, shown))
        return f"{OPEN}{len(self.values) - 1}{CLOSE}"

    def _items(self, node: Each, values: Values) -> Iterator[str]:
        items = values.get(node.name)
        if not isinstance(items, tuple):
            return
        for item in items[:MAX_ITEMS]:
            yield from self.parts(node.body, _within(values, item))


def fill(nodes: tuple[Node, ...], values: Values) -> Filled:
    """Return the template with the places of its values, cut where it grows too long."""
    filling = _Filling()
    return Filled("".join(filling.parts(nodes, values)), tuple(filling.values))


def _within(values: Values, item: Mapping[str, str]) -> Values:
    return {**values, **item}
