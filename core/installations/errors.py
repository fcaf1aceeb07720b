"""The refusals of plugin management."""

from core.shared.errors import Conflict, Forbidden, NotFound, PreconditionFailed


class PluginNotFound(NotFound):
    """No plugin of that id is installed here."""

    code = "plugin_not_found"
    title = "There is no such plugin"


class PluginChanged(PreconditionFailed):
    """Somebody else changed the installation since the caller read it."""

    code = "plugin_changed"
    title = "The plugin was changed by someone else"


class PluginIsTheOperators(Conflict):
    """A system plugin works for everybody; the operator decides about it."""

    code = "plugin_is_the_operators"
    title = "This plugin is managed by the operator"


class PermissionsNotAccepted(Conflict):
    """What was accepted isn't exactly what the plugin asks for; details tell both."""

    code = "permissions_not_accepted"
    title = "Accept what the plugin asks for"


class PluginNotEnabled(Conflict):
    """What was asked for needs the plugin to be enabled or configured first."""

    code = "plugin_not_enabled"
    title = "The plugin is not enabled"


class PluginStillEnabled(Conflict):
    """A plugin is uninstalled after it was disabled."""

    code = "plugin_still_enabled"
    title = "The plugin is still enabled"


class NoAccountNeeded(Conflict):
    """The plugin connects no account: it has no `oauth_provider`."""

    code = "plugin_has_no_account"
    title = "This plugin connects no account"


class PluginNotConnected(Conflict):
    """There is no connection that could be ended."""

    code = "plugin_not_connected"
    title = "No account is connected"


class ConsentUnknown(Forbidden):
    """A vendor's answer that nobody waits for here: forged, used, too late, or another's."""

    code = "consent_unknown"
    title = "Nobody here is waiting for this answer"
    TEXT = (
        "This answer of a vendor was used before, came more than ten minutes after it was asked "
        "for, or was asked for in another session. Nothing was connected. Open the plugin's page "
        "and connect the account from there."
    )


class PluginTablesMissing(Conflict):
    """The plugin's tables aren't in the database yet, or aren't those of this version."""

    code = "plugin_tables_missing"
    title = "The plugin's tables are not ready"
