"""Takes out of replies what is secret in links that their writers quote.

Mail programs put the message below the answer, link and all, and whoever reads a conversation could
open the candidate's own page with it. Called where replies are taken in (`replying`).
"""

import re
from typing import Final

from core.templates.contracts import STAND_IN

_STATUS: Final = re.compile(
    r"(careers(?:/|%2f)applications(?:/|%2f))[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])", re.IGNORECASE
)
"""256 bits in base64url. Services that lead links through themselves write slashes as escapes."""


def without_secrets(text: str) -> str:
    """Return the text or HTML with candidates' links as they are kept everywhere else."""
    return _STATUS.sub(rf"\g<1>{STAND_IN}", text)
