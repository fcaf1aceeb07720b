"""What a running demo tells: addresses, and who may enter with what."""

import msgspec

from core.shared.actor import Role
from core.shared.tenant import PlanId
from tenants.demo.book import DemoBook
from tenants.settings import Settings


class UserReport(msgspec.Struct, frozen=True):
    """Someone who can sign in and call the API."""

    role: Role
    email: str
    password: str
    api_key: str


class TenantReport(msgspec.Struct, frozen=True):
    """A sample tenant. The first user of each role comes first."""

    slug: str
    host: str
    plan: PlanId
    users: tuple[UserReport, ...]


class DemoReport(msgspec.Struct, frozen=True):
    """What `intellimatch demo --json` prints."""

    base_url: str
    database_url: str
    """As the application's role."""
    owner_database_url: str
    redis_url: str
    tenants: tuple[TenantReport, ...]


def make_report(settings: Settings, book: DemoBook, port: int) -> DemoReport:
    """Return the report of a demo that serves on `port`; `settings` are those of ready engines."""
    return DemoReport(
        base_url=local_url(settings, port),
        database_url=settings.database_url or "",
        owner_database_url=settings.owner_database_url or "",
        redis_url=settings.redis_url or "",
        tenants=tuple(
            TenantReport(
                slug=tenant.slug,
                host=f"{tenant.slug}.{settings.base_domain}:{port}",
                plan=tenant.plan,
                users=tuple(
                    UserReport(user.role, user.email, user.password, user.api_key)
                    for user in tenant.users
                ),
            )
            for tenant in book.tenants.values()
        ),
    )


def local_url(settings: Settings, port: int) -> str:
    """Return where a program on this machine reaches the server."""
    host = settings.host
    if host in {"0.0.0.0", "::", "localhost"}:  # noqa: S104 - compared, not bound to
        host = "127.0.0.1" if host != "::" else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
