"""`intellimatch audit`: proves that nobody changed the audit trail."""

import asyncio
import os
import sys
from datetime import UTC, datetime

import click
import msgspec

from core.audit.verification import Examined, Finding
from core.shared.errors import NotFound
from tenants.auditing import AuditedTenant, Verification, verify
from tenants.bootstrap import ready_engines
from tenants.registration import list_tenants
from tenants.runtime import Runtime
from tenants.settings import Settings, load_settings


@click.group("audit")
def command() -> None:
    """Prove that nobody changed the audit trail."""


@command.command("verify")
@click.option("--tenant", "slug", help="Only this tenant; all of them if left out.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify_command(slug: str | None, *, as_json: bool) -> None:
    """Examine every chain; exit code 1 if anything was done to one.

    Needs the data folder of the workers, where they keep the signed heads. Without --tenant it
    needs the owner's role too, to know every tenant.
    """
    found = asyncio.run(_verify(slug))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        for line in _lines(found):
            click.echo(line)
    sys.exit(0 if found.is_clean else 1)


async def _verify(slug: str | None) -> Verification:
    async with ready_engines(load_settings(os.environ)) as settings:
        tenants = None if slug is not None else await _all(settings)
        runtime = await Runtime.open(settings)
        try:
            if tenants is None:
                tenants = [await _one(runtime, str(slug))]
            return await verify(runtime, tenants)
        finally:
            await runtime.close()


async def _all(settings: Settings) -> list[AuditedTenant]:
    if settings.owner_database_url is None:
        raise click.ClickException(
            "Verifying every tenant needs the owner's role: set INTELLIMATCH_OWNER_DATABASE_URL, "
            "or name one with --tenant."
        )
    listed = await list_tenants(settings.owner_database_url)
    return [AuditedTenant(tenant.tenant_id, tenant.slug) for tenant in listed]


async def _one(runtime: Runtime, slug: str) -> AuditedTenant:
    tenant = await runtime.resolve_host(f"{slug}.{runtime.settings.base_domain}")
    if tenant is None:
        raise NotFound(f"There is no tenant {slug}. `intellimatch tenant list` shows them.")
    return AuditedTenant(tenant.id, tenant.slug)


def _lines(found: Verification) -> list[str]:
    lines: list[str] = []
    for tenant in found.tenants:
        lines.append(_summary(tenant))
        lines += [f"  {_said(finding)}" for finding in tenant.findings]
    if found.unreadable_heads:
        lines.append(f"{found.unreadable_heads} lines of the file of heads can't be read.")
    entries = sum(tenant.sealed for tenant in found.tenants)
    findings = sum(len(tenant.findings) for tenant in found.tenants)
    lines.append(f"{len(found.tenants)} tenants, {entries} entries examined, {findings} findings.")
    return lines


def _summary(tenant: Examined) -> str:
    verdict = f"{len(tenant.findings)} FINDINGS" if tenant.findings else "untouched"
    waiting = ""
    if tenant.unsealed_since is not None:
        age = datetime.now(UTC) - tenant.unsealed_since
        waiting = f", {tenant.unsealed} not sealed yet (for up to {age.total_seconds():.0f} s)"
    return f"{tenant.tenant}: {verdict}, {tenant.sealed} entries, {tenant.heads} heads{waiting}"


def _said(finding: Finding) -> str:
    what = finding.what.replace("_", " ")
    place = "" if finding.first is None else f" at position {finding.first}"
    if finding.last != finding.first:
        place += f" to {finding.last}"
    entry = "" if finding.entry_id is None else f" (entry {finding.entry_id})"
    return f"{what}{place}: {finding.detail}{entry}"
