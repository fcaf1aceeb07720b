"""The console script `intellimatch`: finds the command's module and turns refusals into one line.

A command is a module `api/cli/<name>.py` that holds a `click.Command` called `command`, and is
named in `COMMANDS`. A module is imported when its command is asked for, so `--version` is quick.
"""

import sys
from importlib import import_module
from importlib.metadata import version
from typing import Protocol, runtime_checkable

import click

from core.shared.errors import DomainError
from tenants.settings_values import SettingsError

COMMANDS = (
    "audit",
    "demo",
    "doctor",
    "keys",
    "migrate",
    "plugin",
    "resume",
    "serve",
    "tasks",
    "tenant",
    "up",
    "worker",
)
REFUSED = 2
"""Exit code when the command was understood but can't be done; the reason is on stderr."""


@runtime_checkable
class _HasRemedy(Protocol):
    """What engines, roles and migrations raise when a person can put it right."""

    remedy: str


class _CommandModules(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module = import_module(f"api.cli.{cmd_name.replace('-', '_')}")
        command = module.command
        if not isinstance(command, click.Command):
            raise TypeError(f"{module.__name__}.command is no click command")
        return command


@click.command(cls=_CommandModules, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("intellimatch"), prog_name="intellimatch")
def intellimatch() -> None:
    """Run a multi-tenant hiring platform."""


def main() -> None:
    """Run the command line and exit: 0 done, 1 found problems, 2 refused or not understood."""
    try:
        intellimatch.main(prog_name="intellimatch")
    except Exception as error:
        # Anything else is a defect of ours and keeps its traceback.
        if not isinstance(error, SettingsError | DomainError | _HasRemedy):
            raise
        click.echo(f"intellimatch: {error}", err=True)
        sys.exit(REFUSED)


if __name__ == "__main__":
    main()
