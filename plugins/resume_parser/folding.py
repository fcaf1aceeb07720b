"""Text made comparable: without case, accents and typography."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_PLAIN: Final = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "\u0131": "i", "æ": "ae", "œ": "oe"}
    | {"’": "'", "`": "'", "´": "'"}
)
_WORD: Final = re.compile(r"[^\W_]+(?:[.'’\-+#][^\W_]+)*[+#]*")
_NOT_WORD: Final = re.compile(r"[\W_]+")


@lru_cache(maxsize=20_000)
def fold(text: str) -> str:
    """Return the text in lower case, without accents."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    return "".join(each for each in decomposed if not unicodedata.combining(each))


def key(text: str) -> str:
    """Return the folded words of the text, one space between them, nothing else."""
    return _NOT_WORD.sub(" ", fold(text)).strip()


def words(text: str) -> list[str]:
    """Return the folded words; `c++`, `ph.d` and `co-founder` are one each."""
    return _WORD.findall(fold(text))
