"""Which mails about their application an applicant can do without, for who is about to write."""

from typing import Protocol
from uuid import UUID


class MailWishes(Protocol):
    """What applicants said on the page of their secret link."""

    async def wants(self, application_id: UUID, kind: str) -> bool:
        """Whether mails of a kind of template are wanted; so they are until somebody says no."""
        ...
