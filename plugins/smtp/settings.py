"""What a tenant says of its mail server."""

from typing import Annotated, Literal

from msgspec import Meta

from plugins.sdk import SecretText, Settings


class SmtpSettings(Settings, frozen=True):
    """A mail server that takes messages for delivery."""

    host: Annotated[
        str,
        Meta(
            title="Server",
            description="Name of the server that takes outgoing mail.",
            min_length=1,
            max_length=253,
            pattern=r"^[A-Za-z0-9.\-]+$",
            examples=["smtp.example.com"],
        ),
    ]
    port: Annotated[
        int, Meta(title="Port", description="587 with STARTTLS, 465 with TLS.", ge=1, le=65535)
    ] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"],
        Meta(
            title="Encryption",
            description="What is chosen is required: a server that doesn't offer it gets no mail.",
        ),
    ] = "starttls"
    user_name: Annotated[str, Meta(title="User name", max_length=320)] | None = None
    password: (
        Annotated[SecretText, Meta(title="Password", description="Often an app password.")] | None
    ) = None
    sender_address: (
        Annotated[
            str,
            Meta(
                title="From",
                description="The address that messages come from: one that your mail server may "
                "send for. Empty, they come from no-reply at your workspace's own address.",
                max_length=254,
                pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[^\s@,;:<>()\[\]\\]+$",
                examples=["jobs@example.com"],
            ),
        ]
        | None
    ) = None
    dkim_selector: (
        Annotated[
            str,
            Meta(
                title="DKIM selector",
                description="Of the key that your mail server signs with. "
                "Only used to check your domain.",
                max_length=63,
                pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9_\-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9_\-]+)*$",
                examples=["mail"],
            ),
        ]
        | None
    ) = None
