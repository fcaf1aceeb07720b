"""What a tenant says of its Mailgun account."""

from typing import Annotated, Literal

from msgspec import Meta

from plugins.sdk import SecretText, Settings

ADDRESS = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[^\s@,;:<>()\[\]\\]+$"
REPLY_DOMAIN = (
    r"^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?)+$"
)


class MailgunSettings(Settings, frozen=True):
    """A sending domain at Mailgun."""

    domain: Annotated[
        str,
        Meta(
            title="Sending domain",
            description="As it is set up at Mailgun.",
            max_length=253,
            pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?"
            r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?)+$",
            examples=["mg.example.com"],
        ),
    ]
    api_key: Annotated[
        SecretText,
        Meta(
            title="Sending key",
            description="A sending key of the domain is enough.",
            pattern=r"^[\x21-\x7e]+$",
        ),
    ]
    signing_key: (
        Annotated[
            SecretText,
            Meta(
                title="Webhook signing key",
                description="Another one than the sending key. Without it nothing that Mailgun "
                "tells is believed.",
            ),
        ]
        | None
    ) = None
    region: Annotated[
        Literal["us", "eu"], Meta(title="Region", description="Where the domain was created.")
    ] = "us"
    sender_address: (
        Annotated[
            str,
            Meta(
                title="From",
                description="The address that messages come from. Empty, they come from no-reply "
                "at the sending domain.",
                max_length=254,
                pattern=ADDRESS,
                examples=["jobs@mg.example.com"],
            ),
        ]
        | None
    ) = None
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
            description="Leads every link through Mailgun, also those to sign in.",
        ),
    ] = False
    reply_domain: (
        Annotated[
            str,
            Meta(
                title="Domain of replies",
                description="A domain that receives at Mailgun, with a route that forwards to the "
                "inbound webhook. Answers of candidates then appear on their page. Needs the "
                "webhook signing key.",
                max_length=190,
                pattern=REPLY_DOMAIN,
                examples=["reply.example.com"],
            ),
        ]
        | None
    ) = None
    dkim_selector: (
        Annotated[
            str,
            Meta(
                title="DKIM selector",
                description="What stands before ._domainkey in the record that Mailgun shows. "
                "Only used to check your domain.",
                max_length=63,
                pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9_\-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9_\-]+)*$",
                examples=["mail"],
            ),
        ]
        | None
    ) = None
