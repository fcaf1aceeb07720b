"""The page of e-mail delivery: who sends, the domains it is sent from with the records to copy, and
the addresses that aren't written to.
"""

from typing import Annotated, Any, Final

from litestar import Request, get, post
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web.frame import WEB, page, redirect
from api.web.languages import mark
from api.web.letters_shown import SUPPRESSED
from core.deliverability.contracts import (
    FindingState,
    ListDomains,
    LookUpDomain,
    NoteDomainCheck,
    Subject,
)
from core.messages.contracts import ListSuppressions
from core.messages.sender_views import ListSenders, Senders
from core.shared.paging import PageRequest

_LONGEST: Final = 253
_ON_A_PAGE: Final = 25

Words = Annotated[str, QueryParameter(max_length=320)]
Cursor = Annotated[str | None, QueryParameter(max_length=2_000)]

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
async def email_domains(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    address: Words = "",
    cursor: Cursor = None,
) -> Reply[bytes]:
    """Show who sends, each sending domain, and addresses that aren't written to."""
    found = await tenant_scope.ask(ListDomains())
    senders = await tenant_scope.ask(ListSenders())
    wanted = address.strip()
    suppressed = await tenant_scope.ask(
        ListSuppressions(address=wanted or None, page=PageRequest(_ON_A_PAGE, cursor))
    )
    return page(
        request,
        "email_domains.html",
        domains=found.items,
        senders=senders.items,
        raised=_raised(senders),
        suppressed=suppressed,
        suppressed_why=SUPPRESSED,
        address=wanted,
        is_first=cursor is None,
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


def _raised(senders: Senders) -> dict[str, str]:
    """Return the order that there would be with each a place further up."""
    names = [each.plugin for each in senders.items]
    return {
        name: ",".join((*names[: place - 1], name, names[place - 1], *names[place + 1 :]))
        for place, name in enumerate(names)
        if place
    }


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (email_domains, check_domain)
