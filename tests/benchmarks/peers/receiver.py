"""Takes HTTP requests and says 202 at once; says its port in its first line. Ends at SIGTERM."""

import asyncio
import signal
from typing import Final, cast

import click
import uvloop

_ANSWER: Final = (
    b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
)
_END: Final = b"\r\n\r\n"


class Receiver(asyncio.Protocol):
    """One connection, kept open; requests have a Content-Length or no body."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        # uvloop's is no subclass of it.
        self._transport = cast("asyncio.Transport", transport)
        self._left = b""

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self._left += data
        while (end := self._left.find(_END)) >= 0:
            head = self._left[:end].lower()
            _, _, length = head.partition(b"content-length:")
            whole = end + len(_END) + int(length.split(b"\r\n")[0] or 0)
            if len(self._left) < whole:
                return
            self._left = self._left[whole:]
            self._transport.write(_ANSWER)


async def main() -> None:
    """Serve until SIGTERM."""
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    server = await loop.create_server(Receiver, "127.0.0.1", 0, backlog=1024)
    click.echo(server.sockets[0].getsockname()[1])
    await stopped.wait()


if __name__ == "__main__":
    uvloop.run(main())
