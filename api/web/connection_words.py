"""What is said of a plugin's account: on the plugin's page, after a vendor has answered."""

from typing import Final

from litestar.types import Scope

from api.web.frame import translated
from api.web.labels import Labels
from api.web.languages import mark

OUTCOMES: Final[Labels] = {
    "access_denied": mark(
        "The vendor says that access was denied. Nothing was connected. Connect again, and agree "
        "on the vendor's page."
    ),
    "invalid_scope": mark(
        "The vendor doesn't know what the plugin asks for, or your account may not give it."
    ),
    "unauthorized_client": mark(
        "The vendor doesn't let this client connect accounts. Look at how it is registered there."
    ),
    "temporarily_unavailable": mark("The vendor is busy. Try again in a few minutes."),
    "server_error": mark("The vendor has a fault. Try again in a few minutes."),
    "wrong_issuer": mark(
        "The answer came from somebody else than the plugin's vendor, and was thrown away."
    ),
    "exchange_refused": mark(
        "The vendor agreed, but gave no token. Compare the client's id and secret in the settings, "
        "and the address that is registered there, with what the vendor has."
    ),
    "vendor_away": mark("The vendor can't be reached just now. Connect again in a few minutes."),
    "settings_missing": mark("Fill in the client's id and secret, then connect the account."),
}
"""What became of a vendor's answer by which nothing was connected, by its outcome."""
OTHERWISE: Final = mark("The vendor refused, and nothing was connected. Try again.")


def told(scope: Scope, failed: str) -> str:
    """Return what is said of an outcome; nothing without one."""
    return translated(scope, OUTCOMES.get(failed, OTHERWISE)) if failed else ""
