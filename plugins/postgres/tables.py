"""Every module that defines tables, so that one import makes `schema.metadata` complete.

Imported by migrations, by the catalogue audit and by nothing on the request path.
"""

from types import ModuleType
from typing import Final

from plugins.postgres import (
    accounts,
    api_keys,
    idempotency,
    links,
    members,
    outbox,
    quotas,
    sessions,
    tenants,
)
from plugins.postgres.schema import metadata

TABLE_MODULES: Final[tuple[ModuleType, ...]] = (
    tenants,
    accounts,
    members,
    sessions,
    api_keys,
    links,
    quotas,
    idempotency,
    outbox,
)
"""In the order in which their revisions were first made; a new slice goes to the end."""

__all__ = ["TABLE_MODULES", "metadata"]
