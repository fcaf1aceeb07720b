"""Which adapters stand behind the ports of automations."""

from core.automations import handlers, interview_handlers, usecases
from core.automations.ports import Mail, RuleChanges, RuleStore, StepQueries, Steps
from core.messages.writing import MessageWriter
from plugins.postgres.automations import (
    PostgresRuleChanges,
    PostgresRules,
    PostgresStepQueries,
    PostgresSteps,
)
from plugins.postgres.messages import PostgresMessages
from plugins.postgres.tasks import PostgresTasks
from tenants.injection import Providers, Session, recorder_of
from tenants.mail_facts import rows_of
from tenants.postman import postman_of
from tenants.wiring.templates import application_mail_of

USE_CASES = (handlers, interview_handlers, usecases)
"""Importing them registers what they handle."""


def _mail(session: Session) -> Mail:
    return MessageWriter(
        application_mail_of(session),
        PostgresMessages(session.writer),
        postman_of(session),
        PostgresTasks(session.writer, session.ids, session.request_id),
        session.clock,
        session.ids,
        recorder_of(session),
    )


PROVIDERS: Providers = {
    RuleChanges: lambda session: PostgresRuleChanges(rows_of(session)),
    RuleStore: lambda session: PostgresRules(session.writer, session.ids),
    Steps: lambda session: PostgresSteps(session.writer),
    StepQueries: lambda session: PostgresStepQueries(session.reader),
    Mail: _mail,
}
