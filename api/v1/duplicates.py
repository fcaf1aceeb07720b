"""Candidates that may be one person: finding, merging, and undoing a merge."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, get, post
from litestar.params import FromPath, JSONBody

from api.mutation import mutate
from api.paging import CursorParameter, LimitParameter, reply_page
from api.problems import problems
from api.replies import Reply
from api.request_scope import Scoped
from core.candidates.contracts import CandidateId, MergeId
from core.candidates.duplicates import (
    Duplicate,
    DuplicateGroup,
    FindDuplicates,
    ListDuplicates,
    ListMerges,
    MergeCandidates,
    MergeChoices,
    Merged,
    MergeView,
    UndoMerge,
    Unmerged,
)
from core.shared.paging import DEFAULT_LIMIT, Page


class MergeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who becomes a part of the candidate, and whose values are kept."""

    other_id: UUID
    choices: MergeChoices = MergeChoices()


class DuplicateController(Controller):
    """Duplicates and merges."""

    path = "/"
    tags = ("Duplicates",)

    @get(
        "/candidates/{candidate_id:uuid}/duplicates",
        operation_id="findDuplicates",
        summary="Find duplicates of a candidate",
        responses=problems(403, 404, 410),
    )
    async def find(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        candidate_id: FromPath[UUID],
    ) -> Reply[Page[Duplicate]]:
        """Return up to fifty candidates with the same e-mail, phone or profile link."""
        query = FindDuplicates(candidate_id=CandidateId(candidate_id))
        return reply_page(request, await tenant_scope.ask(query))

    @get(
        "/duplicates",
        operation_id="listDuplicates",
        summary="List contacts that several candidates share",
        responses=problems(403),
    )
    async def list(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Reply[Page[DuplicateGroup]]:
        """Return groups of candidates who may be one person."""
        query = ListDuplicates(limit=limit, cursor=cursor)
        return reply_page(request, await tenant_scope.ask(query))

    @get(
        "/candidates/{candidate_id:uuid}/merges",
        operation_id="listMerges",
        summary="List merges into a candidate",
        responses=problems(403, 404, 410),
    )
    async def merges(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        candidate_id: FromPath[UUID],
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Reply[Page[MergeView]]:
        """Return merges, newest first."""
        query = ListMerges(candidate_id=CandidateId(candidate_id), limit=limit, cursor=cursor)
        return reply_page(request, await tenant_scope.ask(query))

    @post(
        "/candidates/{candidate_id:uuid}/merge",
        status_code=200,
        operation_id="mergeCandidates",
        summary="Merge another candidate into this one",
        responses=problems(403, 404, 409, 410),
    )
    async def merge(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        candidate_id: FromPath[UUID],
        data: JSONBody[MergeRequest],
    ) -> Reply[Merged]:
        """Move applications, notes and files to this candidate and unite contacts, skills and tags.

        Of two active applications for one job the older stays active and the other is withdrawn.
        """
        command = MergeCandidates(
            candidate_id=CandidateId(candidate_id),
            other_id=CandidateId(data.other_id),
            choices=data.choices,
        )
        return await mutate(request, tenant_scope, command)

    @post(
        "/merges/{merge_id:uuid}/undo",
        status_code=200,
        operation_id="undoMerge",
        summary="Undo a merge",
        responses=problems(403, 404, 409),
    )
    async def undo(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, merge_id: FromPath[UUID]
    ) -> Reply[Unmerged]:
        """Make both candidates what they were. What changed since stays with the survivor."""
        return await mutate(request, tenant_scope, UndoMerge(merge_id=MergeId(merge_id)))
