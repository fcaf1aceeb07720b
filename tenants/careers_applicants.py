"""Makes candidates and applications of applicants, with the use cases that recruiters' input takes.

The careers slice knows nothing of how a candidate is made; this runs the other slices' use cases in
the transaction in which the applicant's form is kept.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from core.applications.answers import check_answers
from core.applications.contracts import (
    ApplicationId,
    CreateApplication,
    WithdrawalReason,
    WithdrawApplication,
)
from core.applications.errors import IllegalDisposition
from core.applications.ports import Opening
from core.candidates.contracts import AddFile, AddNote, CandidateId, CreateCandidate
from core.candidates.file_kinds import clean_file_name, media_type_of
from core.candidates.model import PhoneNumbers, clean_values
from core.careers.contracts import Apply, Upload
from core.careers.errors import PostingClosed, PostingNotFound, WithdrawnTooLate
from core.jobs.contracts import JobId
from core.shared.errors import FieldError, InvalidInput
from core.shared.text import LINE
from core.shared.usecase import USE_CASES, Command
from plugins.postgres.applications import PostgresApplications, PostgresOpenings
from plugins.postgres.candidate_tables import candidate_files
from tenants.injection import Provider, Session, inject

CAREERS_SITE: Final = "Careers site"
"""Whom notes are from, and what a candidate's source says."""

_LONGEST: Final = {"full_name": 200, "email": 254, "phone": 40}
_THEIR_NAMES: Final = {"emails[0]": "email", "phones[0]": "phone", "file": "resume"}


class UseCaseApplicants:
    """Implements `core.careers.ports.Applicants`."""

    def __init__(
        self,
        session: Session,
        ports: Mapping[type, Mapping[str, Provider]],
        phones: PhoneNumbers,
    ) -> None:
        self._session = session
        self._ports = ports
        self._phones = phones
        self._openings = PostgresOpenings(session.writer)
        self._applications = PostgresApplications(session.writer, session.ids)

    async def require_open(self, job_id: JobId) -> None:
        """Share-lock the job, so that it can't be closed meanwhile."""
        opening = await self._openings.opening(job_id)
        if opening is None or opening.status == "draft":
            raise PostingNotFound("There is no such job.")
        if opening.status != "open":
            raise PostingClosed("This job is no longer open.")

    async def flaws(self, asked: Apply) -> Sequence[FieldError]:
        """Return every wrong field at once."""
        opening = await self._opening(asked.form.job_id)
        found = _line_flaws(asked)
        values: dict[str, Any] = {"full_name": asked.full_name, "emails": (asked.email,)}
        if asked.phone.strip():
            values["phones"] = (asked.phone,)
        found += _refusals(lambda: clean_values(values, self._phones))
        found += _refusals(lambda: check_answers(opening.questions, asked.answers))
        if asked.resume is not None:
            name, content = clean_file_name(asked.resume.name), asked.resume.content
            found += _refusals(lambda: media_type_of(name, content))
        return list({flaw.field: flaw for flaw in reversed(found)}.values())[::-1]

    async def add(self, asked: Apply) -> CandidateId:
        """Run CreateCandidate."""
        phones = (asked.phone,) if asked.phone.strip() else ()
        command = CreateCandidate(
            full_name=asked.full_name, emails=(asked.email,), phones=phones, source=CAREERS_SITE
        )
        return CandidateId((await self._run(command)).id)

    async def apply(self, candidate_id: CandidateId, asked: Apply) -> ApplicationId:
        """Run CreateApplication."""
        command = CreateApplication(
            candidate_id=candidate_id,
            job_id=asked.form.job_id,
            source="careers",
            answers={key: answer for key, answer in asked.answers.items() if answer != ""},
        )
        return ApplicationId((await self._run(command)).id)

    async def attach(self, candidate_id: CandidateId, file: Upload) -> None:
        """Run AddFile unless a file of the candidate has the same content."""
        digest = hashlib.sha256(file.content).digest()
        same = sa.select(candidate_files.c.id).where(
            candidate_files.c.candidate_id == candidate_id, candidate_files.c.sha256 == digest
        )
        if await self._session.writer.one_or_none(same.limit(1)) is None:
            await self._run(
                AddFile(candidate_id=candidate_id, name=file.name, content=file.content)
            )

    async def withdraw(
        self, application_id: ApplicationId, reason: WithdrawalReason, note: str | None
    ) -> None:
        """Run WithdrawApplication."""
        command = WithdrawApplication(application_id=application_id, reason=reason, note=note)
        try:
            await self._run(command)
        except IllegalDisposition as error:
            raise WithdrawnTooLate("This application has ended already.") from error

    async def note(self, application_id: ApplicationId, text: str) -> None:
        """Run AddNote on the application's candidate."""
        candidate_id = (await self._applications.view(application_id)).candidate_id
        await self._run(AddNote(candidate_id=candidate_id, text=text))

    async def _opening(self, job_id: JobId) -> Opening:
        opening = await self._openings.opening(job_id)
        if opening is None:
            raise PostingNotFound("There is no such job.")
        return opening

    async def _run(self, command: Command[Any]) -> Any:
        kind = type(command)
        return await USE_CASES[kind].run(command, **inject(self._ports[kind], self._session))


def _line_flaws(asked: Apply) -> list[FieldError]:
    found = []
    for name, longest in _LONGEST.items():
        text: str = getattr(asked, name)
        if name != "phone" and not text.strip():
            found.append(FieldError(name, "This is needed.", "required"))
        elif len(text) > longest:
            found.append(FieldError(name, f"At most {longest} characters.", "wrong_length"))
        elif not re.match(LINE, text):
            found.append(FieldError(name, "Write this in one line.", "wrong_format"))
    return found


def _refusals(check: Any) -> list[FieldError]:
    try:
        check()
    except InvalidInput as error:
        return [
            FieldError(_THEIR_NAMES.get(each.field, each.field), each.message, each.code)
            for each in error.fields
        ]
    return []
