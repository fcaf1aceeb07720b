"""Makes what came with a reply files of the candidate, with the use case that uploads take."""

import hashlib
from collections.abc import Mapping

import msgspec
import sqlalchemy as sa

from core.candidates.contracts import AddFile, CandidateId, FileId
from core.messages.received import Attached
from core.shared.errors import InvalidInput
from core.shared.usecase import USE_CASES
from plugins.postgres.candidate_tables import candidate_files
from tenants.injection import Provider, Session, inject


class UseCaseFiles:
    """Implements `core.messages.reply_ports.CandidateFiles`."""

    def __init__(self, session: Session, ports: Mapping[str, Provider]) -> None:
        self._session = session
        self._ports = ports

    async def keep(self, candidate_id: CandidateId, file: Attached) -> Attached:
        """Run AddFile unless a file of the candidate has the same content."""
        if file.content is None:
            return file
        file_id, problem = await self._same(candidate_id, file.content), None
        if file_id is None:
            command = AddFile(candidate_id=candidate_id, name=file.name, content=file.content)
            try:
                added = await USE_CASES[AddFile].run(command, **inject(self._ports, self._session))
                file_id = added.id
            except InvalidInput as error:
                problem = " ".join(each.message for each in error.fields)
        return msgspec.structs.replace(file, file_id=file_id, problem=problem, content=None)

    async def _same(self, candidate_id: CandidateId, content: bytes) -> FileId | None:
        row = await self._session.writer.one_or_none(
            sa.select(candidate_files.c.id)
            .where(
                candidate_files.c.candidate_id == candidate_id,
                candidate_files.c.sha256 == hashlib.sha256(content).digest(),
            )
            .limit(1)
        )
        return None if row is None else FileId(row.id)
