"""Nobody waits for a storage that is away, and it is noticed when it is back."""

import asyncio

import pytest
from obstore.exceptions import GenericError

from core.shared.errors import NotFound, Unavailable
from plugins.s3_files.bucket import (
    AWAY_SECONDS,
    FAILURES,
    Bucket,
    Storage,
    open_bucket,
)


class Stopwatch:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def storage(stopwatch: Stopwatch) -> Storage:
    bucket = Bucket(name="bucket", access_key_id="key", secret_access_key="secret")
    return Storage(bucket, open_bucket(bucket).store, stopwatch)


async def fail(at: Storage, error: Exception) -> bool:
    """Whether the storage was asked at all."""
    asked = []

    async def use() -> None:
        async with at.reach("Not now."):
            asked.append(at)
            raise error

    with pytest.raises(Unavailable, match="Not now"):
        await use()
    return bool(asked)


async def test_after_some_failures_it_is_not_asked_for_a_while() -> None:
    stopwatch = Stopwatch()
    away = storage(stopwatch)
    for error in (GenericError("x"), OSError("x"), TimeoutError())[:FAILURES]:
        assert await fail(away, error)
    assert not await fail(away, OSError("x"))
    stopwatch.now += AWAY_SECONDS
    assert await fail(away, OSError("x")), "one tries it again"
    assert not await fail(away, OSError("x")), "and the others go on"
    stopwatch.now += AWAY_SECONDS
    async with away.reach("Not now."):
        pass
    assert await fail(away, OSError("x")), "it is back"


async def test_only_one_at_a_time_tries_what_was_away() -> None:
    stopwatch = Stopwatch()
    away = storage(stopwatch)
    for _ in range(FAILURES):
        await fail(away, OSError("x"))
    stopwatch.now += AWAY_SECONDS
    async with away.reach("Not now."):
        assert not await fail(away, OSError("x"))


async def test_what_takes_too_long_is_unavailable() -> None:
    slow = storage(Stopwatch())
    with pytest.raises(Unavailable):
        async with slow.reach("Not now.", seconds=0.0):
            await asyncio.sleep(5)


async def test_other_errors_go_through_and_are_no_failures_of_it() -> None:
    there = storage(Stopwatch())
    for _ in range(FAILURES + 1):
        with pytest.raises(NotFound):
            async with there.reach("Not now."):
                raise NotFound("no such file")
