"""What can be wrong with a request about automations."""

from core.shared.errors import Conflict, NotFound, PreconditionFailed


class RuleNotFound(NotFound):
    """There is no such rule."""

    code = "automation_not_found"
    title = "No such automation"
    TEXT = "There is no such automation."


class RuleChanged(PreconditionFailed):
    """Somebody changed the rule meanwhile."""

    code = "automation_changed"
    title = "The automation was changed"


class StepNotFound(NotFound):
    """Nothing of that id was planned for the application."""

    code = "planned_step_not_found"
    title = "Nothing like that was planned"
    TEXT = "Nothing of that id was planned for this application."


class TooLateToTakeBack(Conflict):
    """It is done, or was taken back before."""

    code = "too_late_to_take_back"
    title = "It is too late to take this back"
