"""Whether what a plugin's hooks returned holds together; each refusal says what to change.

`plugins.host.loading` calls it once for each plugin, when the process starts.
"""

from collections.abc import Mapping
from typing import Any, Final

from core.shared.permissions import Action
from plugins.host.catalogue import LoadedPlugin
from plugins.host.contributions import (
    check_email_templates,
    check_handlers,
    check_oauth,
    check_pages,
    check_ports,
    check_routes,
    check_schedules,
    check_webhooks,
)
from plugins.host.shapes import Unfit, items_of, no_two, struct_of
from plugins.sdk.contributions import (
    EmailTemplate,
    EventHandler,
    InboundWebhook,
    OAuthProvider,
    Operations,
    Page,
    PortAdapter,
    Route,
    ScheduledTask,
)
from plugins.sdk.hosts import is_host_pattern
from plugins.sdk.manifest import Manifest
from plugins.sdk.revisions import MAX_NAME, table_name, tables_after
from plugins.sdk.settings import NoSettings, Settings, SettingsSpec, secret_fields, settings_schema
from plugins.sdk.tables import Migration
from plugins.sdk.version import SDK_VERSION, in_range

_OF_A_PERSON: Final = frozenset({Action.OWN_ACCOUNT.value})
"""What only makes sense for somebody who is signed in."""


def validated(
    answers: Mapping[str, Any], distribution: str, features: frozenset[str]
) -> LoadedPlugin:
    """Return the plugin that hooks with these answers make. Raises Unfit."""
    manifest = answers.get("manifest")
    struct_of(manifest, Manifest, "The hook manifest")
    if not isinstance(manifest, Manifest):
        raise Unfit("The hook manifest must return a Manifest.")
    check_manifest(manifest, features)
    spec = answers.get("settings", SettingsSpec(type=NoSettings))
    schema = check_settings(spec)
    secrets = secret_fields(spec.type)
    ports = items_of(answers.get("ports", ()), PortAdapter, "ports")
    check_ports(ports, manifest)
    handlers = items_of(answers.get("event_handlers", ()), EventHandler, "event_handlers")
    check_handlers(handlers)
    tasks = items_of(answers.get("scheduled_tasks", ()), ScheduledTask, "scheduled_tasks")
    check_schedules(tasks)
    routes = items_of(answers.get("routes", ()), Route, "routes")
    check_routes(routes)
    webhooks = items_of(answers.get("webhooks", ()), InboundWebhook, "webhooks")
    check_webhooks(webhooks)
    pages = items_of(answers.get("pages", ()), Page, "pages")
    check_pages(pages)
    templates = items_of(answers.get("email_templates", ()), EmailTemplate, "email_templates")
    check_email_templates(templates, manifest)
    provider = answers.get("oauth_provider")
    if provider is not None:
        struct_of(provider, OAuthProvider, "The hook oauth_provider")
        check_oauth(provider, manifest, spec.type, secrets)
    migrations = items_of(answers.get("tables", ()), Migration, "tables")
    check_tables(manifest.id, migrations)
    operations = answers.get("operations", Operations())
    struct_of(operations, Operations, "The hook operations")
    check_operations(manifest, operations)
    check_replies(manifest, spec, secrets)
    return LoadedPlugin(
        manifest=manifest,
        distribution=distribution,
        settings=spec,
        settings_schema=schema,
        ports=ports,
        event_handlers=handlers,
        scheduled_tasks=tasks,
        routes=routes,
        webhooks=webhooks,
        pages=pages,
        email_templates=templates,
        oauth_provider=provider,
        migrations=migrations,
        operations=operations,
    )


def check_manifest(manifest: Manifest, features: frozenset[str]) -> None:
    """Raises Unfit."""
    where = "The hook manifest"
    try:
        fits = in_range(SDK_VERSION, manifest.sdk)
    except ValueError as error:
        raise Unfit(f"{where}: sdk can't be read: {error}.") from None
    if not fits:
        raise Unfit(f"{where}: it needs an SDK {manifest.sdk}, and this is {SDK_VERSION}.")
    if manifest.feature is not None and manifest.feature not in features:
        raise Unfit(
            f"{where}: feature {manifest.feature} is in no plan; "
            f"there are {', '.join(sorted(features))}."
        )
    actions = [each.action for each in manifest.permissions]
    for action in actions:
        if action not in {each.value for each in Action} - _OF_A_PERSON:
            raise Unfit(f"{where}: there is no permission {action}; see plugins.sdk.Action.")
    no_two(actions, where, "the permission")
    no_two([each.name for each in manifest.meters], where, "the meter")
    no_two(list(manifest.hosts), where, "the host")
    for host in manifest.hosts:
        if not is_host_pattern(host):
            raise Unfit(
                f"{where}: {host!r} is no host such as api.vendor.com, *.vendor.com or *: "
                "in lower case, without scheme, port or path."
            )


def check_settings(spec: Any) -> dict[str, Any]:
    """Return the schema of the settings. Raises Unfit."""
    where = "The hook settings"
    struct_of(spec, SettingsSpec, where)
    if not issubclass(spec.type, Settings):
        raise Unfit(f"{where}: type must be a class below plugins.sdk.Settings.")
    if spec.version < 1:
        raise Unfit(f"{where}: version must be 1 or more.")
    missing = sorted(set(range(1, spec.version)) - set(spec.upgrades))
    if missing:
        raise Unfit(f"{where}: upgrades has no step from {missing[0]} to {missing[0] + 1}.")
    beyond = sorted(set(spec.upgrades) - set(range(1, spec.version)))
    if beyond:
        raise Unfit(f"{where}: upgrades begins at {beyond[0]}, but the version is {spec.version}.")
    try:
        schema = settings_schema(spec.type)
    except (TypeError, NameError, ValueError, KeyError) as error:
        raise Unfit(
            f"{where}: no JSON Schema can be made of {spec.type.__name__}: {error}."
        ) from None
    _check_secrets(schema, spec.type, where)
    return schema


def _check_secrets(schema: dict[str, Any], settings_type: type[Settings], where: str) -> None:
    """Secrets are sealed field by field, so one that lies deeper would be kept in the clear."""
    properties = schema.get("properties", {})
    secrets = secret_fields(settings_type)
    for name in sorted(secrets):
        shape = properties.get(name, {})
        alternatives = shape.get("anyOf", [shape])
        if not all(each.get("type") in {"string", "null"} for each in alternatives):
            raise Unfit(f"{where}: {name} must be SecretText, or SecretText | None.")
        if shape.get("default") is not None:
            raise Unfit(f"{where}: {name} is secret, so its default can only be None.")
    rest = {name: shape for name, shape in properties.items() if name not in secrets}
    if "writeOnly" in str(rest) or "writeOnly" in str(schema.get("$defs", {})):
        raise Unfit(f"{where}: SecretText can only be a field of the settings themselves.")


def check_tables(plugin_id: str, migrations: tuple[Migration, ...]) -> None:
    """Raises Unfit."""
    where = "The hook tables"
    try:
        tables = tables_after(migrations)
    except ValueError as error:
        raise Unfit(f"{where}: {error}.") from None
    for name in tables:
        full = table_name(plugin_id, name)
        if len(full) > MAX_NAME:
            raise Unfit(f"{where}: {full} has more than {MAX_NAME} characters; shorten {name}.")


def check_replies(manifest: Manifest, spec: SettingsSpec, secrets: frozenset[str]) -> None:
    """Raises Unfit."""
    setting, where = manifest.reply_domain_setting, "The hook manifest"
    fields = frozenset(spec.type.__struct_fields__)
    for name in (*((setting,) if setting else ()), *manifest.reply_needs):
        if name not in fields:
            raise Unfit(f"{where}: the settings have no field {name}, by which replies come.")
    if setting in secrets:
        raise Unfit(f"{where}: {setting} is a secret, and the domain stands in each mail.")
    asked = {each.action for each in manifest.permissions}
    if setting is not None and Action.MANAGE_MESSAGES.value not in asked:
        raise Unfit(
            f"{where}: to report replies, ask for the permission {Action.MANAGE_MESSAGES.value}."
        )


def check_operations(manifest: Manifest, operations: Operations) -> None:
    """Raises Unfit."""
    outside = [each for each in manifest.keeps if each.personal and each.where == "outside"]
    if not outside:
        return
    for name in ("export", "erase"):
        if getattr(operations, name) is None:
            raise Unfit(
                f"The hook operations must give {name}, since the manifest says that personal "
                f"data is kept outside ({outside[0].what})."
            )


def check_together(plugin: LoadedPlugin, others: Mapping[str, LoadedPlugin]) -> None:
    """Whether a plugin can stand beside those loaded before it. Raises Unfit."""
    if plugin.id in others:
        raise Unfit(
            f"The id {plugin.id} is taken by {others[plugin.id].distribution}: uninstall one."
        )
    own = {table_name(plugin.id, name) for name in tables_after(plugin.migrations)}
    for other in others.values():
        theirs = {table_name(other.id, name) for name in tables_after(other.migrations)}
        for name in sorted(own & theirs):
            raise Unfit(f"The hook tables: {name} is also a table of {other.id}; rename yours.")


__all__ = ["Unfit", "check_together", "validated"]
