"""How a plugin says what a tenant can configure.

A settings type is a frozen Struct below `Settings`. Its JSON Schema makes the admin's form and
checks what comes over the API; a field of type `SecretText` is encrypted where it is kept and never
given back.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, get_args, get_type_hints

import msgspec
from msgspec import Meta

_HIDDEN_MARK: Final = "x-write-only"

SecretText = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=20_000,
        extra_json_schema={"format": "password", "writeOnly": True, _HIDDEN_MARK: True},
    ),
]
"""Text that is encrypted at rest, write-only over the API and hidden in `repr`."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every settings type. Every field needs a default or an admin must give it."""

    def __repr__(self) -> str:
        shown = (f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({', '.join(shown)})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        hidden = secret_fields(type(self))
        values = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return [
            (name, "<hidden>" if name in hidden and value is not None else value)
            for name, value in values
        ]


class NoSettings(Settings, frozen=True):
    """The settings type of a plugin that has nothing to configure."""


Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
"""Takes stored settings of one version, secrets included, and returns those of the next.

A field that was left at its default is among them, with the default that it had. A secret that
isn't set isn't, nor are defaults of settings that were saved before SDK 1.1.
"""


class SettingsSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What the hook `settings` returns."""

    type: type[Settings]
    version: int = 1
    """Step it when stored settings of the last release would no longer fit."""
    upgrades: Mapping[int, Upgrade] = {}
    """By the version that each starts from; together they lead to `version` without a gap."""


def secret_fields(settings_type: type[Settings]) -> frozenset[str]:
    """Return the names of the fields that hold secrets."""
    hints = get_type_hints(settings_type, include_extras=True)
    return frozenset(name for name, hint in hints.items() if _is_secret(hint))


def settings_schema(settings_type: type[Settings]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a settings type, without references."""
    (schema,), components = msgspec.json.schema_components(
        [settings_type], ref_template="#/$defs/{name}"
    )
    own = components.pop(settings_type.__name__, schema)
    return {**own, "$defs": components} if components else dict(own)


def _is_secret(hint: Any) -> bool:
    for meta in getattr(hint, "__metadata__", ()):
        if isinstance(meta, Meta) and (meta.extra_json_schema or {}).get(_HIDDEN_MARK):
            return True
    return any(_is_secret(part) for part in get_args(hint) if not isinstance(part, Meta))
