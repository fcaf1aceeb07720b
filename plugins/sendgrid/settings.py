"""What a tenant says of its SendGrid account."""

from typing import Annotated, Literal

from msgspec import Meta

from plugins.sdk import SecretText, Settings

ADDRESS = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[^\s@,;:<>()\[\]\\]+$"
REPLY_DOMAIN = (
    r"^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?)+$"
)


class SendGridSettings(Settings, frozen=True):
    """An account at SendGrid."""

    api_key: Annotated[
        SecretText,
        Meta(
            title="API key",
            description='Restricted access with "Mail Send" is enough.',
            pattern=r"^[\x21-\x7e]+$",
        ),
    ]
    region: Annotated[
        Literal["global", "eu"],
        Meta(title="Region", description="Where the account or subuser lives."),
    ] = "global"
    sender_address: (
        Annotated[
            str,
            Meta(
                title="From",
                description="The address that messages come from, of a domain or sender that is "
                "verified at SendGrid. Empty, they come from no-reply at your workspace's own "
                "address.",
                max_length=254,
                pattern=ADDRESS,
                examples=["jobs@example.com"],
            ),
        ]
        | None
    ) = None
    verification_key: Annotated[
        str,
        Meta(
            title="Verification key",
            description="Of the signed event webhook, as SendGrid shows it. Without it nothing "
            "that SendGrid tells is believed.",
            max_length=1_000,
            pattern=r"^[A-Za-z0-9+/=\s]*$",
        ),
    ] = ""
    track_opens: Annotated[
        bool,
        Meta(
            title="Notice opened messages",
            description="Puts a picture into messages. Ask your data protection officer first.",
        ),
    ] = False
    track_clicks: Annotated[
        bool,
        Meta(
            title="Notice followed links",
            description="Leads every link through SendGrid, also those to sign in.",
        ),
    ] = False
    reply_domain: (
        Annotated[
            str,
            Meta(
                title="Domain of replies",
                description="A subdomain of its own whose MX record is mx.sendgrid.net and whose "
                "Inbound Parse leads to the inbound webhook. Answers of candidates then appear "
                "on their page. Needs one of the two fields below.",
                max_length=190,
                pattern=REPLY_DOMAIN,
                examples=["reply.example.com"],
            ),
        ]
        | None
    ) = None
    inbound_secret: (
        Annotated[
            SecretText,
            Meta(
                title="Secret of Inbound Parse",
                description="What the address that you give to Inbound Parse ends in: "
                "?secret=... It may also stand there as a password: https://parse:...@... "
                "SendGrid signs incoming mail only when you ask for it.",
                pattern=r"^[A-Za-z0-9_\-]{16,200}$",
            ),
        ]
        | None
    ) = None
    inbound_key: Annotated[
        str,
        Meta(
            title="Verification key of Inbound Parse",
            description="Of the security policy that is attached to Inbound Parse, if there is "
            "one. Then only signed mail is let in.",
            max_length=1_000,
            pattern=r"^[A-Za-z0-9+/=\s]*$",
        ),
    ] = ""
