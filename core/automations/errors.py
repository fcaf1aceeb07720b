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


class TooManyRules(Conflict):
    """The workspace has as many rules of its own as it may have."""

    code = "too_many_automations"
    title = "There are too many automations"


class SettingsChanged(PreconditionFailed):
    """Somebody changed what holds for every automation meanwhile."""

    code = "automation_settings_changed"
    title = "The settings of automations were changed"


class RuleIsDefault(Conflict):
    """A rule that everybody starts with can be switched and delayed, not rewritten or deleted."""

    code = "automation_is_default"
    title = "Everybody has this automation"
    TEXT = "Everybody has this automation: switch it off, or give it another delay."


class RuleIsOwn(Conflict):
    """A rule of one's own was never anything else."""

    code = "automation_is_own"
    title = "This automation is your own"
    TEXT = "This automation is your own: there is nothing to reset it to. Change it, or delete it."
