"""Which adapters stand behind what operators see of background work."""

from core.tasks import usecases
from core.tasks.ports import TaskOperations, TaskQueries
from plugins.postgres.task_operations import PostgresTaskOperations, PostgresTaskQueries
from tenants.injection import Providers

USE_CASES = (usecases,)
"""Importing them registers what they handle."""

PROVIDERS: Providers = {
    TaskOperations: lambda session: PostgresTaskOperations(session.writer),
    TaskQueries: lambda session: PostgresTaskQueries(session.reader),
}
