"""What can be wrong with a link in a mail."""

from core.shared.errors import NotFound


class SubscriptionNotFound(NotFound):
    """The link is none of ours, or what it was about is gone."""

    code = "subscription_not_found"
    title = "This link leads nowhere"
    TEXT = "This link doesn't lead anywhere any more."
