"""Which adapters stand behind the ports of promised answers."""

from core.promises import usecases
from core.promises.ports import PromiseBook, PromiseQueries
from plugins.postgres.promises import PostgresPromiseBook, PostgresPromiseQueries
from tenants.injection import Providers

USE_CASES = (usecases,)
"""Importing them registers what they handle."""

PROVIDERS: Providers = {
    PromiseBook: lambda session: PostgresPromiseBook(session.writer, session.ids),
    PromiseQueries: lambda session: PostgresPromiseQueries(session.reader),
}
