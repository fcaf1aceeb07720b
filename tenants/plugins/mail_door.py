"""The door of a context to e-mails from the plugin's templates.

What is asked for is looked over on the plugin's thread, and promised on the host's loop.
"""

from collections.abc import Mapping
from uuid import UUID

from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId
from core.messages.by_plugins import SendPluginMail
from core.messages.contracts import MailOutcome
from plugins.sdk.mail import asked_for
from tenants.plugins.effects import Effects
from tenants.plugins.enabled import EnabledPlugin
from tenants.plugins.marshalling import Marshal
from tenants.plugins.seams import Scope


class MailDoor:
    """Implements `plugins.sdk.context.Mail`."""

    def __init__(
        self, enabled: EnabledPlugin, scope: Scope, marshal: Marshal, effects: Effects
    ) -> None:
        self._enabled = enabled
        self._scope = scope
        self._marshal = marshal
        self._effects = effects

    async def send(
        self,
        template: str,
        *,
        application_id: UUID | None = None,
        candidate_id: UUID | None = None,
        variables: Mapping[str, str] = {},
        idempotency_key: str,
    ) -> MailOutcome:
        """Promise the e-mail."""
        number = self._effects.number()
        asked = asked_for(
            self._enabled.plugin.manifest,
            self._enabled.permissions,
            self._enabled.plugin.email_templates,
            template,
            application_id=application_id,
            candidate_id=candidate_id,
            variables=variables,
            idempotency_key=idempotency_key,
        )
        about, whom = asked.application_id, asked.candidate_id
        command = SendPluginMail(
            template=asked.template.name,
            application_id=None if about is None else ApplicationId(about),
            candidate_id=None if whom is None else CandidateId(whom),
            variables=asked.variables,
            idempotency_key=asked.idempotency_key,
        )
        outcome: MailOutcome = await self._marshal.on_host(
            lambda: self._effects.execute(number, self._scope, command)
        )
        return outcome
