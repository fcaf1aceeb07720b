"""A mail server that takes everything and keeps nothing but the count; started by `measure_mails`.

Says its port in its first line, and at SIGTERM how many messages came, and how many different ones.
"""

import asyncio
import re
import signal
from typing import Any, Final

import click
import uvloop
from aiosmtpd.smtp import SMTP

_MESSAGE_ID: Final = re.compile(rb"^Message-ID:\s*(\S+)", re.MULTILINE | re.IGNORECASE)


class Counter:
    """What came."""

    def __init__(self) -> None:
        self.taken = 0
        self.ids: set[bytes] = set()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Count the message; the name is the library's."""
        self.taken += 1
        found = _MESSAGE_ID.search(envelope.content)
        if found is not None:
            self.ids.add(found[1])
        return "250 OK"


async def main() -> None:
    """Serve until SIGTERM."""
    counter, stopped = Counter(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    server = await loop.create_server(
        lambda: SMTP(counter, hostname="sink", loop=loop), "127.0.0.1", 0, backlog=512
    )
    click.echo(server.sockets[0].getsockname()[1])
    await stopped.wait()
    click.echo(f"{counter.taken} {len(counter.ids)}")


if __name__ == "__main__":
    uvloop.run(main())
