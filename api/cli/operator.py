"""What commands of the operator share: a runtime for a moment, and a tenant's door."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import click
import msgspec

from core.shared.actor import system
from core.shared.errors import NotFound
from core.shared.tenant import TenantContext
from tenants.bootstrap import ready_engines
from tenants.registration import list_tenants
from tenants.runtime import Runtime
from tenants.scope import TenantScope
from tenants.settings import Settings, load_settings

T = TypeVar("T")


def with_runtime(work: Callable[[Runtime], Awaitable[T]]) -> T:
    """Do `work` with a runtime that is opened for it and closed after it."""

    async def opened(settings: Settings) -> T:
        async with _runtime(settings) as runtime:
            return await work(runtime)

    return with_settings(opened)


def with_settings(work: Callable[[Settings], Awaitable[T]]) -> T:
    """Do `work` with settings that name engines which run."""

    async def ready() -> T:
        async with ready_engines(load_settings(os.environ)) as settings:
            return await work(settings)

    return asyncio.run(ready())


async def open_tenant(runtime: Runtime, slug: str) -> tuple[TenantContext, TenantScope]:
    """Return a tenant and its door as the system. Raises NotFound."""
    tenant = await runtime.resolve_host(f"{slug}.{runtime.settings.base_domain}")
    if tenant is None:
        raise NotFound(f"There is no tenant {slug}. `intellimatch tenant list` shows them.")
    operator = system(tenant.id, name="Operator")
    return tenant, runtime.scope(tenant, operator, "command-line")


async def every_slug(settings: Settings) -> list[str]:
    """Return every tenant's slug. Raises ClickException without the owner's role."""
    if settings.owner_database_url is None:
        raise click.ClickException(
            "Naming every tenant needs the owner's role: set INTELLIMATCH_OWNER_DATABASE_URL, "
            "or name one with --tenant."
        )
    return [each.slug for each in await list_tenants(settings.owner_database_url)]


def print_json(value: Any) -> None:
    """Print `value` for programs."""
    click.echo(msgspec.json.format(msgspec.json.encode(value)).decode())


@asynccontextmanager
async def _runtime(settings: Settings) -> AsyncIterator[Runtime]:
    runtime = await Runtime.open(settings)
    try:
        yield runtime
    finally:
        await runtime.close()
