"""`intellimatch tenant`: what only the operator may do with tenants."""

from pathlib import Path
from typing import Any, get_args

import click

from api.cli.operator import open_tenant, print_json, with_runtime, with_settings
from core.identity.contracts.team import IssuePasswordReset
from core.shared.tenant import PlanId
from core.shared.usecase import Command
from core.tenancy.contracts import (
    ChangePlan,
    FirstAdmin,
    ResumeTenant,
    SetCustomDomain,
    SetFeatureFlag,
    ShowEntitlements,
    ShowTenant,
    SuspendTenant,
)
from core.tenancy.exporting import NoteTenantExport
from core.tenancy.plans import FEATURES
from tenants.addresses import tenant_host, tenant_url
from tenants.file_stores import open_file_stores
from tenants.registration import list_tenants, register_tenant
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tenant_export import export_tenant, require_free

PLAN = click.Choice(get_args(PlanId))
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_SLUG = click.argument("slug")


@click.group("tenant")
def command() -> None:
    """Make, list, show, suspend and resume tenants, and change what they may use."""


@command.command("create")
@_SLUG
@click.option("--name", required=True, help="The company's name.")
@click.option("--plan", type=PLAN, default="free", show_default=True)
@click.option("--time-zone", default="UTC", show_default=True, help="IANA name.")
@click.option("--locale", default="en", show_default=True, help="BCP 47 tag, such as de-DE.")
@click.option("--admin-email", required=True, prompt="E-mail address of the first admin")
@click.option("--admin-name", default="Admin", show_default=True)
@click.option(
    "--admin-password",
    envvar="TENANT_ADMIN_PASSWORD",
    help="Better in TENANT_ADMIN_PASSWORD than on the command line. Without it, an invitation's "
    "link is printed.",
)
@_AS_JSON
def create(
    slug: str,
    name: str,
    plan: PlanId,
    time_zone: str,
    locale: str,
    admin_email: str,
    admin_name: str,
    admin_password: str | None,
    *,
    as_json: bool,
) -> None:
    """Make a tenant with its first admin."""

    async def work(runtime: Runtime) -> Any:
        registered = await register_tenant(
            runtime,
            slug=slug,
            name=name,
            plan=plan,
            time_zone=time_zone,
            locale=locale,
            admin=FirstAdmin(admin_email, admin_name, admin_password),
        )
        url = f"{runtime.settings.public_scheme}://{tenant_host(runtime.settings, slug)}"
        return {
            "id": registered.tenant.id,
            "slug": slug,
            "plan": plan,
            "url": url,
            "invitation_link": registered.admin.invitation_link,
        }

    made = with_runtime(work)
    if as_json:
        print_json(made)
        return
    click.echo(f"{name} lives at {made['url']}, on the plan {plan}.")
    if made["invitation_link"]:
        click.echo("The first admin joins with this link, once, within seven days:")
        click.echo(made["invitation_link"])
    else:
        click.echo(f"{admin_email} can sign in.")


@command.command("list")
@_AS_JSON
def list_command(*, as_json: bool) -> None:
    """List every tenant."""

    async def work(settings: Settings) -> Any:
        if settings.owner_database_url is None:
            raise click.ClickException(
                "Listing tenants needs the owner's role: set INTELLIMATCH_OWNER_DATABASE_URL."
            )
        return await list_tenants(settings.owner_database_url)

    found = with_settings(work)
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo("No tenant yet. Make one with `intellimatch tenant create`.")
    for tenant in found:
        click.echo(
            f"{tenant.slug:<24} {tenant.plan:<11} {tenant.tenant_status:<10} "
            f"{tenant.active_members:>4} members  {tenant.tenant_name}"
        )


@command.command("show")
@_SLUG
@_AS_JSON
def show(slug: str, *, as_json: bool) -> None:
    """Show a tenant and what it uses of its plan."""

    async def work(runtime: Runtime) -> Any:
        tenant, scope = await open_tenant(runtime, slug)
        return {
            "tenant": await scope.ask(ShowTenant()),
            "url": tenant_url(runtime.settings, tenant),
            "entitlements": await scope.ask(ShowEntitlements()),
        }

    shown = with_runtime(work)
    if as_json:
        print_json(shown)
        return
    tenant = shown["tenant"]
    click.echo(f"{tenant.name} ({tenant.slug}), {tenant.status}, plan {tenant.plan}")
    click.echo(f"id            {tenant.id}")
    click.echo(f"address       {shown['url']}")
    click.echo(f"custom domain {tenant.custom_domain or '-'}")
    click.echo(f"zone, locale  {tenant.time_zone}, {tenant.locale}")
    for quota in shown["entitlements"].quotas:
        limit = "no limit" if quota.limit is None else quota.limit
        click.echo(f"{quota.quota:<13} {quota.used} of {limit}")
    for feature in shown["entitlements"].features:
        click.echo(f"{feature.feature:<16} {'yes' if feature.allowed else 'no'}")


@command.command("suspend")
@_SLUG
@click.option("--reason", required=True, help="Kept in the tenant's audit trail.")
@_AS_JSON
def suspend(slug: str, reason: str, *, as_json: bool) -> None:
    """Close a tenant for everybody and end its sessions; nothing is deleted."""
    _change(slug, SuspendTenant(reason=reason), f"{slug} is suspended.", as_json=as_json)


@command.command("resume")
@_SLUG
@_AS_JSON
def resume(slug: str, *, as_json: bool) -> None:
    """Open a suspended tenant again."""
    _change(slug, ResumeTenant(), f"{slug} is open.", as_json=as_json)


@command.command("plan")
@_SLUG
@click.argument("plan", type=PLAN)
@click.option("--reason", default="", help="Kept in the tenant's audit trail.")
@_AS_JSON
def plan_command(slug: str, plan: PlanId, reason: str, *, as_json: bool) -> None:
    """Move a tenant to another plan; what it has beyond a smaller plan stays."""
    done = f"{slug} is on the plan {plan}."
    _change(slug, ChangePlan(plan=plan, reason=reason), done, as_json=as_json)


@command.command("domain")
@_SLUG
@click.argument("domain", required=False)
@_AS_JSON
def domain_command(slug: str, domain: str | None, *, as_json: bool) -> None:
    """Let a tenant live at DOMAIN too; without DOMAIN, no longer. Check who owns it first."""
    done = f"{slug} lives at {domain}." if domain else f"{slug} has no domain of its own."
    _change(slug, SetCustomDomain(domain=domain), done, as_json=as_json)


@command.command("feature")
@_SLUG
@click.argument("feature", type=click.Choice(tuple(FEATURES)))
@click.argument("state", type=click.Choice(("on", "off", "plan")))
@click.option("--reason", default="", help="Kept in the tenant's audit trail.")
@_AS_JSON
def feature_command(slug: str, feature: str, state: str, reason: str, *, as_json: bool) -> None:
    """Switch a feature on or off for a tenant whatever its plan, or let the plan decide again."""
    enabled = {"on": True, "off": False, "plan": None}[state]
    flag = SetFeatureFlag(feature=feature, enabled=enabled, reason=reason)
    _change(slug, flag, f"{slug}: {feature} is {state}.", as_json=as_json)


@command.command("reset-password")
@_SLUG
@click.argument("email")
@_AS_JSON
def reset_password(slug: str, email: str, *, as_json: bool) -> None:
    """Print a link with which a member chooses a new password, once, within an hour."""

    async def work(runtime: Runtime) -> Any:
        _, scope = await open_tenant(runtime, slug)
        return await scope.execute(IssuePasswordReset(email=email))

    issued = with_runtime(work)
    if as_json:
        print_json(issued)
    else:
        click.echo(issued.link)


@command.command("export")
@_SLUG
@click.option(
    "--to",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write, such as acme.zip; it must not be there yet.",
)
@click.option("--with-files", is_flag=True, help="Put the contents of files into it too.")
@_AS_JSON
def export_command(slug: str, to: Path, *, with_files: bool, as_json: bool) -> None:
    """Write all that the database keeps of a tenant into a zip archive of JSON Lines.

    Rows of plugins' own tables are in it. Credentials and encrypted secrets are not; the archive's
    manifest.json says what was left out and why. The file is written whole or not at all, and the
    tenant's audit trail says that it was.
    """

    async def work(runtime: Runtime) -> Any:
        tenant, scope = await open_tenant(runtime, slug)
        require_free(to)
        await scope.execute(NoteTenantExport())
        store = (await open_file_stores(runtime.settings))(tenant.id) if with_files else None
        return await export_tenant(str(runtime.settings.database_url), tenant, to, store)

    manifest = with_runtime(work)
    if as_json:
        print_json(manifest)
        return
    rows = sum(each.rows for each in manifest.files)
    click.echo(f"{to}: {rows} rows of {len(manifest.files)} tables, as of {manifest.taken_at}.")
    if with_files:
        lost = len(manifest.missing_contents)
        click.echo(f"{manifest.contents} contents of files; {lost} weren't in the store.")
    click.echo("Left out, for the reasons in its manifest.json: " + ", ".join(manifest.left_out))


def _change(slug: str, change: Command[Any], done: str, *, as_json: bool) -> None:
    async def work(runtime: Runtime) -> Any:
        _, scope = await open_tenant(runtime, slug)
        return await scope.execute(change)

    view = with_runtime(work)
    if as_json:
        print_json(view)
    else:
        click.echo(done)
