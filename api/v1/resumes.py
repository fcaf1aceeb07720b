"""What files of candidates say as résumés: shown, corrected, read again and taken over."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, get, patch, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, UnsetType

from api.conditional import expected_version, reply_with_version
from api.mutation import mutate
from api.problems import problems
from api.replies import Reply
from api.request_scope import Scoped
from core.candidates.contracts import CandidateId, FileId
from core.resumes.contracts.readings import (
    PROFILE_FIELDS,
    CorrectedLine,
    CorrectResume,
    Educations,
    Email,
    Experiences,
    GetResume,
    Languages,
    Links,
    ParseAgain,
    Phone,
    ProfileField,
    ResumeView,
    SkillNames,
    TakenOver,
    TakeOverResume,
    Texts,
    Years,
)


class ResumeCorrections(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is to be put right. A field left out stays as it is; a list replaces the whole list.

    What equals the parser's own answer (`original`) takes a correction back.
    """

    name: Annotated[CorrectedLine | UnsetType | None, Meta(examples=["Ada Lovelace"])] = UNSET
    email: Annotated[Email | UnsetType | None, Meta(examples=["ada@example.com"])] = UNSET
    phone: Annotated[Phone | UnsetType | None, Meta(examples=["+493012345678"])] = UNSET
    location: Annotated[CorrectedLine | UnsetType | None, Meta(examples=["London"])] = UNSET
    links: Links | UnsetType = UNSET
    headline: Annotated[CorrectedLine | UnsetType | None, Meta(examples=["Analyst"])] = UNSET
    experience: Experiences | UnsetType = UNSET
    education: Educations | UnsetType = UNSET
    skills: Annotated[SkillNames | UnsetType, Meta(examples=[["Python", "PostgreSQL"]])] = UNSET
    languages: Languages | UnsetType = UNSET
    certifications: Texts | UnsetType = UNSET
    publications: Texts | UnsetType = UNSET
    years_of_experience: Annotated[
        Years | UnsetType | None,
        Meta(description="Unless given, it follows the positions.", examples=[7.5]),
    ] = UNSET


class TakeOver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which fields of the profile may be filled."""

    fields: Annotated[
        tuple[ProfileField, ...],
        Meta(description="All that a résumé can fill, unless given.", examples=[["phones"]]),
    ] = PROFILE_FIELDS


class ResumeController(Controller):
    """Files of candidates as résumés."""

    path = "/candidates/{candidate_id:uuid}/files/{file_id:uuid}/resume"
    tags = ("Candidates",)

    @get(
        operation_id="showResume",
        summary="Show what a file says as a résumé",
        responses=problems(403, 404, 410),
    )
    async def show(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        candidate_id: FromPath[UUID],
        file_id: FromPath[UUID],
    ) -> Reply[ResumeView]:
        """Return how far reading the file got, its structure, and what it hides from readers.

        Every file is read soon after it was attached; `candidate.resume_parsed` tells when.
        """
        query = GetResume(candidate_id=CandidateId(candidate_id), file_id=FileId(file_id))
        view = await tenant_scope.ask(query)
        return reply_with_version(request, view, view.version)

    @patch(
        operation_id="correctResume",
        summary="Correct a résumé",
        responses=problems(403, 404, 409, 410, 412, 428),
    )
    async def correct(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        candidate_id: FromPath[UUID],
        file_id: FromPath[UUID],
        data: JSONBody[ResumeCorrections],
    ) -> Reply[ResumeView]:
        """Put right what is given; what the parser found is kept. Send If-Match with the ETag."""
        command = CorrectResume(
            candidate_id=CandidateId(candidate_id),
            file_id=FileId(file_id),
            expected_version=expected_version(request, required=True),
            **msgspec.structs.asdict(data),
        )
        return await mutate(request, tenant_scope, command)

    @post(
        "/parse-again",
        operation_id="parseResumeAgain",
        summary="Read a file again",
        responses=problems(403, 404, 410),
    )
    async def parse_again(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        candidate_id: FromPath[UUID],
        file_id: FromPath[UUID],
    ) -> Reply[ResumeView]:
        """Have the file read anew. Corrections stay, and what is known until it was read."""
        command = ParseAgain(candidate_id=CandidateId(candidate_id), file_id=FileId(file_id))
        return await mutate(request, tenant_scope, command, status=202)

    @post(
        "/take-over",
        operation_id="takeOverResume",
        summary="Fill the profile from a résumé",
        responses=problems(403, 404, 409, 410),
    )
    async def take_over(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        candidate_id: FromPath[UUID],
        file_id: FromPath[UUID],
        data: JSONBody[TakeOver],
    ) -> Reply[TakenOver]:
        """Fill what is empty in the candidate's profile; nothing is overwritten."""
        command = TakeOverResume(
            candidate_id=CandidateId(candidate_id), file_id=FileId(file_id), fields=data.fields
        )
        return await mutate(request, tenant_scope, command)
