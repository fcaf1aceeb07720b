"""Who may do what no role may: the operator, who acts as the system."""

from core.shared.actor import Actor
from core.shared.errors import Forbidden


def only_operator(actor: Actor) -> None:
    """Return when the operator acts. Raises Forbidden."""
    if actor.kind != "system":
        raise Forbidden("Only the operator of the platform may do this, on the command line.")
