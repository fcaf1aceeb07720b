"""Which adapters stand behind the ports of stopped mails."""

from core.ports.unsubscribing import UnsubscribeLinks
from core.unsubscribing import usecases
from core.unsubscribing.contracts import StoppedMails
from core.unsubscribing.ports import (
    MemberMail,
    MemberMailQueries,
    StoppedMailQueries,
    StoppedMailStore,
)
from plugins.postgres.stopped_mails import PostgresStoppedMailQueries, PostgresStoppedMails
from tenants.injection import Providers
from tenants.mail_facts import rows_of
from tenants.member_mail import TenantMemberMail, TenantMemberMailQueries
from tenants.unsubscribe_links import unsubscribe_links_of

USE_CASES = (usecases,)
"""Importing them registers what they handle."""

PROVIDERS: Providers = {
    UnsubscribeLinks: unsubscribe_links_of,
    StoppedMails: lambda session: PostgresStoppedMailQueries(rows_of(session)),
    StoppedMailQueries: lambda session: PostgresStoppedMailQueries(session.reader.select),
    StoppedMailStore: lambda session: PostgresStoppedMails(session.writer),
    MemberMailQueries: TenantMemberMailQueries,
    MemberMail: TenantMemberMail,
}
