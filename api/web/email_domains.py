"""The page of the domains that e-mail is sent from: how they stand, and the records to copy."""

from typing import Any, Final

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web.frame import WEB, page, redirect
from api.web.languages import mark
from core.deliverability.contracts import (
    FindingState,
    ListDomains,
    LookUpDomain,
    NoteDomainCheck,
    Subject,
)
from core.messages.contracts import ListSenders

_LONGEST: Final = 253

SUBJECTS: Final[dict[Subject, str]] = {
    "spf": mark("Who may send (SPF)"),
    "dkim": mark("Signature (DKIM)"),
    "dmarc": mark("Policy against forgery (DMARC)"),
    "alignment": mark("One domain speaks for the mail (alignment)"),
    "mx": mark("Where answers go (MX)"),
}
WHY: Final[dict[Subject, str]] = {
    "spf": mark("Receivers refuse or doubt mail from servers that the domain doesn't name."),
    "dkim": mark("The signature proves that the mail is yours and was not changed on its way."),
    "dmarc": mark("Large mailbox providers want a policy, and forged mail is only refused by one."),
    "alignment": mark("SPF or DKIM count only when they are about the domain that people see."),
    "mx": mark("Without it, what candidates answer and what comes back gets lost."),
}
STATES: Final[dict[FindingState, tuple[str, str, str]]] = {
    "found": (mark("Found"), "good", "check"),
    "missing": (mark("Missing"), "bad", "alert"),
    "wrong": (mark("Wrong"), "bad", "alert"),
    "unknown": (mark("Not known"), "warn", "help"),
}
"""Word, colour and icon."""


@get("/settings/email", **WEB)
async def email_domains(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[bytes]:
    """Show each sending domain."""
    found = await tenant_scope.ask(ListDomains())
    senders = await tenant_scope.ask(ListSenders())
    return page(
        request,
        "email_domains.html",
        domains=found.items,
        senders=senders.items,
        subjects=SUBJECTS,
        why=WHY,
        states=STATES,
    )


@post("/settings/email/{domain:str}/check", opt={"form": True}, status_code=303, **WEB)
async def check_domain(tenant_scope: Scoped, domain: FromPath[str]) -> Reply[Any]:
    """Look at a domain now, and lead back to the page."""
    found = await tenant_scope.ask(LookUpDomain(domain=domain[:_LONGEST]))
    await tenant_scope.execute(NoteDomainCheck(check=found))
    return redirect(f"/settings/email#{found.domain}")


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (email_domains, check_domain)
