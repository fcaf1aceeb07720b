"""The texts that everybody starts with, in each language. Used by `wording` and the use cases."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from core.templates.contracts import Language, TemplateKind
from core.templates.layout import Frame

_FRAME: Final = "frame"


class Source(msgspec.Struct, frozen=True):
    """A template as it is written."""

    subject: str
    body: str


class Texts(msgspec.Struct, frozen=True):
    """Everything there is in a language."""

    frame: Frame
    templates: Mapping[TemplateKind, Source]


@cache
def texts(language: Language) -> Texts:
    """Return the texts of a language."""
    path = resources.files("core.templates.defaults").joinpath(f"{language}.toml")
    content = tomllib.loads(path.read_text("utf-8"))
    words = content.pop(_FRAME)
    templates = msgspec.convert(content, dict[TemplateKind, Source])
    return Texts(Frame(language, words), templates)


def default_source(kind: TemplateKind, language: Language) -> Source:
    """Return the text that everybody starts with."""
    return texts(language).templates[kind]
