"""What a tenant says of its Amazon SES account."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from plugins.sdk import SecretText, Settings

ADDRESS = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[^\s@,;:<>()\[\]\\]+$"
REPLY_DOMAIN = (
    r"^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?)+$"
)

Region = Literal[
    "af-south-1",
    "ap-east-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ca-central-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-south-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
]
REGIONS: Final[tuple[Region, ...]] = Region.__args__  # type: ignore[attr-defined]
"""Where SES and SNS have addresses: the plugin calls no others."""


def ses_host(region: str) -> str:
    """Return the name of SES in a region."""
    return f"email.{region}.amazonaws.com"


def sns_host(region: str) -> str:
    """Return the name of SNS in a region."""
    return f"sns.{region}.amazonaws.com"


class SesSettings(Settings, frozen=True):
    """An account at Amazon SES."""

    region: Annotated[
        Region, Meta(title="Region", description="In which the sending domain is verified.")
    ]
    access_key_id: Annotated[
        str,
        Meta(
            title="Access key ID",
            description="Of a user that may do ses:SendEmail and ses:GetAccount and nothing else.",
            pattern=r"^[A-Za-z0-9]{16,128}$",
        ),
    ]
    secret_access_key: Annotated[
        SecretText, Meta(title="Secret access key", pattern=r"^[\x21-\x7e]+$")
    ]
    sender_address: Annotated[
        str,
        Meta(
            title="From",
            description="The address that messages come from, verified at SES or of a domain that "
            "is.",
            max_length=254,
            pattern=ADDRESS,
            examples=["jobs@example.com"],
        ),
    ]
    configuration_set: (
        Annotated[
            str,
            Meta(
                title="Configuration set",
                description="The one that publishes events to the topic below.",
                pattern=r"^[A-Za-z0-9_-]{1,64}$",
            ),
        ]
        | None
    ) = None
    topic_arn: (
        Annotated[
            str,
            Meta(
                title="SNS topic",
                description="ARN of the topic that tells what becomes of messages. Without it "
                "nothing that SNS sends is believed.",
                pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$",
                examples=["arn:aws:sns:eu-central-1:123456789012:mail-events"],
            ),
        ]
        | None
    ) = None
    reply_domain: (
        Annotated[
            str,
            Meta(
                title="Domain of replies",
                description="A domain that SES receives for, with a rule that publishes whole "
                "messages to the topic below. Answers of candidates then appear on their page.",
                max_length=190,
                pattern=REPLY_DOMAIN,
                examples=["reply.example.com"],
            ),
        ]
        | None
    ) = None
    inbound_topic_arn: (
        Annotated[
            str,
            Meta(
                title="SNS topic of incoming mail",
                description="ARN of the topic to which the receipt rule publishes. It may be the "
                "same as above.",
                pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$",
                examples=["arn:aws:sns:eu-central-1:123456789012:mail-replies"],
            ),
        ]
        | None
    ) = None
    dkim_tokens: (
        Annotated[
            str,
            Meta(
                title="DKIM tokens",
                description="The three that SES shows for the domain, with spaces between them. "
                "Only used to check your domain.",
                max_length=300,
                pattern=r"^[A-Za-z0-9]{1,63}(?: [A-Za-z0-9]{1,63}){0,3}$",
            ),
        ]
        | None
    ) = None
    mail_from_domain: (
        Annotated[
            str,
            Meta(
                title="MAIL FROM domain",
                description="A subdomain for returned mail, if you set one up at SES. Only used to "
                "check your domain.",
                max_length=190,
                pattern=r"^[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?"
                r"(?:\.[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?)+$",
                examples=["bounce.example.com"],
            ),
        ]
        | None
    ) = None
