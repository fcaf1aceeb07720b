"""Which adapters stand behind the ports of automations."""

from typing import Final

from core.applications.contracts import AssignApplication, MoveApplication
from core.automations import (
    handlers,
    interview_handlers,
    own_usecases,
    planned,
    silence,
    trying,
    usecases,
)
from core.automations.ports import (
    ApplicationsKnown,
    Desk,
    OwnRules,
    OwnRuleStore,
    RuleChanges,
    RuleStore,
    StepQueries,
)
from core.candidates.contracts import AddNote, UpdateCandidate
from core.messages.writing import MessageWriter
from core.shared.usecase import USE_CASES as REGISTERED
from core.templates.kinds import language_of
from plugins.postgres.applicant_pages import PostgresApplicantPages
from plugins.postgres.automation_facts import PostgresApplicationsKnown
from plugins.postgres.automation_steps import PostgresSteps
from plugins.postgres.automation_views import PostgresStepQueries
from plugins.postgres.automations import PostgresRuleChanges, PostgresRules
from plugins.postgres.messages import PostgresMessages
from plugins.postgres.own_automations import PostgresOwnRules, PostgresOwnRuleStore
from plugins.postgres.stopped_mails import PostgresStoppedMailQueries
from plugins.postgres.tasks import PostgresTasks
from tenants.automation_effects import TenantReceiverZones, UseCaseEffects
from tenants.injection import BUILT_IN, Provider, Providers, Session, bind, recorder_of
from tenants.mail_facts import rows_of
from tenants.postman import postman_of
from tenants.wiring import applications, candidates, tasks, tenancy
from tenants.wiring.templates import application_mail_of

USE_CASES = (
    handlers,
    interview_handlers,
    own_usecases,
    planned,
    silence,
    trying,
    usecases,
)
"""Importing them registers what they handle."""

_THEIRS: Final[dict[type, Provider]] = {
    **BUILT_IN,
    **tasks.PROVIDERS,
    **tenancy.PROVIDERS,
    **candidates.PROVIDERS,
    **applications.PROVIDERS,
}

_WHAT_RULES_CAUSE: Final[dict[type, dict[str, Provider]]] = {
    request: bind(REGISTERED[request], _THEIRS)
    for request in (MoveApplication, AssignApplication, AddNote, UpdateCandidate)
}


def _known(session: Session) -> ApplicationsKnown:
    return PostgresApplicationsKnown(
        rows_of(session), lambda wanted: language_of(wanted, session.tenant.locale)
    )


def _desk(session: Session) -> Desk:
    tasks_port = PostgresTasks(session.writer, session.ids, session.request_id)
    return Desk(
        steps=PostgresSteps(session.writer),
        rules=PostgresRuleChanges(rows_of(session)),
        own=PostgresOwnRules(rows_of(session)),
        known=_known(session),
        mail=MessageWriter(
            application_mail_of(session),
            PostgresMessages(session.writer),
            postman_of(session),
            tasks_port,
            session.clock,
            session.ids,
            recorder_of(session),
            PostgresStoppedMailQueries(rows_of(session)),
            PostgresApplicantPages(session.writer),
        ),
        effects=UseCaseEffects(session, _WHAT_RULES_CAUSE),
        zones=TenantReceiverZones(session.tenant),
        tasks=tasks_port,
        clock=session.clock,
        ids=session.ids,
        recorder=recorder_of(session),
    )


PROVIDERS: Providers = {
    RuleChanges: lambda session: PostgresRuleChanges(rows_of(session)),
    RuleStore: lambda session: PostgresRules(session.writer, session.ids),
    OwnRules: lambda session: PostgresOwnRules(rows_of(session)),
    OwnRuleStore: lambda session: PostgresOwnRuleStore(session.writer),
    ApplicationsKnown: _known,
    StepQueries: lambda session: PostgresStepQueries(session.reader),
    Desk: _desk,
}
