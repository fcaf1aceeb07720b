"""The domains that e-mail is sent from: whether their mail is believed, and what to publish."""

from typing import Any

from litestar import Controller, Request, get, post
from litestar.params import FromPath

from api.mutation import mutate
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.deliverability.contracts import (
    DomainCheck,
    ListDomains,
    LookUpDomain,
    NoteDomainCheck,
    SendingDomains,
)

LONGEST_NAME = 253


class EmailDomainsController(Controller):
    """The domains of the enabled plugins that send."""

    path = "/email/domains"
    tags = ("Messages",)

    @get(
        operation_id="listEmailDomains",
        summary="List the domains that e-mail is sent from",
        responses=problems(403),
    )
    async def list_domains(self, tenant_scope: Scoped) -> Reply[SendingDomains]:
        """Return each with what was found when it was last looked at, by hand or on a Monday.

        A finding that isn't `found` has the record to publish, where it can be known. `unknown`
        says that it could not be looked up: nothing is concluded from that.
        """
        return reply(await tenant_scope.ask(ListDomains()))

    @post(
        "/{domain:str}/check",
        status_code=200,
        operation_id="checkEmailDomain",
        summary="Look at a domain now",
        responses=problems(403, 404),
    )
    async def check(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, domain: FromPath[str]
    ) -> Reply[DomainCheck]:
        """Look up SPF, DKIM, DMARC and MX, keep what was found and return it.

        It takes up to ten seconds where name servers don't answer.
        """
        found = await tenant_scope.ask(LookUpDomain(domain=domain[:LONGEST_NAME]))
        return await mutate(request, tenant_scope, NoteDomainCheck(check=found), status=200)
