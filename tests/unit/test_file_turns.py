"""Commands that store files wait for a turn before they open a transaction; no other does."""

import asyncio
import contextlib

import pytest

from core.candidates.contracts import AddFile, CreateCandidate, DownloadFile, RemoveFiles
from core.careers.contracts import Apply
from core.shared.errors import Unavailable
from tenants.file_turns import FileTurns
from tenants.wiring.all import wire


def test_whoever_may_store_files_takes_a_turn() -> None:
    turns = FileTurns(wire(), places=1)
    assert all(turns.are_taken_by(each) for each in (AddFile, RemoveFiles, Apply))
    assert not any(turns.are_taken_by(each) for each in (CreateCandidate, DownloadFile))


async def test_a_turn_comes_when_another_ends_or_is_refused() -> None:
    turns = FileTurns({}, places=2, patience_seconds=0.05)
    async with turns.turn(), turns.turn():
        with pytest.raises(Unavailable, match="Too many files"):
            await turns.turn().__aenter__()
    async with turns.turn(), turns.turn():
        pass


async def test_a_turn_is_given_back_whatever_happens() -> None:
    turns = FileTurns({}, places=1, patience_seconds=1.0)
    with contextlib.suppress(ValueError):
        async with turns.turn():
            raise ValueError
    async with turns.turn():
        waiting = asyncio.create_task(turns.turn().__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with turns.turn():
        pass
