"""What can be wrong with a request about templates."""

from core.shared.errors import NotFound, PreconditionFailed


class TemplateChanged(PreconditionFailed):
    """Somebody saved another version meanwhile."""

    code = "template_changed"
    title = "The template was changed"


class TemplateNotFound(NotFound):
    """There is no such template, or not in this language."""

    code = "template_not_found"
    title = "No such template"
    TEXT = "There is no such template, or not in this language."
