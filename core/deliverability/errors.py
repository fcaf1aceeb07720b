"""What can be wrong with a request about sending domains."""

from core.shared.errors import NotFound


class SendingDomainNotFound(NotFound):
    """No enabled plugin sends from the domain."""

    code = "sending_domain_not_found"
    title = "No such sending domain"
    TEXT = "No enabled plugin sends from this domain."
