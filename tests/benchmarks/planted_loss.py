"""Proves before each measurement that the client finds what a server loses, repeats or reorders.

Called by `measure_streams`: a fan-out whose checker sees nothing could lose events unnoticed.
"""

import asyncio
from typing import Final

from tests.benchmarks.stream_client import Ask, StreamClient, StreamsLostError

STREAMS: Final = 3
EVENTS: Final = 5
_WAIT_SECONDS: Final = 5.0

# What one of the streams is told; the others are told 0, 1, 2, 3, 4.
DEFECTS: Final[dict[str, tuple[int, ...]]] = {
    "an event is lost": (0, 1, 3, 4),
    "an event comes twice": (0, 1, 2, 2, 3, 4),
    "two events change places": (0, 2, 1, 3, 4),
    "a stream is closed": (0, 1, 2, 3, 4, -1),
    "the last event is lost": (0, 1, 2, 3),
}


async def prove(core: int) -> int:
    """Return how many planted defects were found. Raises RuntimeError when one wasn't."""
    if not await _is_complete(tuple(range(EVENTS)), core):
        raise RuntimeError("the client finds fault with streams that are complete")
    for name, told in DEFECTS.items():
        if await _is_complete(told, core):
            raise RuntimeError(f"the client doesn't notice that {name}")
    return len(DEFECTS)


async def _is_complete(told: tuple[int, ...], core: int) -> bool:
    """Whether the client is content when one of its streams is told these events."""
    streams: list[asyncio.StreamWriter] = []

    async def open_stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        streams.append(writer)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nready\n")

    server = await asyncio.start_server(open_stream, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    ask = Ask("GET / HTTP/1.1\r\n\r\n", "ready")
    try:
        async with StreamClient(port, ask, STREAMS, EVENTS, core) as client:
            for number, writer in enumerate(streams):
                for event in told if number == 1 else range(EVENTS):
                    if event < 0:
                        writer.close()
                    else:
                        # In two pieces: a token may be cut anywhere.
                        writer.write(b"data: ben")
                        await asyncio.sleep(0.001)
                        writer.write(b"ch-%08d\n\n" % event)
            await client.until(EVENTS - 1, _WAIT_SECONDS if told[-1] >= EVENTS - 1 else 0.5)
            await asyncio.sleep(0.05)
            await client.check()
    except StreamsLostError:
        return False
    finally:
        for writer in streams:
            writer.close()
        server.close()
    return True
