"""Password verifiers made on this side, so that no password crosses the wire or enters a log.

RFC 5802 section 3 and RFC 7677, in the form PostgreSQL stores in pg_authid (see its
documentation of that catalogue). Used when roles are made.
"""

import base64
import hashlib
import hmac
import secrets

_ITERATIONS = 4096  # what PostgreSQL uses itself: scram_iterations
_SALT_BYTES = 16


def scram_verifier(password: str, salt: bytes | None = None) -> str:
    """The SCRAM-SHA-256 verifier of `password` under `salt`, which is random if not given.

    Raises `ValueError` for characters outside printable ASCII, whose normal form (SASLprep)
    would have to be agreed on with every client.
    """
    if not password or not (password.isascii() and password.isprintable()):
        raise ValueError("a database password must be printable ASCII")
    salt = salt or secrets.token_bytes(_SALT_BYTES)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    return (
        f"SCRAM-SHA-256${_ITERATIONS}:{_base64(salt)}${_base64(stored_key)}:{_base64(server_key)}"
    )


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
