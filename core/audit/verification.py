"""Judges a tenant's chain and names what happened to it; fed row by row by `tenants.auditing`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from core.audit.chain import ChainKeys, Seal, StoredEntry
from core.audit.contracts import SignedHead
from core.shared.ids import TenantId

What = Literal["edited", "deleted", "reordered", "inserted", "cut_off", "head_forged"]

_NEAR: Final = (1, -1, 2, -2, 3, -3)
_COMPARED: Final = 200
"""Entries that don't fit their place are compared with one another up to this many."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that was done to a chain. Positions are inclusive; None where there is none."""

    what: What
    first: int | None
    last: int | None
    entry_id: UUID | None
    detail: str


class Unsealed(msgspec.Struct, frozen=True):
    """What waits for its seal, and what is amiss among it."""

    waiting: int = 0
    oldest_at: datetime | None = None
    """When the oldest of them was put in line."""
    never_queued: tuple[UUID, ...] = ()
    """Entries with neither seal nor place in line, at most 100: no application wrote them."""
    vanished: tuple[UUID, ...] = ()
    """Entries in line that are gone, at most 100."""


class Examined(msgspec.Struct, frozen=True):
    """The judgement on one tenant's chain."""

    tenant_id: TenantId
    tenant: str
    """Its slug."""
    sealed: int
    """How many seals were examined."""
    heads: int
    """How many signed heads were examined."""
    unsealed: int
    unsealed_since: datetime | None
    findings: tuple[Finding, ...]


class _Misfit(msgspec.Struct):
    """An entry that isn't what was sealed at its position."""

    position: int
    belongs_at: int | None
    entry_id: UUID
    body: bytes
    mark: bytes


class ChainExamination:
    """Takes the seals of one tenant in order, each with its entry, and then says what is wrong."""

    def __init__(self, keys: ChainKeys, heads: Iterable[SignedHead]) -> None:
        self._keys = keys
        self._findings: list[Finding] = []
        self._heads: dict[int, set[bytes]] = {}
        self.sealed = 0
        self.heads = 0
        for head in heads:
            self.heads += 1
            if keys.holds(head):
                self._heads.setdefault(head.position, set()).add(head.hash)
            else:
                self._add("head_forged", head.position, "the signature of this head is not ours")
        self._previous: bytes | None = keys.genesis
        self._next = 1
        self._is_clean = True
        self._misfits: list[_Misfit] = []
        self._broken_heads: list[int] = []

    def feed(self, seal: Seal, entry: StoredEntry | None) -> None:
        """Examine the next seal and the entry that it names."""
        self.sealed += 1
        if seal.position > self._next:
            self._gap(seal.position)
        if entry is None:
            self._add(
                "deleted", seal.position, "the entry is gone, its seal remains", seal.entry_id
            )
            self._is_clean = False
        else:
            self._compare(seal, self._keys.canonical(entry))
        if any(signed != seal.hash for signed in self._heads.get(seal.position, ())):
            self._broken_heads.append(seal.position)
        self._previous = seal.hash
        self._next = seal.position + 1

    def finish(self, unsealed: Unsealed) -> tuple[Finding, ...]:
        """Return everything that was found, by position."""
        newest = max(self._heads, default=0)
        end = self._next - 1
        self._find_places()
        shifted = self._shift(end)
        moved = _offset(shifted[0]) if shifted else 0
        if end - moved < newest:
            detail = "a signed head proves that entries and seals were there"
            self._add("cut_off", end + 1, detail, last=newest + moved)
        if end - moved > newest:
            detail = "no signed head covers these; the sealer signs whatever it seals"
            self._add("inserted", newest + moved + 1, detail, last=end)
        explained = set(range(newest + 1, end + 1)) | self._judge_shift(shifted, moved)
        self._judge_misfits(explained)
        for position in self._broken_heads:
            if not any((each.first or 0) <= position for each in self._findings):
                detail = "the chain doesn't lead to the head that was signed here"
                self._add("edited", position, detail)
        for entry_id in unsealed.never_queued:
            self._add("inserted", None, "neither sealed nor in line to be sealed", entry_id)
        for entry_id in unsealed.vanished:
            self._add("deleted", None, "gone before it was sealed", entry_id)
        return tuple(sorted(self._findings, key=lambda each: (each.first is None, each.first or 0)))

    def _add(
        self,
        what: What,
        first: int | None,
        detail: str,
        entry_id: UUID | None = None,
        *,
        last: int | None = None,
    ) -> None:
        self._findings.append(Finding(what, first, last or first, entry_id, detail))

    def _gap(self, position: int) -> None:
        detail = "entries and seals are gone"
        self._add("deleted", self._next, detail, last=position - 1)
        # A head that was signed in the gap still says what the next one is chained to.
        signed = self._heads.get(position - 1, set())
        self._previous = next(iter(signed)) if len(signed) == 1 else None

    def _compare(self, seal: Seal, body: bytes) -> None:
        if self._keys.mark(seal.position, body) != seal.mark:
            self._misfits.append(
                _Misfit(seal.position, self._near(seal, body), seal.entry_id, body, seal.mark)
            )
            self._is_clean = False
            return
        fits = self._previous is None or seal.hash == self._keys.hash(
            self._previous, seal.position, body
        )
        # Behind something that is wrong already, a link that doesn't fit says nothing new.
        if not fits and self._is_clean:
            self._add("edited", seal.position, "its seal's hash was changed", seal.entry_id)
        self._is_clean = fits

    def _near(self, seal: Seal, body: bytes) -> int | None:
        for offset in _NEAR:
            place = seal.position - offset
            if place > 0 and self._keys.mark(place, body) == seal.mark:
                return place
        return None

    def _judge_shift(self, shifted: list[_Misfit], moved: int) -> set[int]:
        """Name what moved the end of the chain; return the positions that this explains."""
        if not shifted:
            return set()
        start = shifted[0].position
        if moved > 0:
            detail = "everything behind was moved to make room"
            self._add("inserted", start - moved, detail, last=start - 1)
        else:
            detail = "entries and seals are gone; everything behind was moved to close the gap"
            self._add("deleted", start, detail, last=start - moved - 1)
        return set(range(min(start, start - moved), shifted[-1].position + 1))

    def _judge_misfits(self, explained: set[int]) -> None:
        for misfit in self._misfits:
            if misfit.position in explained:
                continue
            if misfit.belongs_at is None:
                detail = "the entry is not what was sealed"
                self._add("edited", misfit.position, detail, misfit.entry_id)
            else:
                detail = f"the entry here was sealed at position {misfit.belongs_at}"
                self._add("reordered", misfit.position, detail, misfit.entry_id)

    def _find_places(self) -> None:
        lost = [misfit for misfit in self._misfits if misfit.belongs_at is None][:_COMPARED]
        for misfit in lost:
            for other in lost:
                if other is misfit:
                    continue
                # Either its seal came with it from there, or only the entry did.
                if self._keys.mark(other.position, misfit.body) in (misfit.mark, other.mark):
                    misfit.belongs_at = other.position
                    break

    def _shift(self, end: int) -> list[_Misfit]:
        """Return the misfits up to the end of the chain that all moved equally far."""
        run: list[_Misfit] = []
        for misfit, wanted in zip(reversed(self._misfits), range(end, 0, -1), strict=False):
            if misfit.position != wanted or misfit.belongs_at is None:
                break
            if run and misfit.position - misfit.belongs_at != _offset(run[-1]):
                break
            run.append(misfit)
        run.reverse()
        if not run:
            return []
        known = {each.position for each in self._misfits if each.belongs_at is not None}
        inserted = range(run[0].position - _offset(run[0]), run[0].position)
        # Two that changed places look like a shift at the end, but the other one is known too.
        return [] if known.intersection(inserted) or _swapped(run[0], self._misfits) else run


def _offset(misfit: _Misfit) -> int:
    return misfit.position - (misfit.belongs_at or 0)


def _swapped(first: _Misfit, misfits: list[_Misfit]) -> bool:
    return any(each.belongs_at == first.position for each in misfits if each is not first) and any(
        each.position == first.belongs_at and each.belongs_at is not None for each in misfits
    )
