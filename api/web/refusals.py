"""Shows a refusal in a plain form: beside the field it is about where the form has that field.

For pages whose forms are sent by the browser itself; those sent to the API do the same by script.
"""

import re
from collections.abc import Collection
from typing import Any, Final

from core.shared.errors import DomainError, InvalidInput

_ENTRY: Final = re.compile(r"(\.\d+|\[\d+\])$")
"""One entry of a list that is typed in a single field: `settings.codes.2`."""


def said(error: DomainError, fields: Collection[str]) -> dict[str, Any]:
    """Return `errors` by field and, as `error`, what belongs to no field of the form."""
    errors: dict[str, str] = {}
    rest: list[str] = []
    for each in error.fields if isinstance(error, InvalidInput) else ():
        name = each.field if each.field in fields else _ENTRY.sub("", each.field)
        if name in fields:
            errors.setdefault(name, each.message)
        else:
            rest.append(f"{each.field}: {each.message}" if each.field else each.message)
    if not errors and not rest:
        rest = [error.message]
    return {"error": " ".join(rest), "errors": errors}
