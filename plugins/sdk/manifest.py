"""What a plugin says about itself before any of its code runs for a tenant."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

PluginId = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
"""Lower-case letters, digits and underscores: it names tables, routes and log fields."""

Sentence = Annotated[str, Meta(min_length=1, max_length=500)]


class Permission(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the permission table that the plugin acts under, shown before it is enabled."""

    action: str
    """A value of `plugins.sdk.Action`, e.g. `applications:write`."""
    why: Sentence
    """What for, in words for the admin who decides."""


class KeptData(msgspec.Struct, frozen=True, kw_only=True):
    """Data that the plugin keeps in its tables or store, or hands to somebody outside."""

    what: Sentence
    personal: bool
    """Whether it is about people. Then the hook `operations` must give export and erase."""
    where: Literal["here", "outside"] = "here"
    retention: Sentence


class Meter(msgspec.Struct, frozen=True, kw_only=True):
    """A count kept with `context.meter(name, amount)`, summed per tenant and day."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    unit: Sentence
    """What one of it is: `message`, `lookup`."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Who the plugin is, what it works with, needs and keeps."""

    id: PluginId
    """Never changes: settings, tables and routes hang on it."""
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    version: Annotated[str, Meta(pattern=r"^\d+\.\d+\.\d+$")]
    """Of the plugin, by semantic versioning."""
    sdk: str
    """The versions of the SDK it works with: `>=1.0,<2`."""
    summary: Sentence
    kind: Literal["system", "tenant"] = "tenant"
    """`tenant`: enabled and configured per tenant. `system`: one per process, by the operator."""
    description: Annotated[str, Meta(max_length=10_000)] = ""
    author: Annotated[str, Meta(max_length=200)] = ""
    homepage: Annotated[str, Meta(max_length=500)] = ""
    feature: str | None = None
    """The feature of the pricing plans that a tenant must have; None: in every plan."""
    permissions: tuple[Permission, ...] = ()
    """What the plugin may do in the platform; anything else is refused to it."""
    hosts: tuple[str, ...] = ()
    """The hosts that its HTTP client reaches: `api.vendor.com`, `*.vendor.com`, or `*` for any."""
    keeps: tuple[KeptData, ...] = ()
    meters: tuple[Meter, ...] = ()
    reply_domain_setting: str | None = None
    """The field of the settings that holds a domain whose mail the plugin reports, with
    `ReportReply`. Where it is set, candidates answer to addresses of that domain."""
    reply_needs: tuple[str, ...] = ()
    """Fields of the settings of which one at least must be set for that, such as the secret
    without which nothing that comes in is believed."""
