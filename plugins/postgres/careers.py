"""Keeps forms that were sent on the careers site, and the versions of the privacy notice."""

from dataclasses import asdict, fields

import msgspec
import sqlalchemy as sa

from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId
from core.candidates.normalisation import email_key
from core.careers.contracts import PrivacyNotice
from core.careers.errors import NoticeChanged
from core.careers.model import Submission
from core.careers.ports import KnownApplicant
from core.jobs.contracts import JobId
from plugins.postgres.application_tables import applications
from plugins.postgres.candidate_tables import candidate_keys, candidates
from plugins.postgres.careers_tables import privacy_notices, submissions
from plugins.postgres.unit import Unit
from plugins.postgres.violations import broken_constraint

_FIELDS = tuple(field.name for field in fields(Submission))

_HOLD = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


class PostgresSubmissions:
    """Implements `core.careers.ports.Submissions`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def hold(self, email: str) -> None:
        """Lock the address, which may have no row yet, until the transaction ends."""
        name = f"careers:{self._unit.tenant_id}:{email_key(email.strip()).value}"
        await self._unit.execute(_HOLD, {"name": name})

    async def by_link(self, link_hash: bytes) -> Submission | None:
        """Return the submission, locked."""
        row = await self._unit.one_or_none(
            sa.select(submissions).where(submissions.c.link_hash == link_hash).with_for_update()
        )
        return None if row is None else Submission(**{name: getattr(row, name) for name in _FIELDS})

    async def known_applicant(self, email: str, job_id: JobId) -> KnownApplicant | None:
        """Return the candidate of the address, whatever its case and dots (Gmail)."""
        row = await self._unit.one_or_none(
            sa.select(candidates.c.id, applications.c.id.label("application_id"))
            .join_from(candidate_keys, candidates, candidates.c.id == candidate_keys.c.candidate_id)
            .outerjoin(
                applications,
                sa.and_(
                    applications.c.candidate_id == candidates.c.id,
                    applications.c.job_id == job_id,
                    applications.c.disposition == "active",
                ),
            )
            .where(
                candidate_keys.c.kind == "email",
                candidate_keys.c.value == email_key(email.strip()).value,
            )
            .order_by(applications.c.id.is_(None), candidates.c.created_at, candidates.c.id)
            .limit(1)
        )
        if row is None:
            return None
        found = row.application_id
        return KnownApplicant(CandidateId(row.id), None if found is None else ApplicationId(found))

    async def add(self, submission: Submission) -> None:
        """Insert a submission."""
        await self._unit.execute(
            sa.insert(submissions).values(tenant_id=self._unit.tenant_id, **asdict(submission))
        )

    async def save(self, submission: Submission) -> None:
        """Update when it was withdrawn."""
        await self._unit.execute(
            sa.update(submissions)
            .where(submissions.c.id == submission.id)
            .values(withdrawn_at=submission.withdrawn_at)
        )


class PostgresNotices:
    """Implements `core.careers.ports.Notices`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def present(self) -> PrivacyNotice | None:
        """Return the newest version."""
        row = await self._unit.one_or_none(
            sa.select(
                privacy_notices.c.text,
                privacy_notices.c.version,
                privacy_notices.c.published_at,
                privacy_notices.c.published_by,
            )
            .order_by(privacy_notices.c.version.desc())
            .limit(1)
        )
        if row is None:
            return None
        return PrivacyNotice(row.text, row.version, row.published_at, row.published_by)

    async def add(self, notice: PrivacyNotice) -> None:
        """Insert a version; the key lets only one of two at once have it."""
        try:
            await self._unit.execute(
                sa.insert(privacy_notices).values(
                    tenant_id=self._unit.tenant_id, **msgspec.structs.asdict(notice)
                )
            )
        except sa.exc.IntegrityError as error:
            if broken_constraint(error) == "pk_privacy_notices":
                raise NoticeChanged(
                    "Somebody published another version at the same time. Load it again."
                ) from error
            raise
