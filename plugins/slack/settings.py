"""What a tenant says of the channel."""

from typing import Annotated, Final

from msgspec import Meta

from plugins.sdk import SecretText, Settings

WEBHOOK: Final = r"^https://hooks\.slack\.com/services/[A-Za-z0-9]+/[A-Za-z0-9]+/[A-Za-z0-9]+$"


class SlackSettings(Settings, frozen=True):
    """A channel, by the address that Slack gave for it."""

    webhook_url: Annotated[
        SecretText,
        Meta(
            title="Webhook URL",
            description="Of an incoming webhook of your Slack app: "
            "https://hooks.slack.com/services/... Who knows it can post to the channel.",
            pattern=WEBHOOK,
        ),
    ]
