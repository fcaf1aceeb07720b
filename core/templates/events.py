"""What happened to templates. Events carry the kind and language, not what a template says."""

from typing import ClassVar

from core.shared.events import Event


class TemplateEvent(Event, frozen=True, kw_only=True):
    """Base of the events of templates; `aggregate_id` is the tenant."""

    aggregate: ClassVar[str] = "template"
    kind: str
    language: str
    template_version: int


class TemplateSaved(TemplateEvent, frozen=True, kw_only=True):
    """A template got a new version."""

    type: ClassVar[str] = "template.saved"


class TemplateReset(TemplateEvent, frozen=True, kw_only=True):
    """A template went back to the text that everybody starts with."""

    type: ClassVar[str] = "template.reset"


class TemplateTested(TemplateEvent, frozen=True, kw_only=True):
    """Somebody sent a template to themselves."""

    type: ClassVar[str] = "template.tested"
    result: str
