"""A posting as schema.org's JobPosting, for search engines (https://schema.org/JobPosting)."""

import json
from html import escape
from typing import Any, Final

from markupsafe import Markup

from api.web.careers_frame import major_units
from core.careers.contracts import Posting

_EMPLOYMENT: Final = {
    "full_time": "FULL_TIME",
    "part_time": "PART_TIME",
    "contract": "CONTRACTOR",
    "internship": "INTERN",
    "temporary": "TEMPORARY",
}
_PERIOD: Final = {"hour": "HOUR", "day": "DAY", "month": "MONTH", "year": "YEAR"}
_ENDS_SCRIPTS: Final = {
    ord("<"): "\\u003c",
    ord(">"): "\\u003e",
    ord("&"): "\\u0026",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}


def job_posting(posting: Posting, company: str, home: str) -> Markup:
    """Return the content of a `<script type="application/ld+json">`.

    Such a block holds data and is never run, so the Content-Security-Policy lets it be. Nothing
    in it can end the block: every `<` is written as an escape of JSON.
    """
    said: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": posting.title,
        "description": html_of(posting.description) or escape(posting.title),
        "identifier": {"@type": "PropertyValue", "name": company, "value": str(posting.id)},
        "datePosted": posting.published_at.date().isoformat(),
        "hiringOrganization": {"@type": "Organization", "name": company, "sameAs": home},
        "employmentType": _EMPLOYMENT[posting.employment_type],
        "totalJobOpenings": posting.openings,
        "directApply": True,
        "url": f"{home}/jobs/{posting.id}",
    }
    if posting.location:
        address = {"@type": "PostalAddress", "addressLocality": posting.location}
        said["jobLocation"] = {"@type": "Place", "address": address}
    if posting.remote == "remote":
        said["jobLocationType"] = "TELECOMMUTE"
    if posting.skills:
        said["skills"] = ", ".join(posting.skills)
    if posting.department:
        said["occupationalCategory"] = posting.department
    pay = posting.pay_range
    if pay is not None:
        said["baseSalary"] = {
            "@type": "MonetaryAmount",
            "currency": pay.currency,
            "value": {
                "@type": "QuantitativeValue",
                "minValue": major_units(pay.minimum_cents, pay.currency),
                "maxValue": major_units(pay.maximum_cents, pay.currency),
                "unitText": _PERIOD[pay.period],
            },
        }
    written = json.dumps(said, ensure_ascii=False)
    return Markup(written.translate(_ENDS_SCRIPTS))  # noqa: S704 - nothing in it can end the block


def html_of(text: str) -> str:
    """Return plain text as paragraphs of HTML."""
    paragraphs = [each.strip() for each in text.replace("\r\n", "\n").split("\n\n")]
    return "".join(f"<p>{escape(each).replace(chr(10), '<br>')}</p>" for each in paragraphs if each)
