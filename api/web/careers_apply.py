"""Applying on the careers site: the form, sending it, and saying what is wrong with it.

The form is plain multipart, so that it works without a script; `careers_apply.js` only adds the
progress of the upload.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from api.errors import status_of
from api.replies import Reply
from api.request_scope import Scoped, client_address_of
from api.web.careers import NOT_FOUND, closed, missing
from api.web.careers_frame import SITE, STRANGERS, careers_page
from api.web.frame import Form, read_form, redirect, translated
from api.web.languages import mark, written_language
from core.applications.contracts import Answer
from core.careers.contracts import (
    AdmitForm,
    ApplicationForm,
    Apply,
    AskedQuestion,
    Knock,
    OpenForm,
    Receipt,
    ShowPosting,
    Upload,
)
from core.careers.errors import PostingClosed, PostingNotFound
from core.jobs.contracts import JobId, QuestionId
from core.shared.errors import Conflict, DomainError, InvalidInput, QuotaExceeded, Throttled
from tenants.scope import TenantScope

TRAP: Final = "website"
"""A field that people don't see and programs like to fill."""
WRONG: Final = 422
UNAVAILABLE: Final = 503
_TRIES: Final = 2
_YES_NO: Final = {"yes": True, "no": False}
_FULL: Final = mark("Applications can't be taken at the moment. Please try again tomorrow.")
_BUSY: Final = mark("Many applications are arriving just now. Wait a few minutes, then send again.")


class Typed(msgspec.Struct, frozen=True):
    """What stands in the form, as it was typed."""

    full_name: str = ""
    email: str = ""
    phone: str = ""
    answers: Mapping[str, str] = msgspec.field(default_factory=dict)
    agreed: bool = False


@get("/careers/jobs/{job_id:uuid}/apply", opt=STRANGERS, **SITE)
async def application_form(
    request: Request[Any, Any, Any], tenant_scope: Scoped, job_id: FromPath[UUID]
) -> Reply[bytes]:
    """Ask who applies."""
    try:
        opened = await tenant_scope.ask(OpenForm(job_id=JobId(job_id)))
    except (PostingNotFound, PostingClosed) as error:
        return await _no_form(request, tenant_scope, JobId(job_id), error)
    return await _form(request, tenant_scope, opened, Typed())


@post(
    "/careers/jobs/{job_id:uuid}/apply",
    opt={**STRANGERS, "upload": True},
    status_code=303,
    **SITE,
)
async def send_application(
    request: Request[Any, Any, Any], tenant_scope: Scoped, job_id: FromPath[UUID]
) -> Reply[Any]:
    """Take an application and lead to the page where it can be followed."""
    await tenant_scope.ask(Knock(address=client_address_of(request.scope)))
    form = await read_form(request)
    try:
        opened = await tenant_scope.ask(OpenForm(job_id=JobId(job_id)))
    except (PostingNotFound, PostingClosed) as error:
        return await _no_form(request, tenant_scope, JobId(job_id), error)
    try:
        receipt = await _apply(request, tenant_scope, opened, form)
    except (InvalidInput, Throttled, QuotaExceeded) as error:
        return await _again(request, tenant_scope, opened, form, error)
    except (PostingNotFound, PostingClosed) as error:
        return await _no_form(request, tenant_scope, JobId(job_id), error)
    return redirect(f"/careers/applications/{receipt.link}?new=1")


async def _apply(
    request: "Request[Any, Any, Any]",
    tenant_scope: TenantScope,
    opened: ApplicationForm,
    form: Form,
) -> Receipt:
    admitted = await tenant_scope.ask(
        AdmitForm(
            job_id=opened.posting.id,
            seal=form["seal"],
            trap=form[TRAP],
            address=client_address_of(request.scope),
        )
    )
    command = Apply(
        form=admitted,
        full_name=form["full_name"],
        email=form["email"],
        phone=form["phone"],
        answers=_answers(form, opened.posting.questions),
        resume=await _resume(form),
        notice_version=_version(form["notice"]),
        language=written_language(request.headers.get("accept-language", "")),
    )
    for attempt in range(_TRIES):
        try:
            return await tenant_scope.execute(command)
        except Conflict:
            # Somebody made the same application in this moment; now it is known.
            if attempt == _TRIES - 1:
                raise
    raise AssertionError("unreachable")


def _answers(form: Form, questions: tuple[AskedQuestion, ...]) -> dict[QuestionId, Answer]:
    """Return the answers as their questions ask for them; what isn't one stays text, and wrong."""
    found: dict[QuestionId, Answer] = {}
    for question in questions:
        text = form[f"answers.{question.id}"].replace("\r\n", "\n")
        if text:
            found[question.id] = _answer(question, text)
    return found


def _answer(question: AskedQuestion, text: str) -> Answer:
    if question.kind == "yes_no":
        return _YES_NO.get(text, text)
    if question.kind == "number":
        return _number(text)
    return text


def _version(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _number(text: str) -> Answer:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return text
    if abs(number) > 1e15 or number != number:  # noqa: PLR0124 - only NaN differs from itself
        return text
    return int(number) if number.is_integer() else number


async def _resume(form: Form) -> Upload | None:
    """Return the file that was sent; browsers send an empty one where none was chosen."""
    for file in form.files("resume"):
        content = await file.read()
        if file.filename and (content or file.filename.strip('"')):
            return Upload(file.filename, content)
    return None


async def _again(
    request: "Request[Any, Any, Any]",
    tenant_scope: TenantScope,
    opened: ApplicationForm,
    form: Form,
    error: DomainError,
) -> Reply[bytes]:
    """Show the form as it was sent, with what is wrong where it is wrong."""
    wrong = {each.field: each for each in error.fields} if isinstance(error, InvalidInput) else {}
    of_form = wrong.pop("form", None)
    # A seal that is still good is kept, so that the time already spent counts.
    if of_form is None or of_form.code != "form_expired":
        opened = msgspec.structs.replace(opened, seal=form["seal"])
    typed = Typed(
        full_name=form["full_name"],
        email=form["email"],
        phone=form["phone"],
        answers={str(each.id): form[f"answers.{each.id}"] for each in opened.posting.questions},
        agreed=form["notice"] == str(opened.notice.version) and "notice" not in wrong,
    )
    headers: list[tuple[bytes, bytes]] = []
    if of_form is not None:
        said, status = of_form.message, WRONG
    elif isinstance(error, Throttled):
        said, status = translated(request.scope, _BUSY), status_of(error)
        headers.append((b"retry-after", str(error.retry_after).encode()))
    elif isinstance(error, QuotaExceeded):
        said, status = translated(request.scope, _FULL), UNAVAILABLE
    else:
        said, status = "", WRONG
    return await _form(
        request,
        tenant_scope,
        opened,
        typed,
        errors={name: each.message for name, each in wrong.items()},
        said=said,
        status=status,
        headers=headers,
        had_file=bool(form.files("resume")) and "resume" not in wrong,
    )


async def _form(
    request: "Request[Any, Any, Any]",
    tenant_scope: TenantScope,
    opened: ApplicationForm,
    typed: Typed,
    *,
    errors: Mapping[str, str] | None = None,
    said: str = "",
    status: int = 200,
    headers: list[tuple[bytes, bytes]] | None = None,
    had_file: bool = False,
) -> Reply[bytes]:
    return await careers_page(
        request,
        tenant_scope,
        "careers_apply.html",
        status=status,
        headers=headers or [],
        form=opened,
        posting=opened.posting,
        typed=typed,
        errors=errors or {},
        said=said,
        had_file=had_file,
        largest=min(tenant_scope.settings.max_upload_bytes, 10 * 1024 * 1024),
    )


async def _no_form(
    request: "Request[Any, Any, Any]",
    tenant_scope: TenantScope,
    job_id: JobId,
    error: DomainError,
) -> Reply[bytes]:
    if status_of(error) == NOT_FOUND:
        return await missing(request, tenant_scope)
    return await closed(request, tenant_scope, await tenant_scope.ask(ShowPosting(job_id=job_id)))


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (application_form, send_application)
