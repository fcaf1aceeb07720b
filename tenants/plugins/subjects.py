"""Asks plugins what they keep about a person, and to forget them: the calls, one plugin each."""

import asyncio
from typing import Any, Final
from uuid import UUID

import structlog

from core.ports.personal_data import Disclosed, KnownPerson
from core.shared.errors import DomainError, Unavailable
from core.shared.tenant import TenantContext
from plugins.host.catalogue import Catalogue, LoadedPlugin
from plugins.postgres.plugin_data import PostgresPluginData
from plugins.postgres.unit import Unit
from plugins.sdk.contributions import Subject
from plugins.sdk.errors import PluginError, TryLater
from tenants.plugins.calls import PluginCalls, Repeated
from tenants.plugins.enabled import EnabledPlugins
from tenants.plugins.hiding import Hider
from tenants.plugins.seams import Process

ERASE_SECONDS: Final = 30.0
EXPORT_SECONDS: Final = 20.0
AT_ONCE: Final = 8
"""Plugins that are asked side by side for one export."""

log = structlog.get_logger(__name__)


class PluginSubjects:
    """Of one process."""

    def __init__(
        self, process: Process, calls: PluginCalls, enabled: EnabledPlugins, catalogue: Catalogue
    ) -> None:
        self._process = process
        self._calls = calls
        self._enabled = enabled
        self._catalogue = catalogue

    async def to_be_erased_at(self, unit: Unit) -> list[str]:
        """Return the plugins that are to be asked, enabled or not.

        Among them are those that keep rows and whose packages are gone: asking them fails, which
        an admin is to know.
        """
        known = await PostgresPluginData(unit).may_know_people()
        asked = []
        for plugin_id, holds_rows in known.items():
            plugin = self._catalogue.plugins.get(plugin_id)
            if plugin is None:
                asked += [plugin_id] if holds_rows else []
            elif plugin.operations.erase is not None:
                asked.append(plugin_id)
            elif holds_rows:
                log.info("plugin_cannot_erase", plugin=plugin_id)
        return asked

    async def erase(
        self, tenant: TenantContext, plugin_id: str, subject: Subject, call_id: str, request_id: str
    ) -> None:
        """Let the plugin forget a person; nothing to do when nothing of it is left.

        An attempt does all that the plugin asks for, whatever an earlier one did: what it finds to
        be erased is other each time. Raises Unavailable when it is to be asked later, PluginMissing
        without its package, and what says that it failed; no text holds an address.
        """
        found = await self._enabled.kept(tenant.id, plugin_id)
        if found is None or found.plugin.operations.erase is None:
            return
        try:
            await self._calls.call(
                tenant,
                found,
                "forget a person",
                found.plugin.operations.erase,
                subject,
                timeout_seconds=ERASE_SECONDS,
                repeated=Repeated(call_id, request_id, changes_once=False),
            )
        except TryLater as error:
            _hide(subject, error)
            raise Unavailable(error.message) from None
        except Exception as error:
            _hide(subject, error)
            raise

    async def disclose(self, tenant: TenantContext, person: KnownPerson) -> tuple[Disclosed, ...]:
        """Ask every plugin that may know the person; whoever fails is among the answers."""
        async with self._process.database.unit(tenant.id) as unit:
            known = await PostgresPluginData(unit).may_know_people()
        room = asyncio.Semaphore(AT_ONCE)

        async def ask(plugin_id: str, candidate_id: UUID, *, holds_rows: bool) -> Disclosed | None:
            async with room:
                return await self._disclosed(
                    tenant, plugin_id, candidate_id, person, holds_rows=holds_rows
                )

        answers = await asyncio.gather(
            *(
                ask(plugin_id, candidate_id, holds_rows=holds_rows)
                for plugin_id, holds_rows in known.items()
                for candidate_id in person.candidate_ids
            )
        )
        return tuple(each for each in answers if each is not None)

    async def _disclosed(
        self,
        tenant: TenantContext,
        plugin_id: str,
        candidate_id: UUID,
        person: KnownPerson,
        *,
        holds_rows: bool,
    ) -> Disclosed | None:
        plugin = self._catalogue.plugins.get(plugin_id)
        about: dict[str, Any] = {
            "plugin": plugin_id,
            "name": plugin_id if plugin is None else plugin.manifest.name,
            "candidate_id": candidate_id,
        }
        if plugin is not None and plugin.operations.export is None:
            if not holds_rows and not _keeps_people(plugin):
                return None
            why = "The plugin keeps data and has no way of saying what it keeps about one person."
            return Disclosed(**about, status="not_offered", message=why)
        if plugin is None and not holds_rows:
            return None
        subject = Subject(candidate_id=candidate_id, addresses=person.addresses)
        try:
            data = await self._exported(tenant, plugin_id, subject)
        except (PluginError, DomainError) as error:
            return Disclosed(**about, status="unavailable", message=error.message)
        return Disclosed(**about, status="answered", data=data)

    async def _exported(
        self, tenant: TenantContext, plugin_id: str, subject: Subject
    ) -> dict[str, Any]:
        found = await self._enabled.kept(tenant.id, plugin_id)
        if found is None or found.plugin.operations.export is None:
            return {}
        data: dict[str, Any] = await self._calls.call(
            tenant,
            found,
            "say what it keeps about a person",
            found.plugin.operations.export,
            subject,
            timeout_seconds=EXPORT_SECONDS,
            expect=dict[str, Any],
        )
        return data


def _keeps_people(plugin: LoadedPlugin) -> bool:
    return any(each.personal for each in plugin.manifest.keeps)


def _hide(subject: Subject, error: Exception) -> None:
    """Take the person's addresses out of a text that is kept beside the task and logged."""
    addresses = {each: each for each in subject.addresses}
    Hider(addresses, frozenset(addresses)).hide_in(error)
