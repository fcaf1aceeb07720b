"""Sends a tenant's push messages, through the process's guarded way out."""

from core.ports.outbound import ANY_HOST
from plugins.web_push.identification import Identification
from plugins.web_push.service import WebPush
from tenants.injection import Session


def push_service_of(session: Session) -> WebPush:
    """Return the push service of the session's tenant."""
    settings = session.settings
    if settings.secret_key is None:
        raise ValueError("settings must hold the secret key; see tenants.bootstrap")
    subject = f"https://{session.tenant.slug}.{settings.base_domain}"
    identification = Identification(settings.secret_key, session.tenant.id, subject)
    return WebPush(session.outbound.http(ANY_HOST), identification, session.clock)
