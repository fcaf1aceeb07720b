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
_ROLES: Final = "roles"


class Source(msgspec.Struct, frozen=True):
    """A template as it is written."""

    subject: str
    body: str


class Texts(msgspec.Struct, frozen=True):
    """Everything there is in a language."""

    frame: Frame
    roles: Mapping[str, str]
    """What members are, by the code of their role."""
    templates: Mapping[TemplateKind, Source]


@cache
def texts(language: Language) -> Texts:
    """Return the texts of a language."""
    path = resources.files("core.templates.defaults").joinpath(f"{language}.toml")
    content = tomllib.loads(path.read_text("utf-8"))
    words, roles = content.pop(_FRAME), content.pop(_ROLES)
    templates = msgspec.convert(content, dict[TemplateKind, Source])
    return Texts(Frame(language, words), roles, templates)


def default_source(kind: TemplateKind, language: Language) -> Source:
    """Return the text that everybody starts with."""
    return texts(language).templates[kind]


def role_name(role: str, language: Language) -> str:
    """Return what a role is called."""
    return texts(language).roles.get(role, role)
