"""Tells the core of the plugins that are installed beside the application.

`tenants.runtime` makes one `HostCatalogue` for the process; `core.installations` asks it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from core.installations.contracts import AskedPermission, KeptDataView, MeterView
from core.installations.model import Plugin, Provider
from core.shared.errors import FieldError, InvalidInput
from core.shared.problems import problems_in
from plugins.host.catalogue import Catalogue, LoadedPlugin
from plugins.postgres.plugin_tables import Migrations, checksums
from plugins.sdk.settings import Settings, secret_fields

MAX_ERRORS = 100
MAX_BYTES = 256 * 1024
"""Of all settings of one plugin together."""


def migrations_of(catalogue: Catalogue) -> Migrations:
    """Return the revisions of every plugin's tables, by its id."""
    return {
        plugin.id: plugin.migrations for plugin in catalogue.plugins.values() if plugin.migrations
    }


class HostCatalogue:
    """Implements `core.installations.ports.PluginCatalogue`."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._loaded = catalogue.plugins
        self._described = {each.id: described(each) for each in self._loaded.values()}

    def all(self) -> Sequence[Plugin]:
        """Return every plugin, by name."""
        return sorted(self._described.values(), key=lambda each: (each.name.casefold(), each.id))

    def find(self, plugin_id: str) -> Plugin | None:
        """Return one, or None."""
        return self._described.get(plugin_id)

    def check_settings(
        self, plugin_id: str, values: Mapping[str, Any], kept: Collection[str]
    ) -> dict[str, Any]:
        """Return `values` as plain data of the types that the plugin declares.

        Field by field: the plugin's own code doesn't run, as a transaction is open.
        """
        settings_type = self._loaded[plugin_id].settings.type
        found = list(_problems(settings_type, values, kept))[:MAX_ERRORS]
        if found:
            raise InvalidInput(*found, message="Some settings are not valid.")
        fields = {each.encode_name: each.type for each in msgspec.structs.fields(settings_type)}
        plain = {
            name: _plain(msgspec.convert(value, fields[name])) for name, value in values.items()
        }
        if len(msgspec.json.encode(plain)) > MAX_BYTES:
            raise InvalidInput(
                FieldError("settings", f"More than {MAX_BYTES // 1024} KiB.", "too_large")
            )
        return plain

    def with_defaults(self, plugin_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return `values` and the default of each field that isn't a secret."""
        settings_type = self._loaded[plugin_id].settings.type
        hidden = secret_fields(settings_type)
        shown = {}
        for each in msgspec.structs.fields(settings_type):
            if each.name in hidden:
                continue
            if each.encode_name in values:
                shown[each.encode_name] = values[each.encode_name]
            elif not each.required:
                shown[each.encode_name] = _plain(_default(each))
        return shown


def described(plugin: LoadedPlugin) -> Plugin:
    """Return what the core may know of a loaded plugin."""
    manifest = plugin.manifest
    fields = msgspec.structs.fields(plugin.settings.type)
    return Plugin(
        id=manifest.id,
        name=manifest.name,
        plugin_version=manifest.version,
        summary=manifest.summary,
        kind=manifest.kind,
        description=manifest.description,
        author=manifest.author,
        homepage=manifest.homepage,
        package=plugin.distribution,
        feature=manifest.feature,
        permissions=tuple(AskedPermission(each.action, each.why) for each in manifest.permissions),
        hosts=manifest.hosts,
        keeps=tuple(
            KeptDataView(each.what, each.personal, each.where, each.retention)
            for each in manifest.keeps
        ),
        meters=tuple(MeterView(each.name, each.unit) for each in manifest.meters),
        brings=tuple(_brought(plugin)),
        settings_schema=plugin.settings_schema,
        settings_version=plugin.settings.version,
        secret_fields=secret_fields(plugin.settings.type),
        required_fields=frozenset(each.encode_name for each in fields if each.required),
        can_be_tested=plugin.operations.check is not None,
        provider=_provider(plugin),
        revisions=checksums(plugin.migrations),
    )


def _provider(plugin: LoadedPlugin) -> Provider | None:
    found = plugin.oauth_provider
    if found is None:
        return None
    return Provider(name=found.name, scopes=found.scopes, is_required=found.required)


def _brought(plugin: LoadedPlugin) -> Iterator[str]:
    for adapter in plugin.ports:
        yield f"port {adapter.port.__name__}"
    for handler in plugin.event_handlers:
        yield f"event {handler.event.type}"
    for task in plugin.scheduled_tasks:
        yield f"scheduled task {task.name} ({task.cron})"
    for route in plugin.routes:
        yield f"route {route.method} {route.path}"
    for webhook in plugin.webhooks:
        yield f"webhook {webhook.name}"
    for page in plugin.pages:
        yield f"page {page.path or '/'}"
    for template in plugin.email_templates:
        yield f"email template {template.name}"
    if plugin.oauth_provider is not None:
        yield f"account at {plugin.oauth_provider.name}"


def _problems(
    settings_type: type[Settings], values: Mapping[str, Any], kept: Collection[str]
) -> Iterator[FieldError]:
    known = {each.encode_name: each for each in msgspec.structs.fields(settings_type)}
    for name in values:
        if name not in known:
            message = "There is no such setting. Remove it."
            yield FieldError(f"settings.{name}", message, "unknown_field")
    for name, each in known.items():
        if name in values:
            yield from problems_in(values[name], each.type, f"settings.{name}")
        elif each.required and name not in kept:
            yield FieldError(f"settings.{name}", "This field is required.", "missing")


def _plain(value: Any) -> Any:
    """Return `value` as it comes back from where it is stored."""
    return msgspec.json.decode(msgspec.json.encode(value))


def _default(each: msgspec.structs.FieldInfo) -> Any:
    if each.default is not msgspec.NODEFAULT:
        return each.default
    return each.default_factory()
