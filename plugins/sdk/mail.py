"""What the platform and the harness of authors' tests both make of a plugin's e-mail templates.

So a template that isn't there and a variable that doesn't fit fail alike in both.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from core.shared.errors import FieldError, Forbidden, InvalidInput, NotFound
from core.shared.permissions import Action
from core.templates.contracts import Language
from core.templates.contracts.brought import (
    Brought,
    BroughtVariable,
    Kind,
    kind_of,
    problem_of,
    require_values,
)
from plugins.sdk.contributions import EmailTemplate
from plugins.sdk.manifest import Manifest

LONGEST_KEY: Final = 200


class Asked(msgspec.Struct, frozen=True):
    """An e-mail that was asked for, looked over."""

    kind: Kind
    template: EmailTemplate
    application_id: UUID | None
    candidate_id: UUID | None
    variables: dict[str, str]
    idempotency_key: str


def mail_kind(manifest: Manifest, template: EmailTemplate) -> Kind:
    """Return the kind of mail that a template is."""
    texts: dict[Language, tuple[str, str]] = {
        template.language: (template.subject, template.text),
        **{
            language: (each.subject, each.text)
            for language, each in template.translations.items()
            if language != template.language
        },
    }
    return kind_of(
        Brought(
            plugin_id=manifest.id,
            plugin_name=manifest.name,
            name=template.name,
            title=template.title or template.name.replace("_", " ").capitalize(),
            purpose=template.purpose,
            texts=texts,
            variables=[
                BroughtVariable(
                    name,
                    example,
                    template.meanings.get(name, ""),
                    name in template.links,
                    name not in template.optional,
                )
                for name, example in template.variables.items()
            ],
            transactional=template.transactional,
        )
    )


def wrong_with(manifest: Manifest, template: EmailTemplate) -> str | None:
    """Return what is wrong with a template, in one sentence; None when nothing is."""
    if template.language in template.translations:
        return f"its translations hold {template.language}, which is its own language."
    for field in ("optional", "links", "meanings"):
        for name in getattr(template, field):
            if name not in template.variables:
                return f"its {field} name {name!r}, which isn't in variables."
    return problem_of(mail_kind(manifest, template))


def asked_for(
    manifest: Manifest,
    permissions: Collection[str],
    templates: Sequence[EmailTemplate],
    name: str,
    *,
    application_id: UUID | None,
    candidate_id: UUID | None,
    variables: Mapping[str, str],
    idempotency_key: str,
) -> Asked:
    """Return what `context.mail.send` asked for. Raises Forbidden, NotFound and InvalidInput."""
    needed = Action.SEND_MESSAGES.value
    if needed not in permissions:
        raise Forbidden(
            f"Sending e-mail needs {needed}, which the plugin {manifest.id} may not do.",
            reason="plugin_permission",
        )
    template = next((each for each in templates if each.name == name), None)
    if template is None:
        there = ", ".join(each.name for each in templates) or "none"
        raise NotFound(f"The plugin has no e-mail template {str(name)[:80]!r}; it has: {there}.")
    if (application_id is None) == (candidate_id is None):
        message = "Give either application_id or candidate_id."
        raise InvalidInput(FieldError("application_id", message, "missing"), message=message)
    about = _plain_id("application_id", application_id)
    whom = _plain_id("candidate_id", candidate_id)
    key: Any = idempotency_key
    if type(key) is not str or not 1 <= len(key) <= LONGEST_KEY or "\x00" in key:
        message = f"idempotency_key must be a text of 1 to {LONGEST_KEY} characters."
        raise InvalidInput(FieldError("idempotency_key", message), message=message)
    values: Any = variables
    if not isinstance(values, Mapping) or any(type(name) is not str for name in values):
        message = "variables must map names to texts."
        raise InvalidInput(FieldError("variables", message), message=message)
    kind, given = mail_kind(manifest, template), dict(values)
    require_values(kind, given)
    return Asked(kind, template, about, whom, given, key)


def _plain_id(field: str, value: Any) -> UUID | None:
    """Return a copy: what others derive from UUID may run code of theirs. Raises InvalidInput."""
    if value is None:
        return None
    if not isinstance(value, UUID):
        message = f"{field} must be a UUID."
        raise InvalidInput(FieldError(field, message), message=message)
    return UUID(int=int(value.int))


__all__ = ["Asked", "asked_for", "mail_kind", "wrong_with"]
