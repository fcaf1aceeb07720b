"""A kind of mail: what it is for, what it may say, and what it says unless a tenant changes it.

`kinds` has those of the platform; those of plugins are made by `contracts.brought`.
"""

from collections.abc import Mapping
from typing import Literal, get_args

import msgspec

from core.templates.contracts import UNSUBSCRIBABLE, Language, TemplateKey, kind_named
from core.templates.texts import Source, default_source

VariableType = Literal["text", "lines", "url", "email", "list"]


class Variable(msgspec.Struct, frozen=True):
    """What a template may name."""

    name: str
    meaning: str
    example: str
    type: VariableType = "text"
    always: bool = True
    """Whether there is always a value."""
    fields: tuple["Variable", ...] = ()
    """Of a list: what each of its items has."""


class Bringer(msgspec.Struct, frozen=True):
    """The plugin that brings a template, and what it says unless a tenant changes it."""

    id: str
    name: str
    texts: Mapping[Language, Source]
    """In each language that there is, the plugin's own first."""
    given: frozenset[str]
    """The variables whose values the plugin gives; the platform knows the others."""
    transactional: bool


class Kind(msgspec.Struct, frozen=True):
    """A kind of mail."""

    kind: TemplateKey
    name: str
    purpose: str
    to: Literal["candidate", "member"]
    variables: tuple[Variable, ...]
    plugin: Bringer | None = None
    """None: the platform's own."""

    @property
    def transactional(self) -> bool:
        """Whether it answers what the receiver did or needs, so that it can't be stopped."""
        if self.plugin is not None:
            return self.plugin.transactional
        return self.kind not in UNSUBSCRIBABLE

    @property
    def languages(self) -> tuple[Language, ...]:
        """Those that it exists in."""
        return get_args(Language) if self.plugin is None else tuple(self.plugin.texts)

    @property
    def given(self) -> frozenset[str]:
        """The variables whose values a plugin gives."""
        return frozenset() if self.plugin is None else self.plugin.given

    def first_text(self, language: Language) -> Source:
        """Return the text that everybody starts with. Raises LookupError for other languages."""
        if self.plugin is not None:
            return self.plugin.texts[language]
        own = kind_named(self.kind)
        if own is None:
            raise LookupError(self.kind)
        return default_source(own, language)

    def variable(self, name: str) -> Variable | None:
        """Return what is offered under that name, None when nothing is."""
        return next((each for each in self.variables if each.name == name), None)
