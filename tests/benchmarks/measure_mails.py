"""Ten thousand e-mails, each worded for its receiver and handed to a mail server on this machine.

The peer is a bare loop of Python's own `smtplib`: one connection, messages that are ready. Ours
renders each from its template, writes HTML and text as MIME, and gives it to the plugin `smtp`,
which goes through the guarded way out. What workers write down about each message is not part of
it: `measure_tasks.py` has that.
"""

import asyncio
import smtplib
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final, cast
from uuid import uuid4

import click

from core.ports.messaging import Mailbox, OutgoingEmail
from core.ports.outbound import OutboundConnections
from core.shared.ids import TenantId
from core.templates.kinds import KINDS, LANGUAGES, sample_values
from core.templates.rendering import render
from plugins.outbound.network import OutboundNetwork
from plugins.sdk.context import PluginTenant
from plugins.smtp.client import SmtpMessaging
from plugins.smtp.mime import build
from plugins.smtp.settings import SmtpSettings
from tests.benchmarks.machine import pin
from tests.benchmarks.measure_templates import LETTERHEAD
from tests.benchmarks.results import Row, ratio_of
from tests.benchmarks.servers import clean_environment
from tests.benchmarks.setting import Setting
from tests.fixtures.repository import ROOT

MAILS: Final = 10_000
IN_FLIGHT: Final = 16
LEAST: Final = 0.5
_BARE: Final = 3_000
"""Enough for a rate of the peer."""
_READY: Final = 200
"""Different messages that the peer sends again and again."""
_SENDER: Final = Mailbox("jobs@acme.example", "Acme Robotics")
_KINDS: Final = tuple((kind, language) for kind in KINDS.values() for language in LANGUAGES)


class _Context:
    """As much of a plugin's context as sending asks for."""

    def __init__(self, port: int, network: OutboundConnections) -> None:
        self.settings = SmtpSettings(host="127.0.0.1", port=port, security="none")
        self.network = network
        self.tenant = PluginTenant(TenantId(uuid4()), "acme", "Acme", "UTC", "en", "scale")

    def now(self) -> datetime:
        return datetime.now(UTC)


async def measure(setting: Setting) -> list[Row]:
    """Both in turn, in each round; every message must have come, once."""
    ours, bare = [], []
    ready = [build(_mail(number), datetime.now(UTC)) for number in range(_READY)]
    async with _sink(setting) as (port, taken):
        for _ in range(setting.rounds):
            bare.append(await asyncio.to_thread(_loop, port, ready))
            ours.append(await _send_all(port))
            click.echo(f"  {ours[-1]:,.0f} of {bare[-1]:,.0f} messages/s")
        counts = await taken()
    wanted = (MAILS + _BARE) * setting.rounds
    different = MAILS * setting.rounds + _READY
    if counts != (wanted, different):
        raise RuntimeError(f"the server took {counts}, not {(wanted, different)}")
    ratio = ratio_of(ours, bare)
    return [
        Row(
            name=f"{MAILS:,} e-mails, worded and handed to a mail server",
            unit="messages/s",
            peer="smtplib, messages ready",
            ours_rounds=ours,
            peer_rounds=bare,
            aim=f"at least {LEAST:g} of the peer",
            is_met=ratio >= LEAST,
            ratio=ratio,
            machine=setting.machine_line,
            note=f"{IN_FLIGHT} in flight, the peer sends one after the other. "
            f"{len(KINDS)} kinds in {len(LANGUAGES)} languages. The server is aiosmtpd on a core "
            "of its own.",
        )
    ]


def _mail(number: int) -> OutgoingEmail:
    kind, language = _KINDS[number % len(_KINDS)]
    name = f"Ada Lovelace {number}"
    mail = render(
        kind.first_text(language),
        {**sample_values(kind), "candidate_name": name},
        language=language,
        letterhead=LETTERHEAD,
    )
    made = uuid4()
    return OutgoingEmail(
        id=made,
        message_id=f"<{made}@acme.example>",
        sender=_SENDER,
        to=Mailbox(f"ada{number}@example.com", name),
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        reply_to=_SENDER,
    )


async def _send_all(port: int) -> float:
    network = OutboundNetwork(networks=("127.0.0.1/32",), ports=(port,))
    context = cast("Any", _Context(port, network.connections(frozenset({"*"}))))
    numbers = iter(range(MAILS))

    async def send() -> None:
        for number in numbers:
            await SmtpMessaging(context).send(_mail(number))

    began = time.perf_counter()
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(IN_FLIGHT):
                group.create_task(send())
    finally:
        await network.close()
    return MAILS / (time.perf_counter() - began)


def _loop(port: int, ready: list[bytes]) -> float:
    began = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as server:
        for number in range(_BARE):
            server.sendmail(
                _SENDER.address, [f"ada{number}@example.com"], ready[number % len(ready)]
            )
    return _BARE / (time.perf_counter() - began)


@asynccontextmanager
async def _sink(setting: Setting) -> AsyncIterator[tuple[int, Any]]:
    """Start the mail server; yields its port and what asks it at the end for its counts."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.benchmarks.mail_sink",
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    output = process.stdout

    async def taken() -> tuple[int, ...]:
        process.terminate()
        return tuple(int(each) for each in (await output.readline()).split())

    try:
        port = int(await output.readline())
        pin(process.pid, setting.cores.server)
        yield port, taken
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
