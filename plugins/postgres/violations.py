"""Which constraint a statement broke, so that repositories can say it in the slice's words."""

import sqlalchemy as sa


def broken_constraint(error: sa.exc.DBAPIError) -> str | None:
    """Return the name of the constraint that the database said was broken."""
    name = getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)
    return name if isinstance(name, str) else None
