"""The templates that a tenant's plugins bring, for `core.templates`."""

from collections.abc import Sequence

from core.shared.permissions import Action
from core.templates.contracts.brought import Kind
from plugins.sdk.mail import mail_kind
from tenants.injection import Session


class TenantPluginKinds:
    """Implements `core.templates.ports.PluginKinds` for one tenant."""

    def __init__(self, session: Session) -> None:
        self._tenant = session.tenant
        self._plugins = session.plugins
        self._unit = session.unit

    async def all(self) -> Sequence[Kind]:
        """Return those of the plugins that may be called for the tenant now, and may send.

        A plugin that may not sends its mails some other way, which nothing here would change.
        """
        return [
            mail_kind(each.plugin.manifest, template)
            for each in await self._plugins.enabled.working_for(self._tenant, self._unit)
            if Action.SEND_MESSAGES.value in each.permissions
            for template in each.plugin.email_templates
        ]
