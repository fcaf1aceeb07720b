"""Candidates: create, show, change, delete, list and search."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, delete, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from api.conditional import expected_version, reply_with_version
from api.instants import in_utc
from api.mutation import mutate
from api.paging import CursorParameter, LimitParameter, reply_page
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.candidates.contracts import (
    CandidateFilter,
    CandidateId,
    CandidateRow,
    CandidateView,
    CreateCandidate,
    DeleteCandidate,
    Educations,
    Emails,
    Experiences,
    GetCandidate,
    Line,
    Links,
    ListCandidates,
    Name,
    Phones,
    ResumeText,
    Skills,
    Source,
    Tags,
    UpdateCandidate,
)
from core.candidates.personal_data import ExportPersonalData, PersonalData
from core.shared.paging import DEFAULT_LIMIT, Page


class NewCandidate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person, as much as is known."""

    full_name: Name
    preferred_name: Annotated[Name | None, Meta(description="How they want to be called.")] = None
    emails: Annotated[Emails, Meta(examples=[["ada@example.com"]])] = ()
    phones: Annotated[
        Phones,
        Meta(
            description="Kept in the form E.164. Without a country code, the number is read as one "
            "of the workspace's country.",
            examples=[["+493012345678"]],
        ),
    ] = ()
    links: Annotated[Links, Meta(examples=[["https://github.com/ada"]])] = ()
    headline: Annotated[Line | None, Meta(examples=["Backend engineer"])] = None
    location: Annotated[Line | None, Meta(examples=["London"])] = None
    skills: Annotated[Skills, Meta(examples=[["Python", "PostgreSQL"]])] = ()
    experience: Experiences = ()
    education: Educations = ()
    source: Annotated[Source | None, Meta(description="Where the candidate came from.")] = None
    tags: Annotated[Tags, Meta(examples=[["referral"]])] = ()
    resume_text: Annotated[
        ResumeText | None, Meta(description="Plain text of the résumé, found by search.")
    ] = None


class CandidateChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is to change. A field left out stays as it is; a list replaces the whole list."""

    full_name: Name | UnsetType = UNSET
    preferred_name: Name | UnsetType | None = UNSET
    emails: Emails | UnsetType = UNSET
    phones: Phones | UnsetType = UNSET
    links: Links | UnsetType = UNSET
    headline: Line | UnsetType | None = UNSET
    location: Line | UnsetType | None = UNSET
    skills: Skills | UnsetType = UNSET
    experience: Experiences | UnsetType = UNSET
    education: Educations | UnsetType = UNSET
    source: Source | UnsetType | None = UNSET
    tags: Tags | UnsetType = UNSET
    resume_text: ResumeText | UnsetType | None = UNSET


def _text(description: str, longest: int, query: str | None = None) -> QueryParameter:
    return QueryParameter(name=query, description=description, min_length=1, max_length=longest)


TextFilter = Annotated[
    str | None,
    _text(
        "Words to find in name, e-mail, skills, notes and résumé. Typing errors are forgiven.", 200
    ),
]
JobFilter = Annotated[UUID | None, QueryParameter(description="Has applied for this job.")]
StageFilter = Annotated[str | None, _text("Id or name of a stage that an application is in.", 100)]
AssigneeFilter = Annotated[
    UUID | None, QueryParameter(description="Has an application assigned to this member.")
]
SkillFilter = Annotated[str | None, _text("Has this skill.", 80)]
TagFilter = Annotated[str | None, _text("Has this tag.", 50)]
SourceFilter = Annotated[str | None, _text("Came from this source.", 100)]
FromFilter = Annotated[
    datetime | None, QueryParameter(description="Created at or after (RFC 3339).")
]
ToFilter = Annotated[datetime | None, QueryParameter(description="Created before (RFC 3339).")]


class CandidateController(Controller):
    """Candidates."""

    path = "/candidates"
    tags = ("Candidates",)

    @post(operation_id="createCandidate", summary="Add a candidate", responses=problems(403))
    async def create(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, data: JSONBody[NewCandidate]
    ) -> Reply[CandidateView]:
        """Add a candidate. Look at the duplicates afterwards: none is refused."""
        command = CreateCandidate(**msgspec.structs.asdict(data))
        return await mutate(
            request,
            tenant_scope,
            command,
            status=201,
            location=lambda view: f"/api/v1/candidates/{view.id}",
        )

    @get(operation_id="listCandidates", summary="List and search", responses=problems(403))
    async def list(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
        q: TextFilter = None,
        job_id: JobFilter = None,
        stage: StageFilter = None,
        assignee: AssigneeFilter = None,
        skill: SkillFilter = None,
        tag: TagFilter = None,
        source: SourceFilter = None,
        created_from: FromFilter = None,
        created_to: ToFilter = None,
    ) -> Reply[Page[CandidateRow]]:
        """Return candidates, newest first; with `q`, the best match first.

        When more than 2,000 match `q`, they come newest first. Conditions are joined by "and".
        """
        where = CandidateFilter(
            text=q,
            job_id=job_id,
            stage=stage,
            assignee=assignee,
            skill=skill,
            tag=tag,
            source=source,
            created_from=in_utc(created_from, "created_from"),
            created_to=in_utc(created_to, "created_to"),
        )
        query = ListCandidates(where=where, limit=limit, cursor=cursor)
        return reply_page(request, await tenant_scope.ask(query))

    @get(
        "/{candidate_id:uuid}",
        operation_id="showCandidate",
        summary="Show a candidate",
        responses=problems(403, 404, 410),
    )
    async def show(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        candidate_id: FromPath[UUID],
    ) -> Reply[CandidateView]:
        """Return a candidate. One that was merged into another answers 410 and names it."""
        view = await tenant_scope.ask(GetCandidate(candidate_id=CandidateId(candidate_id)))
        return reply_with_version(request, view, view.version)

    @get(
        "/{candidate_id:uuid}/export",
        operation_id="exportCandidate",
        summary="Export all that is kept about a candidate",
        responses=problems(403, 404, 410),
    )
    async def export(
        self, tenant_scope: Scoped, candidate_id: FromPath[UUID]
    ) -> Reply[PersonalData]:
        """Return everything that is kept about a person, for a request of theirs to see it.

        Plugins are asked too; one that fails is in the answer as `unavailable`, with the reason.
        """
        query = ExportPersonalData(candidate_id=CandidateId(candidate_id))
        return reply(await tenant_scope.ask(query))

    @patch(
        "/{candidate_id:uuid}",
        operation_id="changeCandidate",
        summary="Change a candidate",
        responses=problems(403, 404, 410, 412, 428),
    )
    async def change(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        candidate_id: FromPath[UUID],
        data: JSONBody[CandidateChanges],
    ) -> Reply[CandidateView]:
        """Change what is given. Send If-Match with the ETag that you read."""
        command = UpdateCandidate(
            candidate_id=CandidateId(candidate_id),
            expected_version=expected_version(request, required=True),
            **msgspec.structs.asdict(data),
        )
        return await mutate(request, tenant_scope, command)

    @delete(
        "/{candidate_id:uuid}",
        status_code=204,
        operation_id="deleteCandidate",
        summary="Delete a candidate",
        responses=problems(403, 404, 410, 412),
    )
    async def remove(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        candidate_id: FromPath[UUID],
    ) -> Reply[None]:
        """Delete a candidate with applications, notes and files. This can't be undone."""
        command = DeleteCandidate(
            candidate_id=CandidateId(candidate_id), expected_version=expected_version(request)
        )
        return await mutate(request, tenant_scope, command, status=204)
