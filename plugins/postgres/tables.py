"""Every module that defines tables, so that one import makes `schema.metadata` complete.

Imported by migrations, by the catalogue audit and by nothing on the request path.
"""

from types import ModuleType
from typing import Final

from plugins.postgres import (
    accounts,
    api_keys,
    application_tables,
    audit_tables,
    automation_tables,
    candidate_tables,
    careers_tables,
    chat_tables,
    idempotency,
    import_tables,
    installation_tables,
    interview_tables,
    job_tables,
    links,
    master_keys,
    members,
    message_tables,
    notification_tables,
    outbox,
    plugin_calls,
    plugin_store,
    promise_tables,
    quotas,
    reply_tables,
    resume_tables,
    schedule_tables,
    sending_domains,
    sessions,
    status_tables,
    stopped_mails,
    subject_keys,
    task_tables,
    template_tables,
    tenant_keys,
    tenants,
)
from plugins.postgres.schema import metadata

TABLE_MODULES: Final[tuple[ModuleType, ...]] = (
    tenants,
    accounts,
    members,
    sessions,
    api_keys,
    links,
    quotas,
    idempotency,
    outbox,
    candidate_tables,
    job_tables,
    application_tables,
    interview_tables,
    import_tables,
    task_tables,
    audit_tables,
    subject_keys,
    master_keys,
    tenant_keys,
    message_tables,
    installation_tables,
    plugin_store,
    schedule_tables,
    careers_tables,
    resume_tables,
    notification_tables,
    template_tables,
    automation_tables,
    chat_tables,
    status_tables,
    reply_tables,
    stopped_mails,
    sending_domains,
    plugin_calls,
    promise_tables,
)
"""In the order in which their revisions were first made; a new slice goes to the end."""

__all__ = ["TABLE_MODULES", "metadata"]
