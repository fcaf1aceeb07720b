"""`intellimatch keys`: shows, changes and retires the master keys that tenants' keys hang on."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click
import msgspec

from api.logging import configure_logging
from tenants.bootstrap import ready_engines
from tenants.key_rotation import KeyVersion, MasterKeyReport, Rotation, report, retire, rotate
from tenants.settings import Settings, load_settings

T = TypeVar("T")

_SOURCES = {
    "setting": "INTELLIMATCH_MASTER_KEYS",
    "file": "the file master_keys of the data folder",
    "secret_key": "the secret key, which only gives version 1",
}


@click.group("keys")
def command() -> None:
    """Show and change the master keys."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_command(*, as_json: bool) -> None:
    """Show every version and how many keys it wraps.

    Exit code 1 if this machine lacks one that is needed. Needs the owner's role.
    """
    found = asyncio.run(_with_engines(report))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        for line in _lines(found):
            click.echo(line)
    sys.exit(1 if any(_is_lacking(each) for each in found.versions) else 0)


@command.command("rotate")
def rotate_command() -> None:
    """Wrap everything with a new master key, while the product runs.

    Kept in the data folder, the key is made here; from the setting, the newest one there is taken.
    Finishes a rotation that was cut short. Needs the owner's role.
    """
    done = asyncio.run(_with_engines(rotate))
    for line in _told(done):
        click.echo(line)
    sys.exit(1 if done.damaged else 0)


@command.command("retire")
@click.argument("version", type=click.IntRange(1, 32_767))
def retire_command(version: int) -> None:
    """Use VERSION never again; refused while anything is wrapped with it.

    Needs the owner's role.
    """

    async def work(settings: Settings) -> None:
        aside = await retire(settings, version)
        click.echo(f"Master key {version} is retired.")
        if aside is not None:
            click.echo(f"It was moved to {aside}.")
        click.echo("Keep it as long as there are backups from before: they can't be read without.")

    asyncio.run(_with_engines(work))


async def _with_engines(work: Callable[[Settings], Awaitable[T]]) -> T:
    settings = load_settings(os.environ)
    configure_logging(settings.log_level, settings.log_format)
    async with ready_engines(settings) as ready:
        return await work(ready)


def _lines(found: MasterKeyReport) -> list[str]:
    versions = (
        f"{each.version:>5}  {_state(each):<9} wraps {each.tenant_keys} tenants' and "
        f"{each.subject_keys} people's keys{_held(each)}"
        for each in found.versions
    )
    return [f"This machine's keys come from {_SOURCES[found.source]}.", *versions]


def _state(version: KeyVersion) -> str:
    if version.retired_at is not None:
        return "retired"
    if version.added_at is None:
        return "not used"
    return "in use" if version.is_newest else "old"


def _held(version: KeyVersion) -> str:
    if version.retired_at is not None:
        return ""
    if not version.is_held:
        return "; NOT HELD by this machine"
    return "" if version.is_right else "; this machine holds ANOTHER KEY under this version"


def _is_lacking(version: KeyVersion) -> bool:
    needed = version.is_newest or version.wraps > 0
    return needed and not version.is_right


def _told(done: Rotation) -> list[str]:
    began = "Finished the rotation to" if done.was_resumed else "Now in use:"
    lines = [
        f"{began} master key {done.version}.",
        f"Wrapped {done.keys} keys of {done.tenants} tenants anew.",
    ]
    if done.damaged:
        lines.append(
            f"{done.damaged} keys can't be unwrapped with the master key they name and were left."
        )
    return lines
