"""What a plugin asked to be sent in an author's tests: `harness.mail`.

A template that isn't there, variables that don't fit and a missing permission are refused as the
platform refuses them; the words are those of the plugin's own text, about an invented application.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, get_args
from uuid import UUID, uuid4

import msgspec

from core.messages.contracts import KEY_REUSED, MailOutcome, MessageId
from core.shared.errors import Conflict
from core.templates.contracts.brought import sample_mail
from plugins.sdk.contributions import EmailTemplate
from plugins.sdk.mail import Asked, asked_for
from plugins.sdk.manifest import Manifest

MailResult = Literal["queued", "repeated", "stopped", "no_address"]


class SentMail(msgspec.Struct, frozen=True, kw_only=True):
    """An e-mail that was promised."""

    template: str
    application_id: UUID | None
    candidate_id: UUID | None
    variables: Mapping[str, str]
    idempotency_key: str
    message_id: MessageId
    language: str
    subject: str
    text: str
    html: str | None


class FakeMail:
    """The e-mails of one tenant."""

    def __init__(
        self,
        manifest: Manifest,
        templates: Sequence[EmailTemplate],
        company: str,
        language: str,
    ) -> None:
        self.sent: list[SentMail] = []
        """Everything that was promised, oldest first."""
        self.language = language
        """That of the candidates; the tenant's unless a test sets another."""
        self._manifest = manifest
        self._templates = templates
        self._company = company
        self._answer: MailResult | Exception = "queued"

    def answer(self, answer: MailResult | Exception) -> None:
        """Let what is asked for from now on come to this: `stopped`, `no_address`, an exception."""
        if not isinstance(answer, Exception) and answer not in get_args(MailResult):
            raise AssertionError(f"there is no such result: {answer}")
        self._answer = answer

    def promise(
        self,
        template: str,
        *,
        application_id: UUID | None,
        candidate_id: UUID | None,
        variables: Mapping[str, str],
        idempotency_key: str,
    ) -> MailOutcome:
        """Do what `context.mail.send` does."""
        asked = asked_for(
            self._manifest,
            [each.action for each in self._manifest.permissions],
            self._templates,
            template,
            application_id=application_id,
            candidate_id=candidate_id,
            variables=variables,
            idempotency_key=idempotency_key,
        )
        for each in self.sent:
            if each.idempotency_key == idempotency_key:
                if _about(each) != (template, application_id, candidate_id):
                    raise Conflict(KEY_REUSED)
                return MailOutcome(result="repeated", message_id=each.message_id)
        if isinstance(self._answer, Exception):
            raise self._answer
        if self._answer != "queued":
            return MailOutcome(result=self._answer)
        self.sent.append(self._written(asked))
        return MailOutcome(result="queued", message_id=self.sent[-1].message_id)

    def _written(self, asked: Asked) -> SentMail:
        mail = sample_mail(
            asked.kind, asked.variables, company=self._company, language=self.language
        )
        return SentMail(
            template=asked.template.name,
            application_id=asked.application_id,
            candidate_id=asked.candidate_id,
            variables=asked.variables,
            idempotency_key=asked.idempotency_key,
            message_id=MessageId(uuid4()),
            language=mail.language,
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
        )


def _about(mail: SentMail) -> tuple[str, UUID | None, UUID | None]:
    return mail.template, mail.application_id, mail.candidate_id
