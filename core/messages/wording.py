"""What messages say, until tenants word them themselves."""

from html import escape

from core.messages.model import Content
from core.shared.tenant import TenantContext


def application_received(tenant: TenantContext, full_name: str, job_title: str) -> Content:
    """Word the confirmation of an application."""
    thanks = (
        f"thank you for applying for {job_title} at {tenant.name}. Your application has arrived, "
        "and the hiring team will look at it. You will hear from us when there is news."
    )
    paragraphs = (f"Hello {full_name},", thanks, f"Kind regards,\n{tenant.name}")
    return Content(
        subject=_one_line(f"We received your application for {job_title}"),
        text="\n\n".join(paragraphs) + "\n",
        html="".join(f"<p>{_html(each)}</p>\n" for each in paragraphs),
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]


def _html(paragraph: str) -> str:
    return escape(paragraph).replace("\n", "<br>")
