"""The limit: the same SQL function and the same JSON through bare ASGI, and nothing else.

Run by uvicorn; BENCH_DATABASE_URL says where and BENCH_TENANT whose candidates.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from core.candidates.contracts import CandidateRow
from core.shared.cursor import encode_cursor
from core.shared.paging import Page
from tests.benchmarks.peers.cursor import Newest

_SQL = "SELECT * FROM list_candidates_v1($1, $2, $3, $4, $5)"
_encode = msgspec.json.Encoder().encode

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """Nothing to reset: each read is a transaction of its own."""

    def get_reset_query(self) -> str:
        return ""


class Bare:
    """An ASGI application with one answer."""

    def __init__(self) -> None:
        self._pool: Any = None
        self._tenant = UUID(os.environ["BENCH_TENANT"])

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        limit = int(scope["query_string"].rpartition(b"=")[2] or b"50")
        rows = await self._pool.fetch(_SQL, self._tenant, limit + 1, None, None, None)
        items = [CandidateRow(*row) for row in rows[:limit]]
        last = items[-1]
        body = _encode(Page(items, encode_cursor(Newest(last.created_at, last.id))))
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    (b"content-type", b"application/json"),
                    (b"content-length", str(len(body)).encode()),
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._pool = await asyncpg.create_pool(
            os.environ["BENCH_DATABASE_URL"],
            min_size=10,
            max_size=10,
            connection_class=_Connection,
            server_settings={"jit": "off", "timezone": "UTC"},
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._pool.close()
        await send({"type": "lifespan.shutdown.complete"})


app = Bare()
