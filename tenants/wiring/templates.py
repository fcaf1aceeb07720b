"""Which adapters stand behind the ports of templates; other slices ask for the wording of mails."""

from core.templates import trying, usecases
from core.templates.contracts import STOP_STAND_IN, ApplicationMail, PluginMails, Wording
from core.templates.ports import (
    Facts,
    Letterheads,
    PluginKinds,
    SavedTemplates,
    TemplateStore,
    TrialPost,
)
from core.templates.wording import BroughtMail, CandidateMail, TenantWording
from plugins.postgres.templates import PostgresSavedTemplates, PostgresTemplateStore
from tenants.addresses import tenant_url
from tenants.injection import Providers, Session
from tenants.mail_facts import TenantFacts, TenantLetterheads, rows_of
from tenants.plugins.mail_kinds import TenantPluginKinds
from tenants.self_post import MemberTrialPost

USE_CASES = (trying, usecases)
"""Importing them registers what they handle."""


def saved_of(session: Session) -> SavedTemplates:
    """Return what reads the tenant's templates."""
    return PostgresSavedTemplates(rows_of(session))


def wording_of(session: Session) -> Wording:
    """Return what words the tenant's mails."""
    return TenantWording(session.tenant, saved_of(session), TenantLetterheads(session))


def application_mail_of(session: Session) -> ApplicationMail:
    """Return what words mails to candidates."""
    return CandidateMail(wording_of(session), TenantFacts(session), _stop_url(session))


def plugin_mails_of(session: Session) -> PluginMails:
    """Return what words mails of plugins' templates."""
    return BroughtMail(
        session.tenant,
        TenantPluginKinds(session),
        saved_of(session),
        TenantLetterheads(session),
        TenantFacts(session),
        _stop_url(session),
    )


def _stop_url(session: Session) -> str:
    return f"{tenant_url(session.settings, session.tenant)}/unsubscribe/{STOP_STAND_IN}"


PROVIDERS: Providers = {
    SavedTemplates: saved_of,
    TemplateStore: lambda session: PostgresTemplateStore(session.writer),
    Letterheads: TenantLetterheads,
    Facts: TenantFacts,
    TrialPost: MemberTrialPost,
    PluginKinds: TenantPluginKinds,
    PluginMails: plugin_mails_of,
    Wording: wording_of,
    ApplicationMail: application_mail_of,
}
