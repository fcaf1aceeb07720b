"""`intellimatch plugin`: the plugins of a tenant, and the beginning of a new one."""

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import click

from api.cli.operator import open_tenant, print_json, with_runtime
from api.cli.plugin_template import NameTaken, write_package
from api.v1.plugins import present, tried
from core.installations.contracts import (
    ConfigurePlugin,
    DisablePlugin,
    EnablePlugin,
    ListPlugins,
    PluginView,
    UninstallPlugin,
)
from core.installations.model import Plugin
from core.shared.errors import InvalidInput
from core.shared.usecase import Command
from tenants.catalogue import described
from tenants.plugins.installed import catalogue_of, installed_plugins
from tenants.runtime import Runtime
from tenants.scope import TenantScope

_ID = click.argument("plugin_id", metavar="PLUGIN")
_TENANT = click.option("--tenant", "slug", required=True, help="The tenant's slug.")
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_SET = click.option(
    "--set", "given", multiple=True, metavar="NAME=VALUE", help="A setting; VALUE as text or JSON."
)
_SETTINGS = click.option(
    "--settings",
    "file",
    type=click.File("r", encoding="utf-8"),
    help="A file with all settings as JSON, - for the standard input: the way for secrets.",
)


@click.group("plugin")
def command() -> None:
    """List, enable, configure, test, disable and uninstall plugins; begin a new one."""


@command.command("list")
@click.option("--tenant", "slug", help="Show how they stand for the tenant of this slug.")
@_AS_JSON
def list_command(slug: str | None, *, as_json: bool) -> None:
    """List the plugins that are installed here, and those that were refused, with the reason."""

    async def work(scope: TenantScope) -> Any:
        return await scope.ask(ListPlugins())

    rows = None if slug is None else in_tenant(slug, work)
    if as_json:
        print_json(rows if rows is not None else _installed())
        return
    for row in rows or ():
        waits = f" for {', '.join(row.waiting_for)}" if row.waiting_for else ""
        state = row.state + waits
        click.echo(f"{row.id:<20} {row.plugin_version:<10} {state:<20} {row.summary}")
    for each in _installed()["plugins"] if rows is None else ():
        click.echo(f"{each['id']:<20} {each['version']:<10} {each['summary']} ({each['package']})")
    for refused in installed_plugins().refused:
        click.echo(f"refused: {refused.entry_point} ({refused.distribution}): {refused.reason}")


@command.command("show")
@_ID
@_TENANT
@_AS_JSON
def show(plugin_id: str, slug: str, *, as_json: bool) -> None:
    """Show what a plugin is, asks for and keeps, its settings and its state."""

    async def work(scope: TenantScope) -> Any:
        return await present(scope, plugin_id)

    view: PluginView = in_tenant(slug, work)
    if as_json:
        print_json(view)
        return
    click.echo(f"{view.name} {view.plugin_version} ({view.package}): {view.summary}")
    waits = f", waits for {', '.join(view.waiting_for)}" if view.waiting_for else ""
    click.echo(f"state      {view.state}{waits}")
    click.echo(f"plan       {view.plan.message}")
    _show_claims(view)
    for name, value in view.settings.items():
        click.echo(f"setting    {name} = {json.dumps(value, ensure_ascii=False)}")
    if view.check is not None:
        found = "passed" if view.check.ok else "failed"
        click.echo(
            f"last test  {found} at {view.check.at:%Y-%m-%d %H:%M} UTC: {view.check.message}"
        )


@command.command("enable")
@_ID
@_TENANT
@_SET
@_SETTINGS
@click.option("--accept", "accepted", multiple=True, help="A permission that it asks for.")
@click.option("--accept-all", is_flag=True, help="All that it asks for; `show` lists them.")
@_AS_JSON
def enable(
    plugin_id: str,
    slug: str,
    given: tuple[str, ...],
    file: Any,
    accepted: tuple[str, ...],
    *,
    accept_all: bool,
    as_json: bool,
) -> None:
    """Let a plugin work for a tenant."""
    settings = _settings(given, file)

    async def work(scope: TenantScope) -> Any:
        view = await present(scope, plugin_id)
        actions = tuple(asked.action for asked in view.permissions) if accept_all else accepted
        command = EnablePlugin(plugin_id=plugin_id, accept_permissions=actions)
        if settings is None:
            return await scope.execute(command)
        merged = {**_kept(view), **settings}
        return await scope.execute(
            EnablePlugin(plugin_id=plugin_id, accept_permissions=actions, settings=merged)
        )

    _done(slug, work, f"{plugin_id} is enabled for {slug}.", as_json=as_json)


@command.command("configure")
@_ID
@_TENANT
@_SET
@_SETTINGS
@_AS_JSON
def configure(
    plugin_id: str, slug: str, given: tuple[str, ...], file: Any, *, as_json: bool
) -> None:
    """Change settings; those that aren't given stay. An empty VALUE of a secret clears it."""
    settings = _settings(given, file)
    if settings is None:
        raise click.UsageError("Give --set NAME=VALUE or --settings FILE.")

    async def work(scope: TenantScope) -> Any:
        view = await present(scope, plugin_id)
        return await scope.execute(
            ConfigurePlugin(
                plugin_id=plugin_id,
                settings={**_kept(view), **settings},
                expected_version=view.version,
            )
        )

    _done(slug, work, f"{plugin_id} is configured for {slug}.", as_json=as_json)


@command.command("test")
@_ID
@_TENANT
@_AS_JSON
def test(plugin_id: str, slug: str, *, as_json: bool) -> None:
    """Test a plugin's connection; exit code 1 when it fails."""

    async def work(scope: TenantScope) -> Any:
        return await scope.execute(await tried(scope, plugin_id))

    view: PluginView = in_tenant(slug, work)
    if as_json:
        print_json(view.check)
    elif view.check is not None:
        click.echo(view.check.message)
    sys.exit(0 if view.check is not None and view.check.ok else 1)


@command.command("disable")
@_ID
@_TENANT
@_AS_JSON
def disable(plugin_id: str, slug: str, *, as_json: bool) -> None:
    """Let a plugin work no longer; settings and data stay."""
    change = DisablePlugin(plugin_id=plugin_id)
    _change(slug, change, f"{plugin_id} is disabled for {slug}.", as_json=as_json)


@command.command("uninstall")
@_ID
@_TENANT
@click.option("--keep-data/--remove-data", required=True, help="What becomes of what it keeps.")
@_AS_JSON
def uninstall(plugin_id: str, slug: str, *, keep_data: bool, as_json: bool) -> None:
    """Forget a disabled plugin's settings and secrets, and keep or remove its data."""
    change = UninstallPlugin(plugin_id=plugin_id, keep_data=keep_data)
    kept = "kept" if keep_data else "removed"
    done = f"{plugin_id} is uninstalled for {slug}, its data {kept}."
    _change(slug, change, done, as_json=as_json)


@command.command("new")
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The folder to make it in; the present one otherwise.",
)
def new(name: str, into: Path) -> None:
    """Write a complete package of a new plugin: settings, hooks, a table, tests and a README.

    NAME has lower-case letters, digits and underscores, and is the plugin's id.
    """
    found = installed_plugins()
    names = (each.entry_point.partition(" = ")[0] for each in found.refused)
    try:
        folder = write_package(name, into, {*found.plugins, *names})
    except NameTaken as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Written to {folder}. README.md there says how to try, test and install it.")


@command.command("check")
@click.argument("entry_point")
def check(entry_point: str) -> None:
    """Say whether a plugin would be loaded, or why not; exit code 1 when it wouldn't.

    ENTRY_POINT is what the package names, a module such as my_package.plugin.
    """
    found = catalogue_of(entry_point)
    for refused in found.refused:
        raise click.ClickException(f"{entry_point} is refused: {refused.reason}")
    for plugin in found.plugins.values():
        shown = described(plugin)
        click.echo(f"{shown.id} {shown.plugin_version}: {shown.summary}")
        _show_claims(shown)


def in_tenant(slug: str, work: Callable[[TenantScope], Awaitable[Any]]) -> Any:
    """Return what `work` does as the operator in the tenant. Raises NotFound."""

    async def opened(runtime: Runtime) -> Any:
        _, scope = await open_tenant(runtime, slug)
        return await work(scope)

    return with_runtime(opened)


def _installed() -> dict[str, Any]:
    """Return what was found, for a listing that asks no tenant."""
    catalogue = installed_plugins()
    return {
        "plugins": [
            {
                "id": each.id,
                "version": each.manifest.version,
                "summary": each.manifest.summary,
                "package": each.distribution,
            }
            for each in catalogue.plugins.values()
        ],
        "refused": catalogue.refused,
    }


def _show_claims(plugin: PluginView | Plugin) -> None:
    """Print what a plugin asks for, whom it calls, what it keeps and what it brings."""
    for asked in plugin.permissions:
        click.echo(f"may        {asked.action}: {asked.why}")
    click.echo(f"calls      {', '.join(plugin.hosts) or 'nobody outside'}")
    for kept in plugin.keeps:
        click.echo(f"keeps      {kept.what} ({kept.where}): {kept.retention}")
    for brought in plugin.brings:
        click.echo(f"brings     {brought}")


def _settings(given: tuple[str, ...], file: Any) -> dict[str, Any] | None:
    """Return the settings of the options; None when there are none. Raises UsageError."""
    settings: dict[str, Any] = {}
    if file is not None:
        try:
            settings = json.load(file)
        except ValueError as error:
            raise click.UsageError(f"--settings: not valid JSON: {error}") from error
        if not isinstance(settings, dict):
            raise click.UsageError("--settings: the file must hold an object.")
    for each in given:
        name, separator, text = each.partition("=")
        if not separator:
            raise click.UsageError(f"--set {each}: write NAME=VALUE.")
        settings[name] = _value(text)
    return settings if given or file is not None else None


def _value(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _kept(view: PluginView) -> dict[str, Any]:
    """Return the settings that are in place; a secret as it is shown means: as it is."""
    secrets = {
        name
        for name, shape in view.settings_schema.get("properties", {}).items()
        if "writeOnly" in json.dumps(shape)
    }
    return {name: value for name, value in view.settings.items() if name not in secrets}


def _change(slug: str, change: Command[Any], done: str, *, as_json: bool) -> None:
    async def work(scope: TenantScope) -> Any:
        return await scope.execute(change)

    _done(slug, work, done, as_json=as_json)


def _done(slug: str, work: Any, done: str, *, as_json: bool) -> None:
    try:
        view = in_tenant(slug, work)
    except InvalidInput as error:
        wrong = "\n".join(f"{each.field}: {each.message}" for each in error.fields)
        raise click.ClickException(f"{error.message}\n{wrong}") from error
    if as_json:
        print_json(view)
    else:
        click.echo(done)
