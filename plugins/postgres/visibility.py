"""What an interviewer may see, for statements built in Python; `sql/visibility.sql` defines it."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from core.shared.ids import MemberId, TenantId


def visible_applications(tenant_id: TenantId, member_id: MemberId) -> sa.Select[Any]:
    """Return the ids of the applications that `member_id` may see, for `.in_(...)`."""
    return sa.select(_visible(tenant_id, member_id).c.application_id)


def visible_candidates(tenant_id: TenantId, member_id: MemberId) -> sa.Select[Any]:
    """Return the ids of the candidates that `member_id` may see, for `.in_(...)`."""
    return sa.select(_visible(tenant_id, member_id).c.candidate_id)


def _visible(tenant_id: TenantId, member_id: MemberId) -> sa.TableValuedAlias:
    return sa.func.visible_applications_v1(tenant_id, member_id).table_valued(
        sa.column("application_id", UUID(as_uuid=True)),
        sa.column("candidate_id", UUID(as_uuid=True)),
    )
