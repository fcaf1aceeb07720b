"""The rules for e-mail addresses and passwords.

Length over composition, and no password that everybody tries first (NIST SP 800-63B, 5.1.1.2).
"""

import re
import unicodedata
from importlib import resources
from typing import Final

from core.shared.errors import FieldError, InvalidInput

MIN_LENGTH: Final = 12
MAX_LENGTH: Final = 256
MAX_EMAIL_LENGTH: Final = 254
# Deliberately loose: one @, no white space, a dot in the domain. The link proves the rest.
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]+\.[^@\s.\x00-\x1f\x7f]+")


def _load_common() -> frozenset[str]:
    text = resources.files("core.identity").joinpath("common_passwords.txt")
    lines = text.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


_COMMON: Final = _load_common()


def normalise_email(text: str) -> str:
    """Return the form in which an address is kept and compared: NFKC, lower case, trimmed."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def parse_email(text: str, field: str = "email") -> str:
    """Return the normalised address. Raises InvalidInput."""
    email = normalise_email(text)
    if len(email) > MAX_EMAIL_LENGTH or not _EMAIL.fullmatch(email):
        raise InvalidInput(FieldError(field, "Use an e-mail address such as name@example.com."))
    return email


def normalise_password(text: str) -> str:
    """Return the form that is hashed: the same however a keyboard composes its letters (NFKC)."""
    return unicodedata.normalize("NFKC", text)


def check_new_password(text: str, *, email: str, field: str = "password") -> None:
    """Return when `text` may be a password. Raises InvalidInput with the rule that it breaks."""
    password = normalise_password(text)
    lower = password.lower()
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        wrong = f"Use {MIN_LENGTH} to {MAX_LENGTH} characters; a few words make a good password."
    elif "\x00" in password:
        wrong = "Leave out the NUL character."
    elif lower in {email, email.partition("@")[0]}:
        wrong = "Use something else than the e-mail address."
    elif _is_common(lower):
        wrong = "This is one of the first passwords that attackers try. Use something else."
    else:
        return
    raise InvalidInput(FieldError(field, wrong, "password"))


def _is_common(lower: str) -> bool:
    # Padding a common word with digits and signs, or repeating it, is tried next.
    core = lower.strip("0123456789!?.,*#$@-_ ")
    repeated = any(
        len(lower) % length == 0 and lower[:length] * (len(lower) // length) == lower
        for length in range(1, 5)
    )
    return lower in _COMMON or core in _COMMON or (not core and lower.isdigit()) or repeated
