"""What automations do beside sending mail, and on which wall clock their receivers look.

Stands behind the ports of `core.automations`; changes go through the use cases of the slices they
belong to, in the transaction of the automation, under the automation's name.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from core.applications.contracts import ApplicationId, AssignApplication, MoveApplication
from core.automations.facts import Facts
from core.candidates.contracts import AddNote, CandidateId, UpdateCandidate
from core.jobs.contracts import StageId
from core.shared.events import Cause
from core.shared.ids import MemberId
from core.shared.tenant import TenantContext
from core.shared.usecase import USE_CASES, Command
from plugins.postgres.applications import PostgresApplications
from plugins.postgres.candidates import PostgresCandidates
from plugins.system.time_zones import zone_of_number, zone_of_place
from tenants.injection import Provider, Session, inject

LONGEST_NAME: Final = 100


class UseCaseEffects:
    """Implements `core.automations.ports.Effects`."""

    def __init__(self, session: Session, ports: Mapping[type, Mapping[str, Provider]]) -> None:
        self._session = session
        self._ports = ports

    async def move(
        self,
        application_id: ApplicationId,
        from_stage_id: StageId,
        to_stage_id: StageId,
        rule_name: str,
        cause: Cause,
    ) -> None:
        """Move an application; its history says by which rule."""
        await self._run(
            MoveApplication(
                application_id=application_id,
                from_stage_id=from_stage_id,
                to_stage_id=to_stage_id,
                reason=f"Automation: {rule_name}"[:LONGEST_NAME],
                cause=cause,
            ),
            rule_name,
        )

    async def assign(
        self, application_id: ApplicationId, member_id: MemberId, cause: Cause
    ) -> bool:
        """Give an application to a member, unless somebody has got it, be it just now."""
        held = PostgresApplications(self._session.writer, self._session.ids)
        if (await held.get_for_change(application_id)).assignee_id is not None:
            return False
        await self._run(
            AssignApplication(application_id=application_id, assignee_id=member_id, cause=cause)
        )
        return True

    async def note(self, candidate_id: CandidateId, text: str, rule_name: str) -> None:
        """Write a note."""
        await self._run(AddNote(candidate_id=candidate_id, text=text), rule_name)

    async def tag(self, candidate_id: CandidateId, tag_name: str) -> bool:
        """Put a tag to those that the candidate has now: another may be put there by somebody."""
        held = await PostgresCandidates(self._session.writer).get(candidate_id)
        tags = held.profile.tags
        if tag_name.casefold() in {each.casefold() for each in tags}:
            return False
        await self._run(UpdateCandidate(candidate_id=candidate_id, tags=(*tags, tag_name)))
        return True

    async def _run(self, command: Command[Any], rule_name: str = "") -> None:
        name = f"Automation: {rule_name}"[:LONGEST_NAME] if rule_name else self._session.actor.name
        named = msgspec.structs.replace(self._session.actor, name=name)
        session = msgspec.structs.replace(self._session, actor=named)
        ports = inject(self._ports[type(command)], session)
        await USE_CASES[type(command)].run(command, **ports)


class TenantReceiverZones:
    """Implements `core.automations.ports.ReceiverZones`."""

    def __init__(self, tenant: TenantContext) -> None:
        self._tenant = tenant

    def zone_of(self, facts: Facts) -> ZoneInfo:
        """Return where the candidate says to be, else their number, else the job, else we are."""
        if facts.candidate_location and (zone := zone_of_place(facts.candidate_location)):
            return zone
        for number in facts.phones:
            if zone := zone_of_number(number):
                return zone
        return zone_of_place(facts.job_location) or self._own

    @cached_property
    def _own(self) -> ZoneInfo:
        return ZoneInfo(self._tenant.time_zone)
