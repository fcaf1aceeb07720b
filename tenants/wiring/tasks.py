"""Which adapters stand behind the ports that several slices share."""

from core.ports.tasks import Tasks
from core.ports.team import Team
from core.tenancy import housekeeping
from core.tenancy.housekeeping import Leftovers
from plugins.postgres.leftovers import PostgresLeftovers
from plugins.postgres.tasks import PostgresTasks
from plugins.postgres.team import PostgresTeam
from tenants.injection import Providers

USE_CASES = (housekeeping,)
"""Importing them registers what they handle."""

PROVIDERS: Providers = {
    Tasks: lambda session: PostgresTasks(session.writer, session.ids, session.request_id),
    Team: lambda session: PostgresTeam(session.writer),
    Leftovers: lambda session: PostgresLeftovers(session.writer, session.clock),
}
