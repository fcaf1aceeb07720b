"""When candidates last heard from us, for statements built in Python.

`sql/last_words.sql` says what counts.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TIMESTAMP, UUID

from core.applications.contracts import ApplicationId
from plugins.postgres.schema import CURRENT_TENANT


def last_words(application_id: ApplicationId | None = None) -> sa.TableValuedAlias:
    """Return rows of `application_id` and `last_word_at`: of one, or of all who wait for a word."""
    of: Any = sa.literal_column("NULL::uuid") if application_id is None else application_id
    return sa.func.last_words_v1(sa.literal_column(CURRENT_TENANT), of).table_valued(
        sa.column("application_id", UUID(as_uuid=True)),
        sa.column("last_word_at", TIMESTAMP(timezone=True)),
    )
