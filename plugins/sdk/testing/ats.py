"""The contract of `Ats`: every adapter to another applicant tracking system passes this suite."""

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import uuid4

import msgspec

from core.ports.ats import (
    Ats,
    AtsRefused,
    AtsUnavailable,
    CursorLost,
    ExternalApplication,
    NewApplication,
)
from plugins.sdk.testing.expecting import expect_raises


class AtsVendor(Protocol):
    """The other side, as the test commands it: it has one open job with three or more stages."""

    def job(self) -> str:
        """Return the reference of the open job."""
        ...

    def closed_job(self) -> str:
        """Return the reference of a job that is closed."""
        ...

    def apply(self, full_name: str) -> str:
        """Let somebody apply there; return the application's reference."""
        ...

    def forget_cursors(self) -> None:
        """Let every cursor given out so far be unknown."""
        ...

    def be_away(self) -> None:
        """Answer nothing until further notice."""
        ...


class AtsRig(Protocol):
    """An adapter and the vendor that it talks to."""

    @property
    def ats(self) -> Ats:
        """The adapter."""
        ...

    @property
    def vendor(self) -> AtsVendor:
        """Its vendor."""
        ...


def sample_application(job: str) -> NewApplication:
    """Return an application to be made."""
    return NewApplication(
        id=uuid4(),
        job=job,
        full_name="Siobhán O'Brien-Łukasz",
        email=f"{uuid4().hex}@example.com",
        phone="+353 1 234 5678",
    )


async def read_all(ats: Ats, cursor: str | None) -> tuple[list[ExternalApplication], str]:
    """Return every change after `cursor`, and where to go on."""
    found: list[ExternalApplication] = []
    for _ in range(1_000):
        page = await ats.changes(cursor)
        found += page.applications
        cursor = page.cursor
        if not page.more:
            return found, cursor
    raise AssertionError("the changes never end")


class AtsContract(ABC):
    """What holds of every adapter."""

    @abstractmethod
    def rig(self) -> AbstractAsyncContextManager[AtsRig]:
        """Give an adapter and a vendor without applications."""

    async def test_jobs_are_listed(self) -> None:
        async with self.rig() as rig:
            jobs = {job.reference: job for job in await rig.ats.jobs()}
            assert jobs[rig.vendor.job()].is_open
            assert len(jobs[rig.vendor.job()].stages) >= 3
            assert not jobs[rig.vendor.closed_job()].is_open

    async def test_an_application_is_made_once(self) -> None:
        async with self.rig() as rig:
            wanted = sample_application(rig.vendor.job())
            made = await rig.ats.create(wanted)
            assert (made.full_name, made.email) == (wanted.full_name, wanted.email)
            assert (await rig.ats.create(wanted)).reference == made.reference
            everything, _ = await read_all(rig.ats, None)
            assert {each.reference for each in everything} == {made.reference}

    async def test_no_change_is_missed(self) -> None:
        async with self.rig() as rig:
            names = [f"Person {number}" for number in range(130)]
            references = {rig.vendor.apply(name) for name in names}
            found, cursor = await read_all(rig.ats, None)
            assert {each.reference for each in found} == references
            later = rig.vendor.apply("One more")
            found, cursor = await read_all(rig.ats, cursor)
            assert later in {each.reference for each in found}
            stage = (await self._stages(rig))[1]
            await rig.ats.move(later, stage)
            found, _ = await read_all(rig.ats, cursor)
            assert [each.stage for each in found if each.reference == later] == [stage]

    async def test_a_move_that_is_done_stays_done(self) -> None:
        async with self.rig() as rig:
            reference = rig.vendor.apply("Ada")
            stage = (await self._stages(rig))[2]
            assert (await rig.ats.move(reference, stage)).stage == stage
            assert (await rig.ats.move(reference, stage)).stage == stage

    async def test_a_rejection_that_is_done_stays_done(self) -> None:
        async with self.rig() as rig:
            reference = rig.vendor.apply("Ada")
            assert (await rig.ats.reject(reference, "Too few years")).stage is None
            assert (await rig.ats.reject(reference, "Too few years")).stage is None
            stage = (await self._stages(rig))[1]
            await expect_raises(AtsRefused, rig.ats.move(reference, stage))

    async def test_what_cannot_be_is_refused(self) -> None:
        async with self.rig() as rig:
            reference = rig.vendor.apply("Ada")
            closed = sample_application(rig.vendor.closed_job())
            nowhere = msgspec.structs.replace(closed, id=uuid4(), job="no-such-job")
            for work in (
                rig.ats.create(closed),
                rig.ats.create(nowhere),
                rig.ats.move(reference, "No such stage"),
                rig.ats.move("no-such-application", (await self._stages(rig))[1]),
                rig.ats.reject("no-such-application", "Why not"),
            ):
                await expect_raises(AtsRefused, work)

    async def test_a_lost_cursor_is_told_so(self) -> None:
        async with self.rig() as rig:
            rig.vendor.apply("Ada")
            _, cursor = await read_all(rig.ats, None)
            rig.vendor.forget_cursors()
            await expect_raises(CursorLost, rig.ats.changes(cursor))
            found, _ = await read_all(rig.ats, None)
            assert len(found) == 1

    async def test_a_vendor_that_is_away_is_told_so(self) -> None:
        async with self.rig() as rig:
            reference = rig.vendor.apply("Ada")
            wanted = sample_application(rig.vendor.job())
            rig.vendor.be_away()
            for work in (
                rig.ats.jobs(),
                rig.ats.changes(None),
                rig.ats.create(wanted),
                rig.ats.move(reference, "Interview"),
                rig.ats.reject(reference, "Why not"),
            ):
                await expect_raises(AtsUnavailable, work)

    async def _stages(self, rig: AtsRig) -> tuple[str, ...]:
        jobs = await rig.ats.jobs()
        return next(job.stages for job in jobs if job.reference == rig.vendor.job())
