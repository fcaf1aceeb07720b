"""How mails get their words: the tenant's template, or the one that everybody starts with.

Other slices ask for `Wording` or `ApplicationMail` of the contracts; these stand behind them.
"""

from collections.abc import Mapping

from core.applications.contracts import ApplicationId
from core.interviews.contracts import InterviewId
from core.shared.tenant import TenantContext
from core.templates.contracts import (
    UNSUBSCRIBABLE,
    AddressedMail,
    Language,
    TemplateKind,
    Values,
    Wording,
    WrittenMail,
)
from core.templates.contracts.brought import require_values
from core.templates.kinds import language_among, language_of
from core.templates.known import ANY_MAIL, find_kind, sent_source
from core.templates.ports import Facts, Letterheads, PluginKinds, SavedTemplates
from core.templates.rendering import render
from core.templates.texts import Source, default_source


class TenantWording:
    """Implements `core.templates.contracts.Wording` for one tenant."""

    def __init__(
        self, tenant: TenantContext, saved: SavedTemplates, letterheads: Letterheads
    ) -> None:
        self._tenant = tenant
        self._saved = saved
        self._letterheads = letterheads

    async def write(
        self,
        kind: TemplateKind,
        values: Values,
        *,
        language: str | None = None,
        unsubscribe_url: str | None = None,
    ) -> WrittenMail:
        """Return the mail, with the company's name where `values` doesn't have it."""
        chosen = language_of(language, self._tenant.locale)
        return render(
            await self._source(kind, chosen),
            {"company_name": self._tenant.name, **values},
            language=chosen,
            letterhead=await self._letterheads.letterhead(),
            unsubscribe_url=unsubscribe_url,
        )

    async def _source(self, kind: TemplateKind, language: Language) -> Source:
        saved = await self._saved.latest(kind, language)
        if saved is None or saved.source is None:
            return default_source(kind, language)
        return saved.source


class CandidateMail:
    """Implements `core.templates.contracts.ApplicationMail`."""

    def __init__(self, wording: Wording, facts: Facts, stop_url: str | None = None) -> None:
        self._wording = wording
        self._facts = facts
        self._stop_url = stop_url

    async def address(self, application_id: ApplicationId) -> str | None:
        """Return the candidate's first address."""
        facts = await self._facts.of_application(application_id, ANY_MAIL)
        return None if facts is None else facts.to_address

    async def write(
        self,
        kind: TemplateKind,
        application_id: ApplicationId,
        interview_id: InterviewId | None = None,
    ) -> AddressedMail | None:
        """Return the mail in the candidate's language."""
        facts = await self._facts.of_application(application_id, kind, interview_id)
        if facts is None or not facts.complete:
            return None
        return AddressedMail(
            facts.candidate_id,
            application_id,
            facts.to_name,
            facts.to_address,
            await self._wording.write(
                kind,
                facts.values,
                language=facts.language,
                unsubscribe_url=self._stop_url if kind in UNSUBSCRIBABLE else None,
            ),
        )


class BroughtMail:
    """Implements `core.templates.contracts.PluginMails` for one tenant."""

    def __init__(
        self,
        tenant: TenantContext,
        plugins: PluginKinds,
        saved: SavedTemplates,
        letterheads: Letterheads,
        facts: Facts,
        stop_url: str,
    ) -> None:
        self._tenant = tenant
        self._plugins = plugins
        self._saved = saved
        self._letterheads = letterheads
        self._facts = facts
        self._stop_url = stop_url

    async def write(
        self, key: str, application_id: ApplicationId, values: Mapping[str, str]
    ) -> AddressedMail | None:
        """Return the mail in the candidate's language, else the tenant's, if it exists in it."""
        kind = await find_kind(key, self._plugins)
        require_values(kind, values)
        facts = await self._facts.of_application(application_id, ANY_MAIL)
        if facts is None:
            return None
        language = language_among(kind.languages, facts.language, self._tenant.locale)
        known = {name: each for name, each in facts.values.items() if name not in kind.given}
        mail = render(
            sent_source(kind, language, await self._saved.latest(key, language)),
            {**known, **values},
            language=language,
            letterhead=await self._letterheads.letterhead(),
            unsubscribe_url=None if kind.transactional else self._stop_url,
        )
        return AddressedMail(
            facts.candidate_id, application_id, facts.to_name, facts.to_address, mail
        )
