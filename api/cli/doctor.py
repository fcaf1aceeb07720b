"""`intellimatch doctor`: what runs, which versions, what is wrong and what to do."""

import asyncio
import os
import sys

import click
import msgspec

from tenants.diagnosis import diagnose
from tenants.findings import Finding, Status

_COLOURS = {Status.OK: "green", Status.WARNING: "yellow", Status.PROBLEM: "red"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document for programs.")
def command(*, as_json: bool) -> None:
    """Say what runs, what is wrong and what to do.

    Starts nothing. The exit code is 1 when there is a problem, else 0.
    """
    findings = asyncio.run(diagnose(os.environ))
    healthy = all(finding.status is not Status.PROBLEM for finding in findings)
    if as_json:
        document = {"healthy": healthy, "findings": findings}
        click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
    else:
        for finding in findings:
            _show(finding)
    sys.exit(0 if healthy else 1)


def _show(finding: Finding) -> None:
    status = click.style(f"{finding.status:<8}", fg=_COLOURS[finding.status])
    click.echo(f"{status} {finding.subject}: {finding.message}")
    if finding.remedy:
        click.echo(f"{'':8} -> {finding.remedy}")
