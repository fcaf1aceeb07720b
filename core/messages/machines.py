"""Recognises opens and clicks that no person made, by what the client says of itself."""

import re
from typing import Final

_MACHINES: Final = re.compile(
    # Gmail and Yahoo fetch pictures through their own servers, also ahead of the reader.
    r"GoogleImageProxy|YahooMailProxy"
    # Scanners of mail that follow links and load pictures before anybody reads.
    r"|BarracudaCentral|Barracuda Sentinel|Mimecast|Proofpoint|SafeLinks|Microsoft Office Existence"
    r"|Symantec|TrendMicro|FireEye|MessageLabs|ZoomInfoBot"
    # Whatever calls itself a robot or is a library and no mail program.
    r"|(?<!cu)bot\b|crawler|spider|scanner|preview|HeadlessChrome|python-requests|Go-http-client|^curl/",
    re.IGNORECASE,
)

_APPLE_PRIVACY: Final = "mozilla/5.0"
"""All that Apple's Mail Privacy Protection says; it loads pictures whether one reads or not."""


def is_machine(user_agent: str | None) -> bool:
    """Return whether a client that names itself so is no person's; an unnamed one may be."""
    if user_agent is None:
        return False
    named = user_agent.strip()
    return named.lower() == _APPLE_PRIVACY or _MACHINES.search(named) is not None
