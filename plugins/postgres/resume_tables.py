"""The table of what files of candidates say as résumés."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from core.resumes.contracts.readings import READING_STATES
from plugins.postgres.schema import (
    Ref,
    json_column,
    tenant_table,
    text_column,
    time_column,
    uuid_column,
)

_STATES: Final = ", ".join(f"'{state}'" for state in READING_STATES if state != "unread")

resume_readings = tenant_table(
    "resume_readings",
    uuid_column("file_id"),
    sa.Column("run", sa.Integer, nullable=False),
    text_column("state"),
    text_column("detail"),
    json_column("facts", nullable=True),
    json_column("confidence"),
    json_column("sources"),
    text_column("language", nullable=True),
    sa.Column("hidden_text", ARRAY(sa.Text), nullable=False),
    json_column("lines"),
    sa.Column("pages", sa.Integer, nullable=False),
    text_column("parser", nullable=True),
    text_column("parser_version", nullable=True),
    json_column("corrections"),
    time_column("requested_at"),
    time_column("finished_at", nullable=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.CheckConstraint(f"state IN ({_STATES})", name="state"),
    key=("file_id",),
    refs=[Ref("file_id", "candidate_files", "CASCADE")],
)
"""One row a file; it goes where the file goes, when candidates are merged, and ends with it.

`facts` is what the parser found, without what the file hides: that is in `hidden_text` alone.
"""
