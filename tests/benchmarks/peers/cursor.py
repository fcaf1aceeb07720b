"""The sort key of the last row, as the cursor of the list has it; shared by the peers."""

from datetime import datetime
from uuid import UUID

import msgspec


class Newest(msgspec.Struct, array_like=True, frozen=True):
    """Where the next page begins."""

    created_at: datetime
    id: UUID
