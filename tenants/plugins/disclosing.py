"""Asks a tenant's plugins what they keep about a person, for whoever exports that."""

from core.ports.personal_data import Disclosed, KnownPerson
from tenants.injection import Session


class PluginDisclosure:
    """Implements `core.ports.personal_data.Disclosure`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def of(self, person: KnownPerson) -> tuple[Disclosed, ...]:
        """Return an entry for each plugin that keeps something about people."""
        return await self._session.plugins.subjects.disclose(self._session.tenant, person)
