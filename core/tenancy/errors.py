"""Refusals of the tenancy slice; the codes are public."""

from typing import ClassVar

from core.shared.errors import Conflict, Forbidden


class TenantSuspended(Forbidden):
    """The operator suspended the workspace; nothing in it is lost."""

    code = "tenant_suspended"
    title = "This workspace is suspended"
    TEXT: ClassVar[str] = (
        "This workspace is suspended. Nothing in it is lost; ask its owner to contact the operator."
    )


class SlugTaken(Conflict):
    """Another tenant has this slug."""

    code = "slug_taken"
    title = "This address is taken"


class DomainTaken(Conflict):
    """Another tenant has this domain."""

    code = "domain_taken"
    title = "This domain is taken"
