"""Refuses changes that another site made a signed-in browser send (cross-site request forgery).

A cookie travels with requests that other sites cause, an Authorization header doesn't. So a change
that is authenticated by cookie must show two things that no other site can forge: the browser's own
word that the request comes from our origin (`Sec-Fetch-Site: same-origin`, or an `Origin` equal to
our own where a browser lacks the former), and the header `X-Intellimatch-Request`, which a page of
another origin may only send after a CORS preflight, and we answer none. A sibling tenant's
subdomain is `same-site`, which isn't `same-origin`. See OWASP, Cross-Site Request Forgery
Prevention. A plain HTML form can't send the header: routes that read forms (`form` in their `opt`)
take a token in the form instead, which `api.web.forms` checks once it has read the form.

A stranger's change (sign-in) must only not contradict itself: whatever a browser says of its origin
must be ours, or a page could sign its visitor in to an account of the attacker's.
"""

from collections.abc import Mapping
from typing import Final

from api.hosts import Origin
from core.shared.errors import Forbidden

SAFE_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS"))
REQUEST_HEADER: Final = b"x-intellimatch-request"


class CrossSiteRefused(Forbidden):
    """The request doesn't show that it comes from our own pages."""

    code = "cross_site_refused"
    title = "This request does not come from this site"


def refuse_forgery(
    headers: Mapping[bytes, bytes], origin: Origin, *, cookie: bool, form: bool = False
) -> None:
    """Return when a change may go on. `cookie` says that a session cookie authenticated it.

    `form` says that the route itself looks for the header or for its form's token.

    Raises CrossSiteRefused with what is missing.
    """
    site = headers.get(b"sec-fetch-site")
    sent_from = headers.get(b"origin")
    if site is not None and site != b"same-origin":
        raise CrossSiteRefused("The browser says that another site sent this request.")
    if sent_from is not None and sent_from.lower() != _own(origin):
        raise CrossSiteRefused("The request's Origin is not this site.")
    if not cookie:
        return
    if site is None and sent_from is None:
        raise CrossSiteRefused(
            "A change made with a session cookie needs an Origin or Sec-Fetch-Site header. "
            "Programs use an API key instead."
        )
    if REQUEST_HEADER not in headers and not form:
        raise CrossSiteRefused(
            "A change made with a session cookie needs the header X-Intellimatch-Request: 1."
        )


def refuse_foreign_upgrade(headers: Mapping[bytes, bytes], origin: Origin) -> None:
    """Return when a WebSocket that is authenticated by cookie was opened by a page of ours.

    Any page may open one to us, with our cookie and without asking first (ASVS 4.4.2).
    Raises CrossSiteRefused.
    """
    sent_from = headers.get(b"origin")
    if sent_from is None:
        raise CrossSiteRefused(
            "A WebSocket opened with a session cookie needs an Origin header. "
            "Programs use an API key instead."
        )
    if sent_from.lower() != _own(origin):
        raise CrossSiteRefused("The request's Origin is not this site.")


def _own(origin: Origin) -> bytes:
    scheme = "https" if origin.https else "http"
    return f"{scheme}://{origin.authority.lower()}".encode("latin-1")
