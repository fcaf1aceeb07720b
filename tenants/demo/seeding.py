"""Makes the sample tenants that are missing or were left half made, and keeps who may enter.

Called by `intellimatch demo` once the engines are ready.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from core.shared.clock import UtcDatetime
from core.shared.errors import Conflict
from core.shared.ids import TenantId
from tenants.demo.book import DemoBook, DemoTenant, write_book
from tenants.demo.clock import DatedIds, SetClock
from tenants.demo.content import TENANTS, load_tenant
from tenants.demo.erasure import erase_sample
from tenants.demo.playing import Play
from tenants.demo.plot import make_plot
from tenants.demo.team import enable_mailbox, found_tenant, issue_keys, tell_at_once
from tenants.runtime import Runtime
from tenants.settings import Settings

_FOUNDED_DAYS_AGO = 364

Progress = Callable[[str, str, int], None]
"""Told the tenant's slug, the name of what was just done, and how many."""


async def seed(settings: Settings, book: DemoBook, progress: Progress) -> None:
    """Make every sample tenant that isn't whole and note it in the book.

    `settings` must be those of ready engines. Raises Conflict when a tenant that isn't the demo's
    has one of its slugs.
    """
    runtime = await Runtime.open(settings)
    try:
        for slug in TENANTS:
            if not await _is_whole(runtime, book.tenants.get(slug), slug):
                await _clear_away(runtime, settings, book, slug)
                await _make(runtime, settings, book, slug, progress)
    finally:
        await runtime.close()


async def forget_all(settings: Settings, book: DemoBook) -> None:
    """Remove the sample tenants and nothing else, so that the next `seed` begins anew."""
    runtime = await Runtime.open(settings)
    try:
        for slug in TENANTS:
            await _clear_away(runtime, settings, book, slug)
    finally:
        await runtime.close()


async def _is_whole(runtime: Runtime, noted: DemoTenant | None, slug: str) -> bool:
    if noted is None or noted.state != "done":
        return False
    # The database may be another one than the book was written for.
    found = await runtime.resolve_host(f"{slug}.{runtime.settings.base_domain}")
    return found is not None and found.id == noted.id


async def _clear_away(runtime: Runtime, settings: Settings, book: DemoBook, slug: str) -> None:
    """Remove what an interrupted seeding left. A tenant that the book doesn't know is refused."""
    found = await runtime.resolve_host(f"{slug}.{runtime.settings.base_domain}")
    if found is None:
        return
    noted = book.tenants.get(slug)
    if noted is None or noted.id != found.id:
        raise Conflict(
            f"There is a workspace {slug} here that the demo didn't make. Set "
            "INTELLIMATCH_DATA_DIR (or INTELLIMATCH_DATABASE_URL) to another place for the demo.",
            slug=slug,
        )
    emails = [user.email for user in noted.users]
    await erase_sample(settings, found.id, emails)


async def _make(
    runtime: Runtime, settings: Settings, book: DemoBook, slug: str, progress: Progress
) -> None:
    noted = book.begin(load_tenant(slug), TenantId(runtime.ids.new()))
    write_book(settings.data_dir, book)
    now = datetime.now(UTC)
    plot = make_plot(slug, now)
    clock = SetClock(UtcDatetime(now))
    playing = await Runtime.open(_hasty(settings), clock=clock, ids=DatedIds(clock))
    try:
        team = await found_tenant(
            playing, clock, plot.tenant, noted, plot.days_ago(_FOUNDED_DAYS_AGO)
        )

        def report(what: str, count: int) -> None:
            progress(slug, what, count)

        await Play(playing, clock, plot, team, report).perform()
    finally:
        await playing.close()
    # On the ordinary runtime: its commits reach the disk, and with them all that came before.
    await issue_keys(runtime, team, noted.users)
    await enable_mailbox(runtime, team)
    await tell_at_once(runtime, team)
    noted.state = "done"
    write_book(settings.data_dir, book)


def _hasty(settings: Settings) -> Settings:
    """Return settings whose commits don't wait for the disk: what a crash loses is seeded anew."""
    address = settings.database_url or ""
    joint = "&" if "?" in address else "?"
    return msgspec.structs.replace(settings, database_url=f"{address}{joint}synchronous_commit=off")
