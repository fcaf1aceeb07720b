"""Looking at a template before it is saved: the preview, and sending it to oneself."""

from core.applications.contracts import ApplicationId
from core.messages.contracts import MessageId, TrialBook, TrialSent
from core.shared.actor import Actor
from core.shared.errors import InvalidInput, NotFound
from core.shared.events import Recorder
from core.shared.permissions import Action
from core.shared.tenant import TenantContext
from core.shared.usecase import handles
from core.templates.checking import flaws_of, told
from core.templates.contracts import (
    PreviewTemplate,
    RecordTrialMail,
    SendTrialMail,
    TemplatePreview,
    TrialMail,
    kind_named,
)
from core.templates.events import TemplateTested
from core.templates.kinds import sample_values
from core.templates.known import ANY_MAIL, kind_in, source_of
from core.templates.model import Kind
from core.templates.ports import (
    ApplicationFacts,
    Facts,
    Letterheads,
    PluginKinds,
    SavedTemplates,
    TrialPost,
)
from core.templates.rendering import render
from core.templates.texts import Source

_UNSUBSCRIBE_SAMPLE = "https://example.com/unsubscribe"


@handles(PreviewTemplate, action=Action.MANAGE_TENANT)
async def preview_template(
    command: PreviewTemplate,
    *,
    tenant: TenantContext,
    saved: SavedTemplates,
    letterheads: Letterheads,
    facts: Facts,
    plugins: PluginKinds,
) -> TemplatePreview:
    """Return how the template looks, or its flaws. Raises NotFound without the application.

    Changes nothing; a command only since it is sent with a body.
    """
    kind = await kind_in(command.kind, command.language, plugins)
    return await _tried(command, kind, tenant, saved, letterheads, facts)


@handles(SendTrialMail, action=Action.MANAGE_TENANT)
async def send_trial_mail(
    query: SendTrialMail,
    *,
    tenant: TenantContext,
    saved: SavedTemplates,
    letterheads: Letterheads,
    facts: Facts,
    plugins: PluginKinds,
    post: TrialPost,
) -> TrialMail:
    """Send it, and return what came of it."""
    kind = await kind_in(query.kind, query.language, plugins)
    preview = await _tried(query, kind, tenant, saved, letterheads, facts)
    if preview.mail is None:
        raise InvalidInput(*map(told, preview.flaws))
    return await post.send(preview.mail)


@handles(RecordTrialMail, action=Action.MANAGE_TENANT)
async def record_trial_mail(
    command: RecordTrialMail,
    *,
    actor: Actor,
    saved: SavedTemplates,
    book: TrialBook,
    recorder: Recorder,
) -> TrialMail:
    """Record who tried which template, and keep the mail among those to members."""
    sent = command.sent
    if sent.message_id is not None and sent.plugin is not None and actor.member_id is not None:
        await book.note(
            TrialSent(
                message_id=MessageId(sent.message_id),
                member_id=actor.member_id,
                to_address=sent.to_address,
                plugin=sent.plugin,
                result=sent.result,
                said=sent.said,
            )
        )
    latest = await saved.latest(command.kind, command.language)
    recorder.record(
        TemplateTested(
            aggregate_id=actor.tenant_id,
            kind=command.kind,
            language=command.language,
            template_version=0 if latest is None else latest.version,
            result=command.sent.result,
        )
    )
    return command.sent


async def _tried(
    asked: PreviewTemplate | SendTrialMail,
    kind: Kind,
    tenant: TenantContext,
    saved: SavedTemplates,
    letterheads: Letterheads,
    facts: Facts,
) -> TemplatePreview:
    latest = await saved.latest(kind.kind, asked.language)
    present = source_of(kind, asked.language, latest)
    source = Source(asked.subject or present.subject, asked.body or present.body)
    real = await _real(asked.application_id, kind, facts)
    flaws = flaws_of(source, kind)
    if flaws:
        return TemplatePreview(flaws, None)
    values = {**sample_values(kind), "company_name": tenant.name}
    if real is not None:
        # What isn't known of a real candidate isn't shown; what only exists for a real occasion,
        # such as a link to accept something or what a plugin gives, stays invented.
        optional = {each.name for each in kind.variables if not each.always} - kind.given
        values = {name: each for name, each in values.items() if name not in optional}
        values.update({name: each for name, each in real.values.items() if name not in kind.given})
    mail = render(
        source,
        values,
        language=asked.language,
        letterhead=await letterheads.letterhead(),
        unsubscribe_url=None if kind.transactional else _UNSUBSCRIBE_SAMPLE,
    )
    return TemplatePreview((), mail, None if real is None else real.to_name)


async def _real(
    application_id: ApplicationId | None, kind: Kind, facts: Facts
) -> ApplicationFacts | None:
    if application_id is None:
        return None
    found = await facts.of_application(application_id, kind_named(kind.kind) or ANY_MAIL)
    if found is None:
        raise NotFound("There is no such application.")
    return found
