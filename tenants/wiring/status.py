"""Which adapters stand behind the ports of the status slice."""

from typing import Final

from core.applications.contracts import MoveApplication, RejectApplication, WithdrawApplication
from core.shared.usecase import USE_CASES as REGISTERED
from core.status import reading, receiving, sources
from core.status.ports import (
    Glances,
    PreferenceStore,
    Reports,
    SourceQueries,
    SourceRepository,
    StatusQueries,
    Transitions,
)
from plugins.postgres.status import (
    PostgresGlances,
    PostgresPreferenceStore,
    PostgresReports,
    PostgresSources,
)
from plugins.postgres.status_queries import PostgresSourceQueries, PostgresStatusQueries
from tenants.injection import BUILT_IN, Provider, Providers, Session, bind
from tenants.status_transitions import UseCaseTransitions
from tenants.wiring import applications, identity

USE_CASES = (reading, receiving, sources)
"""Importing them registers what they handle."""

_THEIRS: Final[dict[type, Provider]] = {
    **BUILT_IN,
    **identity.PROVIDERS,
    **applications.PROVIDERS,
}

_WHAT_REPORTS_CAUSE: Final[dict[type, dict[str, Provider]]] = {
    request: bind(REGISTERED[request], _THEIRS)
    for request in (MoveApplication, RejectApplication, WithdrawApplication)
}


def _transitions(session: Session) -> Transitions:
    return UseCaseTransitions(session, _WHAT_REPORTS_CAUSE)


PROVIDERS: Providers = {
    SourceRepository: lambda session: PostgresSources(session.writer),
    SourceQueries: lambda session: PostgresSourceQueries(session.reader),
    Reports: lambda session: PostgresReports(session.writer),
    Transitions: _transitions,
    Glances: lambda session: PostgresGlances(session.writer, session.ids),
    StatusQueries: lambda session: PostgresStatusQueries(session.reader),
    PreferenceStore: lambda session: PostgresPreferenceStore(session.writer),
}
