"""Makes one call of many requests of the same moment; `workers.attempts` asks so."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from core.shared.ids import TenantId

Key = tuple[TenantId, UUID]


class Coalesced:
    """Asks for many things in one call: what comes during a call goes into the next one."""

    def __init__(
        self, call: Callable[[list[Any]], Awaitable[dict[Key, Any]]], most: int | None = None
    ) -> None:
        """Ask `call`, for at most so many things at once."""
        self._call = call
        self._most = most
        self._waiting: dict[Key, tuple[Any, asyncio.Future[Any]]] = {}
        self._asked: set[Key] = set()
        self._flushing: asyncio.Task[None] | None = None

    def __contains__(self, key: Key) -> bool:
        return key in self._waiting or key in self._asked

    async def ask_all(self, requests: Mapping[Key, Any]) -> dict[Key, Any]:
        """Return what the call says of each key that it says anything of. Raises what it raises."""
        if not requests:
            return {}
        loop = asyncio.get_running_loop()
        futures = {key: loop.create_future() for key in requests}
        self._waiting |= {key: (requests[key], future) for key, future in futures.items()}
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        await asyncio.wait(futures.values())
        # All are looked at, or asyncio complains of those that nobody looked at.
        for error in [future.exception() for future in futures.values()]:
            if error is not None:
                raise error
        answers = {key: future.result() for key, future in futures.items()}
        return {key: answer for key, answer in answers.items() if answer is not None}

    async def settle(self, seconds: float) -> None:
        """Wait until nothing is asked any more, or for so long."""
        if self._flushing is not None:
            await asyncio.wait((self._flushing,), timeout=seconds)

    async def end(self) -> None:
        """Cut the present call short. Whoever asked is never answered: they are to be gone."""
        if self._flushing is not None:
            self._flushing.cancel()
            await asyncio.gather(self._flushing, return_exceptions=True)

    async def _flush(self) -> None:
        try:
            while self._waiting:
                first = list(self._waiting)[: self._most]
                batch = {key: self._waiting.pop(key) for key in first}
                self._asked = set(batch)
                await self._answer(batch)
                self._asked = set()
        finally:
            self._flushing = None

    async def _answer(self, batch: dict[Key, tuple[Any, "asyncio.Future[Any]"]]) -> None:
        try:
            answers = await self._call([request for request, _ in batch.values()])
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            for _, future in batch.values():
                if not future.done():
                    future.set_exception(error)
            return
        for key, (_, future) in batch.items():
            if not future.done():
                future.set_result(answers.get(key))
