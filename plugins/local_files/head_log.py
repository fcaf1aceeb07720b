"""Keeps the signed heads of audit chains outside of the database, in a file that only grows.

Who cuts off the end of a chain in the database, seals and heads and all, doesn't reach this file.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from core.audit.contracts import SignedHead
from core.shared.ids import TenantId

FILE: Final = "audit_heads.jsonl"
_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(SignedHead)


class HeadLog:
    """The file of one installation's sealers, below its data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / FILE

    def append(self, head: SignedHead) -> None:
        """Add a line, on the disk before this returns. Raises OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # One write of one line: lines of several processes don't mix.
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        descriptor = os.open(self.path, flags, 0o600)
        try:
            os.write(descriptor, _encoder.encode(head) + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def read(self) -> tuple[list[SignedHead], int]:
        """Return every head in the file, and how many lines can't be read. Raises OSError."""
        if not self.path.exists():
            return [], 0
        heads: list[SignedHead] = []
        unreadable = 0
        with self.path.open("rb") as file:
            for line in file:
                try:
                    heads.append(_decoder.decode(line))
                except msgspec.MsgspecError:
                    unreadable += 1
        return heads, unreadable


def newest(heads: Iterable[SignedHead]) -> dict[TenantId, SignedHead]:
    """Return the furthest head of each tenant."""
    found: dict[TenantId, SignedHead] = {}
    for head in heads:
        known = found.get(head.tenant_id)
        if known is None or known.position < head.position:
            found[head.tenant_id] = head
    return found
