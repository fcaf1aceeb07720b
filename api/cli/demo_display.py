"""How `intellimatch demo` shows its progress and, at the end, who may enter where."""

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn

from tenants.demo.content import load_tenant
from tenants.demo.report import DemoReport, TenantReport


class SeedingDisplay:
    """Shows phases with their duration, and a bar for each sample tenant that is made."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("candidates"),
            console=console,
            transient=True,
        )
        self._bars: dict[str, TaskID] = {}
        self._phase = ""
        self._since = 0.0

    def begin(self, phase: str) -> None:
        """Show that `phase` begins and how long the one before took."""
        self.end()
        self._phase, self._since = phase, time.monotonic()
        if self._console.is_terminal:
            self._progress.start()

    def advance(self, slug: str, what: str, count: int) -> None:
        """Count what was made of a tenant."""
        if slug not in self._bars:
            plan = load_tenant(slug)
            total = plan.candidates + plan.duplicates
            self._bars[slug] = self._progress.add_task(plan.name, total=total)
        if what == "candidates":
            self._progress.advance(self._bars[slug], count)

    def end(self) -> None:
        """Close the present phase."""
        if self._console.is_terminal:
            self._progress.stop()
        if self._phase:
            seconds = time.monotonic() - self._since
            self._console.print(f"{self._phase}: {seconds:.1f} s", highlight=False)
            self._phase = ""


def show_report(report: DemoReport, console: Console) -> None:
    """Print addresses, logins and keys, and a command to try."""
    for tenant in report.tenants:
        console.print()
        _show_tenant(tenant, console)
    first = report.tenants[0]
    key = next(user.api_key for user in first.users if user.role == "recruiter")
    console.print()
    _print_plain(console, f"API:        {report.base_url}/api/v1")
    _print_plain(console, f"Reference:  {report.base_url}/api/docs")
    _print_plain(console, f"Database:   {report.database_url}")
    console.print()
    console.print("Try:")
    _print_plain(
        console, f"curl -H 'Authorization: Bearer {key}' '{report.base_url}/api/v1/jobs?limit=3'"
    )
    console.print()


def _show_tenant(tenant: TenantReport, console: Console) -> None:
    # No table: a narrow terminal would cut the keys.
    _print_plain(console, f"{tenant.slug} ({tenant.plan})  http://{tenant.host}")
    width = max(len(user.email) for user in tenant.users)
    for user in tenant.users:
        who = f"  {user.role:<12} {user.email:<{width}}  {user.password}"
        _print_plain(console, f"{who}  {user.api_key}")


def _print_plain(console: Console, text: str) -> None:
    # Unwrapped, so that it can be copied whole.
    console.print(text, soft_wrap=True, markup=False, highlight=False)
