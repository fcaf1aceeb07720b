"""Lets only so many commands at once wait for the storage of files.

Such a command keeps its transaction open meanwhile, and with it one of the process's connections:
a storage that hangs would soon have all of them. Who waits here has none yet. Called by the scope.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, get_type_hints

from core.careers.ports import Applicants
from core.messages.reply_ports import CandidateFiles
from core.ports.files import FileStore
from core.shared.errors import Unavailable
from core.shared.usecase import UseCase

STORING: Final = frozenset({FileStore, Applicants, CandidateFiles})
"""Ports through which a command may store or remove files."""
PATIENCE_SECONDS: Final = 10.0


class FileTurns:
    """As many turns as there are `places`."""

    def __init__(
        self,
        use_cases: Mapping[type, tuple[UseCase, Any]],
        places: int,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._taking = frozenset(
            request
            for request, (use_case, _) in use_cases.items()
            if not use_case.is_query and STORING & set(get_type_hints(use_case.run).values())
        )
        self._places = asyncio.Semaphore(places)
        self._patience = patience_seconds

    def are_taken_by(self, request: type) -> bool:
        """Whether a command takes a turn."""
        return request in self._taking

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn and keep it. Raises Unavailable when none comes."""
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError:
            message = "Too many files are being stored at the moment. Try again."
            raise Unavailable(message) from None
        try:
            yield
        finally:
            self._places.release()
