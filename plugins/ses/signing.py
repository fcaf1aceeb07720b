"""Signs requests to Amazon Web Services with Signature Version 4.

Source: AWS, "Create a signed AWS API request" (IAM User Guide); its published examples are the test
vectors.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

import msgspec

ALGORITHM: Final = "AWS4-HMAC-SHA256"


class Credentials(msgspec.Struct, frozen=True):
    """Who signs, for what."""

    key_id: str
    secret: str
    region: str
    service: str


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is signed."""

    method: str
    host: str
    path: str = "/"
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = {}
    """Besides `host` and `x-amz-date`, which are signed always."""
    body: bytes = b""


def sign(request: Request, credentials: Credentials, now: datetime) -> dict[str, str]:
    """Return the request's headers with those that sign it; `host` is left to the HTTP client."""
    moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {
        **{name.lower(): " ".join(value.split()) for name, value in request.headers.items()},
        "host": request.host,
        "x-amz-date": moment,
    }
    names = ";".join(sorted(headers))
    scope = f"{moment[:8]}/{credentials.region}/{credentials.service}/aws4_request"
    canonical = "\n".join(
        [
            request.method,
            quote(request.path, safe="/-_.~"),
            "&".join(sorted(f"{_quoted(name)}={_quoted(value)}" for name, value in request.query)),
            *(f"{name}:{headers[name]}" for name in sorted(headers)),
            "",
            names,
            hashlib.sha256(request.body).hexdigest(),
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"{ALGORITHM}\n{moment}\n{scope}\n{digest}"
    signature = hmac.new(_key(credentials, moment[:8]), to_sign.encode(), hashlib.sha256)
    del headers["host"]
    headers["authorization"] = (
        f"{ALGORITHM} Credential={credentials.key_id}/{scope}, SignedHeaders={names}, "
        f"Signature={signature.hexdigest()}"
    )
    return headers


def _key(credentials: Credentials, day: str) -> bytes:
    key = f"AWS4{credentials.secret}".encode()
    for part in (day, credentials.region, credentials.service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
