"""Which adapters stand behind the ports that several slices share."""

from core.ports.tasks import Tasks
from core.ports.team import Team
from plugins.postgres.tasks import PostgresTasks
from plugins.postgres.team import PostgresTeam
from tenants.injection import Providers

PROVIDERS: Providers = {
    Tasks: lambda session: PostgresTasks(session.writer, session.ids),
    Team: lambda session: PostgresTeam(session.writer),
}
