"""Open jobs for programs: sitemap, RSS, a plain XML feed for job boards, and robots.txt."""

import re
from datetime import datetime
from email.utils import format_datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from litestar import get
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web.careers_frame import SITE, STRANGERS, home_of, major_units
from api.web.careers_structured import html_of
from core.careers.contracts import ListPostings, Posting, ShowSite
from tenants.scope import TenantScope

MOST_IN_SITEMAP: Final = 5_000
MOST_IN_RSS: Final = 100
MOST_IN_FEED: Final = 1_000

_ATOM: Final = "http://www.w3.org/2005/Atom"
_SITEMAP: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_XML: Final = b"application/xml; charset=utf-8"
_RSS: Final = b"application/rss+xml; charset=utf-8"
_FRESH: Final = (b"cache-control", b"public, max-age=300")
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 can't hold, not even escaped (its production 2, Char)."""

register_namespace("atom", _ATOM)


@get("/sitemap.xml", opt=STRANGERS, **SITE)
async def sitemap(tenant_scope: Scoped) -> Reply[bytes]:
    """Name every public page (https://www.sitemaps.org/protocol.html)."""
    home, _ = await _site(tenant_scope)
    root = Element("urlset", xmlns=_SITEMAP)
    for address in (home, f"{home}/privacy"):
        _add(SubElement(root, "url"), "loc", address)
    for job in await tenant_scope.ask(ListPostings(limit=MOST_IN_SITEMAP)):
        entry = SubElement(root, "url")
        _add(entry, "loc", f"{home}/jobs/{job.id}")
        _add(entry, "lastmod", _instant(job.updated_at))
    return _answer(root, _XML)


@get("/careers/feed.xml", opt=STRANGERS, **SITE)
async def rss(tenant_scope: Scoped) -> Reply[bytes]:
    """Tell feed readers of new jobs (RSS 2.0)."""
    home, company = await _site(tenant_scope)
    jobs = await tenant_scope.ask(ListPostings(limit=MOST_IN_RSS))
    root = Element("rss", version="2.0")
    channel = SubElement(root, "channel")
    _add(channel, "title", f"Open jobs at {company}")
    _add(channel, "link", home)
    _add(channel, "description", f"Open jobs at {company}")
    own = {"href": f"{home}/feed.xml", "rel": "self", "type": "application/rss+xml"}
    SubElement(channel, f"{{{_ATOM}}}link", own)
    for job in jobs:
        item = SubElement(channel, "item")
        _add(item, "title", job.title)
        _add(item, "link", f"{home}/jobs/{job.id}")
        SubElement(item, "guid", isPermaLink="false").text = str(job.id)
        _add(item, "pubDate", format_datetime(job.published_at, usegmt=True))
        if job.department:
            _add(item, "category", job.department)
        _add(item, "description", html_of(job.description))
    return _answer(root, _RSS)


@get("/careers/jobs.xml", opt=STRANGERS, **SITE)
async def job_feed(tenant_scope: Scoped) -> Reply[bytes]:
    """Give job boards all that a posting says; docs/users/careers.md lists the elements."""
    home, company = await _site(tenant_scope)
    root = Element("jobs")
    _add(root, "publisher", company)
    _add(root, "publisherurl", home)
    for job in await tenant_scope.ask(ListPostings(limit=MOST_IN_FEED)):
        _add_job(SubElement(root, "job"), job, home, company)
    return _answer(root, _XML)


@get("/robots.txt", opt=STRANGERS, **SITE)
async def robots(tenant_scope: Scoped) -> Reply[bytes]:
    """Let search engines read the careers site and nothing else (RFC 9309)."""
    home, _ = await _site(tenant_scope)
    lines = (
        "User-agent: *",
        "Allow: /careers",
        "Allow: /assets/",
        "Allow: /sitemap.xml",
        "Disallow: /careers/applications/",
        "Disallow: /",
        f"Sitemap: {home.removesuffix('/careers')}/sitemap.xml",
    )
    body = "\n".join(lines) + "\n"
    return Reply(body.encode(), headers=[_FRESH], content_type=b"text/plain; charset=utf-8")


def _add_job(entry: Element, job: Posting, home: str, company: str) -> None:
    address = f"{home}/jobs/{job.id}"
    said = {
        "id": str(job.id),
        "title": job.title,
        "url": address,
        "applyurl": f"{address}/apply",
        "date": _instant(job.published_at),
        "updated": _instant(job.updated_at),
        "company": company,
        "department": job.department,
        "location": job.location,
        "remote": job.remote,
        "employmenttype": job.employment_type,
        "seniority": job.seniority or "",
        "openings": str(job.openings),
        "skills": ", ".join(job.skills),
        "description": html_of(job.description),
    }
    for name, text in said.items():
        if text:
            _add(entry, name, text)
    pay = job.pay_range
    if pay is not None:
        salary = SubElement(entry, "salary", currency=pay.currency, period=pay.period)
        _add(salary, "minimum", _amount(major_units(pay.minimum_cents, pay.currency)))
        _add(salary, "maximum", _amount(major_units(pay.maximum_cents, pay.currency)))


async def _site(tenant_scope: TenantScope) -> tuple[str, str]:
    site = await tenant_scope.ask(ShowSite())
    return home_of(tenant_scope, site), site.name


def _add(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = _NOT_XML.sub("\ufffd", text)


def _amount(number: float) -> str:
    return str(int(number)) if number.is_integer() else f"{number:.2f}"


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _answer(root: Element, content_type: bytes) -> Reply[bytes]:
    body: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return Reply(body, headers=[_FRESH], content_type=content_type)


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (sitemap, rss, job_feed, robots)
