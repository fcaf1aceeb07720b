"""`intellimatch migrate`: bring the database to this release's schema."""

import asyncio
import os
import sys

import click

from tenants.migration import migrate_database, pending_migrations
from tenants.settings import load_settings


@click.command("migrate")
@click.option(
    "--check", is_flag=True, help="Only say what there is to do; exit code 1 if anything."
)
def command(*, check: bool) -> None:
    """Bring the database to this release's schema; safe to repeat and beside a running server.

    Then make the tables of the installed plugins. Exit code 1 when those of one can't be made.

    Makes the roles and the database too, with the embedded engine or when
    INTELLIMATCH_ADMIN_DATABASE_URL is set.
    """
    settings = load_settings(os.environ)
    if check:
        steps = asyncio.run(pending_migrations(settings))
        for step in steps:
            click.echo(step)
        if not steps:
            click.echo("Nothing to do.")
        sys.exit(1 if steps else 0)
    done = asyncio.run(migrate_database(settings))
    came_from = done.before or "empty"
    click.echo(f"Revision {done.after} (was {came_from}), {done.functions} functions in place.")
    for revision in done.plugins:
        click.echo(f"Tables of plugin {revision}.")
    for reason in done.refused:
        click.echo(reason, err=True)
    sys.exit(1 if done.refused else 0)
