"""What e-mails say: reading, changing, trying and resetting templates."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from api.conditional import expected_version, reply_with_version
from api.mutation import mutate
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.applications.contracts import ApplicationId
from core.templates.contracts import (
    BodySource,
    ChangeTemplate,
    Language,
    ListTemplates,
    ListTemplateVersions,
    PreviewTemplate,
    RecordTrialMail,
    ResetTemplate,
    SendTrialMail,
    ShowTemplate,
    SubjectSource,
    TemplateKey,
    TemplateList,
    TemplatePreview,
    TemplateVersions,
    TemplateView,
    TrialMail,
)
from core.templates.errors import TemplateNotFound


class TemplateBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next version of a template."""

    subject: SubjectSource
    body: BodySource


class TrialBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to try; what is left out is as it is saved."""

    subject: SubjectSource | None = None
    body: BodySource | None = None
    application_id: Annotated[
        UUID | None,
        Meta(description="Whose application to fill it with; without, an invented one."),
    ] = None


class TemplateController(Controller):
    """The templates of e-mails."""

    path = "/templates"
    tags = ("Templates",)

    @get(operation_id="listTemplates", summary="List the templates", responses=problems(403))
    async def list_templates(self, tenant_scope: Scoped) -> Reply[TemplateList]:
        """Return every kind of e-mail, and in which languages its text was changed.

        Those that enabled plugins bring come last; their kind is `<plugin>.<template>`.
        """
        return reply(await tenant_scope.ask(ListTemplates()))

    @get(
        "/{kind:str}/{language:str}",
        operation_id="showTemplate",
        summary="Show a template",
        responses=problems(403, 404),
    )
    async def show(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        kind: FromPath[str],
        language: FromPath[str],
    ) -> Reply[TemplateView]:
        """Return subject and body, with the variables that may stand in them."""
        known, tongue = named(kind, language)
        view = await tenant_scope.ask(ShowTemplate(kind=known, language=tongue))
        return reply_with_version(request, view, view.version)

    @put(
        "/{kind:str}/{language:str}",
        operation_id="changeTemplate",
        summary="Change a template",
        responses=problems(403, 404, 412),
    )
    async def change(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        kind: FromPath[str],
        language: FromPath[str],
        data: JSONBody[TemplateBody],
    ) -> Reply[TemplateView]:
        """Save a new version. Everything that is wrong is named, with its line."""
        known, tongue = named(kind, language)
        command = ChangeTemplate(
            kind=known,
            language=tongue,
            subject=data.subject,
            body=data.body,
            expected_version=expected_version(request),
        )
        return await mutate(request, tenant_scope, command)

    @post(
        "/{kind:str}/{language:str}/reset",
        status_code=200,
        operation_id="resetTemplate",
        summary="Reset a template",
        responses=problems(403, 404, 412),
    )
    async def reset(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        kind: FromPath[str],
        language: FromPath[str],
    ) -> Reply[TemplateView]:
        """Go back to the text that everybody starts with. Earlier versions stay readable."""
        known, tongue = named(kind, language)
        command = ResetTemplate(
            kind=known, language=tongue, expected_version=expected_version(request)
        )
        return await mutate(request, tenant_scope, command)

    @get(
        "/{kind:str}/{language:str}/versions",
        operation_id="listTemplateVersions",
        summary="List the versions of a template",
        responses=problems(403, 404),
    )
    async def versions(
        self, tenant_scope: Scoped, kind: FromPath[str], language: FromPath[str]
    ) -> Reply[TemplateVersions]:
        """Return the last hundred versions, newest first. Version 0 is what everybody has."""
        known, tongue = named(kind, language)
        return reply(await tenant_scope.ask(ListTemplateVersions(kind=known, language=tongue)))

    @post(
        "/{kind:str}/{language:str}/preview",
        status_code=200,
        operation_id="previewTemplate",
        summary="Preview a template",
        responses=problems(403, 404),
    )
    async def preview(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        kind: FromPath[str],
        language: FromPath[str],
        data: JSONBody[TrialBody],
    ) -> Reply[TemplatePreview]:
        """Return the e-mail that it makes, or what is wrong with it. Changes nothing."""
        known, tongue = named(kind, language)
        command = PreviewTemplate(
            kind=known,
            language=tongue,
            subject=data.subject,
            body=data.body,
            application_id=application_of(data),
        )
        return await mutate(request, tenant_scope, command)

    @post(
        "/{kind:str}/{language:str}/test",
        status_code=200,
        operation_id="sendTestMail",
        summary="Send a template to oneself",
        responses=problems(403, 404, 409),
    )
    async def test(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        kind: FromPath[str],
        language: FromPath[str],
        data: JSONBody[TrialBody],
    ) -> Reply[TrialMail]:
        """Send the e-mail to the address of whoever asks, now, and return what came of it."""
        known, tongue = named(kind, language)
        sent = await tenant_scope.ask(
            SendTrialMail(
                kind=known,
                language=tongue,
                subject=data.subject,
                body=data.body,
                application_id=application_of(data),
            )
        )
        command = RecordTrialMail(kind=known, language=tongue, sent=sent)
        return await mutate(request, tenant_scope, command)


def named(kind: str, language: str) -> tuple[TemplateKey, Language]:
    """Return the template that a path names, if one can have that name. Raises TemplateNotFound."""
    try:
        return msgspec.convert((kind, language), tuple[TemplateKey, Language])
    except msgspec.ValidationError as error:
        raise TemplateNotFound(TemplateNotFound.TEXT) from error


def application_of(data: TrialBody) -> ApplicationId | None:
    """Return the application that a trial names."""
    return None if data.application_id is None else ApplicationId(data.application_id)
