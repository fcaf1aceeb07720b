"""Deliveries that a worker makes together: within bounds, one tenant's faults its own, and given
back when the worker is stopped.
"""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from core.shared.ids import TenantId
from plugins.postgres.task_claims import Claim, Due
from tests.fixtures.examined import Examined
from workers.attempts import GATHERED, TRANSACTIONS, Attempts
from workers.watchdog import Watchdog


class Runner:
    """Stands for `tenants.tasks.TaskRunner`, and notes what runs."""

    def __init__(self, *, fails: TenantId | Claim | None = None, hangs: bool = False) -> None:
        self._fails = fails
        self._hangs = hangs
        self.at_once = self.most_at_once = 0
        self.together: list[Sequence[Claim]] = []
        self.apart: list[Claim] = []
        self.begun = asyncio.Event()
        self.said: list[str] = []

    def gathers(self, claim: Claim) -> bool:
        return claim.subscriber == "tell"

    def may_be_together(self, _claim: Claim) -> bool:
        return True

    def limit_seconds(self, _claim: Claim) -> float:
        return 30.0

    async def run_together(self, claims: Sequence[Claim]) -> None:
        self.together.append(claims)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.begun.set()
        try:
            for _ in range(5):
                await asyncio.sleep(0)
            if self._hangs:
                await asyncio.Event().wait()
            if self._fails in (claims[0].tenant_id, *claims):
                raise RuntimeError("it was asked to fail")
        finally:
            self.at_once -= 1
            self.said.append("over")

    async def run(self, claim: Claim) -> None:
        self.apart.append(claim)


class Leases:
    """Stands for the relay's connection."""

    def __init__(self, claims: Sequence[Claim], said: list[str]) -> None:
        self._claims = claims
        self._said = said
        self.lost = asyncio.Event()
        self.answers = asyncio.Event()
        self.answers.set()
        self.asked = asyncio.Event()
        self.released: list[Claim] = []

    async def begin(self, _dues: Sequence[Due], _lease: Any) -> list[Claim]:
        self.asked.set()
        await self.answers.wait()
        return list(self._claims)

    async def release(self, claims: Sequence[Claim]) -> None:
        self._said.append("released")
        self.released += claims

    async def close(self) -> None:
        self._said.append("closed")


def claims_of(tenant_id: TenantId, number: int, subscriber: str = "tell") -> list[Claim]:
    return [Claim(tenant_id, uuid4(), "x", subscriber, None, None, 1) for _ in range(number)]


def attempts_of(runner: Runner, **how: Any) -> Attempts:
    return Attempts(runner, "", Watchdog(), **how)  # type: ignore[arg-type]


def a_tenant(number: int = 1) -> TenantId:
    return TenantId(UUID(int=number))


@pytest.mark.parametrize("subscriber", ["tell", "other"])
async def test_what_runs_together_at_the_end_is_over_before_it_is_given_back(
    subscriber: str, examined: Examined
) -> None:
    runner = Runner(hangs=True)
    attempts, claims = attempts_of(runner), claims_of(a_tenant(), 3, subscriber)
    leases = Leases(claims, runner.said)
    attempts._leases = leases  # type: ignore[assignment]
    attempts.handle([Due(each.tenant_id, each.task_id, "") for each in claims], lambda: None)
    async with asyncio.timeout(30):
        await runner.begun.wait()
        await attempts.stop()
    assert runner.said == ["over", "released", "closed"], "its rows were locked still"
    assert runner.at_once == 0
    assert sorted(leases.released, key=str) == sorted(claims, key=str)
    examined("claims", len(leases.released))


async def test_what_is_begun_in_the_last_moment_is_given_back_as_well() -> None:
    runner = Runner(hangs=True)
    attempts, claims = attempts_of(runner), claims_of(a_tenant(), 3)
    leases = Leases(claims, runner.said)
    leases.answers.clear()
    attempts._leases = leases  # type: ignore[assignment]
    attempts.handle([Due(each.tenant_id, each.task_id, "") for each in claims], lambda: None)
    async with asyncio.timeout(30):
        await leases.asked.wait()
        stopping = asyncio.create_task(attempts.stop())
        await asyncio.sleep(0)
        leases.answers.set()
        await stopping
    assert sorted(leases.released, key=str) == sorted(claims, key=str)
    assert runner.at_once == 0


async def test_one_tenants_fault_parts_nobody_elses(examined: Examined) -> None:
    bad, good = a_tenant(1), a_tenant(2)
    runner = Runner(fails=bad)
    attempts = attempts_of(runner)
    await attempts._make(claims_of(bad, 5) + claims_of(good, 5))
    assert [each.tenant_id for each in runner.apart] == [bad] * 5
    runner.together.clear()
    await attempts._make(claims_of(bad, 5) + claims_of(good, 5))
    assert {each.tenant_id for each in runner.apart} == {bad}
    assert len(runner.apart) == 10
    ((*others,),) = runner.together
    assert {each.tenant_id for each in others} == {good}
    examined("claims", 20)


async def test_many_tenants_at_once_are_made_some_at_a_time(examined: Examined) -> None:
    runner = Runner()
    tenants = [a_tenant(number) for number in range(1, 41)]
    each_two = [claim for tenant_id in tenants for claim in claims_of(tenant_id, 2)]
    await attempts_of(runner)._make(each_two)
    assert len(runner.together) == len(tenants)
    assert 1 < runner.most_at_once <= TRANSACTIONS
    narrow = Runner()
    await attempts_of(narrow, transactions=1)._make(each_two)
    assert narrow.most_at_once == 1
    examined("transactions", len(runner.together))


async def test_however_many_wait_a_transaction_has_a_bound(examined: Examined) -> None:
    runner = Runner()
    attempts, claims = attempts_of(runner), claims_of(a_tenant(), 4 * GATHERED)
    size = 25
    groups = [claims[first : first + size] for first in range(0, len(claims), size)]
    await asyncio.gather(*(attempts._make(group) for group in groups))
    made = [each for together in runner.together for each in together]
    assert sorted(map(str, made)) == sorted(map(str, claims)), "each once"
    assert runner.apart == []
    assert max(map(len, runner.together)) == GATHERED
    examined("claims", len(made))


async def test_of_what_was_split_only_the_part_that_failed_is_made_again() -> None:
    claims = claims_of(a_tenant(), GATHERED + 10)
    runner = Runner(fails=claims[3])
    await attempts_of(runner)._make(claims)
    assert runner.apart == claims[:GATHERED]
    assert list(map(len, runner.together)) == [GATHERED, 10]
