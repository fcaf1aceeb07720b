"""Candidates through their use cases on a real database: kept, listed, found, merged."""

import asyncpg
import msgspec
import pytest

from core.applications.contracts import CreateApplication, GetHistory, ListApplications
from core.candidates.contracts import (
    AddFile,
    AddNote,
    CandidateFilter,
    CandidateId,
    CandidateView,
    CreateCandidate,
    DeleteCandidate,
    DownloadFile,
    EditNote,
    GetCandidate,
    ListCandidates,
    ListNotes,
    UpdateCandidate,
)
from core.candidates.duplicates import (
    DuplicateGroup,
    FindDuplicates,
    ListDuplicates,
    MergeCandidates,
    UndoMerge,
)
from core.candidates.errors import (
    CandidateChanged,
    CandidateMerged,
    CandidateNotFound,
    MergeBuriedByLater,
    MergeNotFound,
    MergeUndone,
    NotYourNote,
)
from core.jobs.contracts import ChangeJobStatus, CreateJob, JobView
from core.shared.actor import Role
from core.shared.errors import InvalidInput
from plugins.postgres import duplicates
from tenants.runtime import Runtime
from tenants.scope import TenantScope
from tests.fixtures.databases import TestDatabase
from tests.fixtures.worlds import World, WorldTenant


def as_role(runtime: Runtime, tenant: WorldTenant, role: Role = "recruiter") -> TenantScope:
    return runtime.scope(tenant.context, tenant.actor(role), "test")


async def found(scope: TenantScope, **where: object) -> set[str]:
    page = await scope.ask(ListCandidates(where=msgspec.convert(where, CandidateFilter), limit=200))
    return {row.full_name for row in page.items}


async def test_a_candidate_is_kept_in_its_clean_form(runtime: Runtime, world: World) -> None:
    scope = as_role(runtime, world.acme)
    made = await scope.execute(
        CreateCandidate(
            full_name="  Grace   Hopper ",
            emails=("Grace.Hopper@EXAMPLE.com", "grace.hopper@example.com"),
            phones=("020 7946 0958",),
            links=("uk.linkedin.com/in/Grace-Hopper/?trk=x", "https://example.org/~grace"),
            skills=("COBOL", "cobol", "Compilers"),
        )
    )
    assert made.full_name == "Grace Hopper"
    assert made.emails == ("Grace.Hopper@example.com",)
    assert made.phones == ("+442079460958",)
    assert [link.kind for link in made.links] == ["linkedin", "website"]
    assert made.links[0].url == "https://www.linkedin.com/in/Grace-Hopper"
    assert made.skills == ("COBOL", "Compilers")
    assert await scope.ask(GetCandidate(candidate_id=made.id)) == made


async def test_every_wrong_field_is_named(runtime: Runtime, world: World) -> None:
    with pytest.raises(InvalidInput) as refused:
        await as_role(runtime, world.acme).execute(
            CreateCandidate(
                full_name=" . ", emails=("a@b.co", "nobody"), phones=("12",), links=("ftp://x.org",)
            )
        )
    assert [error.field for error in refused.value.fields] == [
        "full_name",
        "emails[1]",
        "phones[0]",
        "links[0]",
    ]


async def test_a_stale_version_changes_nothing(runtime: Runtime, world: World) -> None:
    scope = as_role(runtime, world.acme)
    made = await scope.execute(CreateCandidate(full_name="Stale Version", location="Rome"))
    changed = await scope.execute(
        UpdateCandidate(candidate_id=made.id, expected_version=1, location="Oslo")
    )
    assert (changed.version, changed.location) == (2, "Oslo")
    with pytest.raises(CandidateChanged):
        await scope.execute(
            UpdateCandidate(candidate_id=made.id, expected_version=1, location="Bonn")
        )
    with pytest.raises(CandidateChanged):
        await scope.execute(DeleteCandidate(candidate_id=made.id, expected_version=1))
    assert await scope.ask(GetCandidate(candidate_id=made.id)) == changed


async def test_pages_hold_everybody_once(runtime: Runtime, world: World) -> None:
    scope = as_role(runtime, world.globex)
    made = [
        (await scope.execute(CreateCandidate(full_name=f"Person {number}", tags=("paged",)))).id
        for number in range(7)
    ]
    for where in (CandidateFilter(), CandidateFilter(tag="PAGED"), CandidateFilter(text="person")):
        seen: list[object] = []
        cursor = None
        while True:
            page = await scope.ask(ListCandidates(where=where, limit=3, cursor=cursor))
            seen += [row.id for row in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == made[::-1]


@pytest.fixture
async def engineers(runtime: Runtime, world: World) -> TenantScope:
    scope = as_role(runtime, world.acme)
    if not await found(scope, text="turing"):
        for name, email, skill, source in (
            ("Alan Turing", "alan@bletchley.example", "Cryptanalysis", "Referral"),
            ("Margaret Hamilton", "margaret@draper.example", "C++", "LinkedIn"),
            ("Barbara Müller", "b.mueller@zuerich.example", "Rust", "LinkedIn"),
            ("José Núñez", "jose@madrid.example", "Kubernetes", "Careers"),
        ):
            made = await scope.execute(
                CreateCandidate(full_name=name, emails=(email,), skills=(skill,), source=source)
            )
        await scope.execute(
            AddNote(candidate_id=made.id, text="Spoke brilliantly about observability.")
        )
    return scope


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("turing", "Alan Turing"),
        ("alan turing", "Alan Turing"),
        ("Turnig", "Alan Turing"),
        ("allan turing", "Alan Turing"),
        ("bletchley", "Alan Turing"),
        ("alan@bletchley.example", "Alan Turing"),
        ("cryptoanalysis", "Alan Turing"),
        ("margret hamliton", "Margaret Hamilton"),
        ("c++", "Margaret Hamilton"),
        ("muller", "Barbara Müller"),
        ("MÜLLER", "Barbara Müller"),
        ("nunez", "José Núñez"),
        ("kubernets", "José Núñez"),
        ("observability", "José Núñez"),
        ("obsevrability", "José Núñez"),
    ],
)
async def test_search_forgives_small_errors(
    engineers: TenantScope, runtime: Runtime, world: World, text: str, name: str
) -> None:
    assert name in await found(engineers, text=text)
    assert await found(as_role(runtime, world.globex), text=text) == set()


async def test_search_finds_nothing_where_nothing_is(engineers: TenantScope) -> None:
    for text in ("zzzyxqj", "turing hamilton", "!!!", "'; DROP TABLE candidates --", "a:* | b"):
        assert await found(engineers, text=text) == set(), text


async def test_filters_narrow(engineers: TenantScope) -> None:
    assert await found(engineers, skill="rust") == {"Barbara Müller"}
    assert await found(engineers, source="linkedin", text="hamilton") == {"Margaret Hamilton"}
    assert await found(engineers, source="linkedin", skill="kubernetes") == set()
    assert await found(engineers, text="turing", created_to="2001-01-01T00:00:00Z") == set()
    assert await found(engineers, text="turing", stage="Interview") == set()


async def test_words_of_the_deleted_stay_for_those_who_have_them(
    runtime: Runtime, world: World
) -> None:
    scope = as_role(runtime, world.acme)
    first = await scope.execute(CreateCandidate(full_name="Xylophia Firstone"))
    await scope.execute(CreateCandidate(full_name="Xylophia Secondone"))
    await scope.execute(DeleteCandidate(candidate_id=first.id))
    assert await found(scope, text="xylofia") == {"Xylophia Secondone"}
    assert await found(scope, text="firstone") == set()
    with pytest.raises(CandidateNotFound):
        await scope.ask(GetCandidate(candidate_id=first.id))


async def pair(scope: TenantScope, mark: str) -> tuple[CandidateView, CandidateView]:
    ours = await scope.execute(
        CreateCandidate(
            full_name=f"Ada {mark}",
            emails=(f"ada.{mark}@gmail.com",),
            skills=("Algebra",),
            headline="Analyst",
        )
    )
    theirs = await scope.execute(
        CreateCandidate(
            full_name=f"Ada Byron {mark}",
            emails=(f"ada{mark}+jobs@googlemail.com", f"{mark}@work.example"),
            skills=("algebra", "Poetry"),
            location="London",
        )
    )
    return ours, theirs


async def test_duplicates_are_offered_with_reasons(runtime: Runtime, world: World) -> None:
    scope = as_role(runtime, world.acme)
    ours, theirs = await pair(scope, "dup")
    page = await scope.ask(FindDuplicates(candidate_id=ours.id))
    assert [(item.candidate.id, [r.kind for r in item.reasons]) for item in page.items] == [
        (theirs.id, ["email"])
    ]
    groups = (await scope.ask(ListDuplicates())).items
    assert {row.id for group in groups for row in group.candidates} >= {ours.id, theirs.id}
    assert (await as_role(runtime, world.globex).ask(ListDuplicates())).items == []


@pytest.mark.parametrize("looked_at", [1, 2, 3, 1_000])
@pytest.mark.parametrize("limit", [1, 2, 50])
async def test_groups_are_found_in_any_number_of_looks(
    runtime: Runtime,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    looked_at: int,
    limit: int,
) -> None:
    scope = as_role(runtime, world.acme)
    if not await found(scope, text="Ada Byron between"):
        for name in ("grouped", "between", "again", "between"):
            await pair(scope, name)
    everything = await scope.ask(ListDuplicates(limit=200))
    assert everything.next_cursor is None
    assert {2, 4} <= {group.total for group in everything.items}
    monkeypatch.setattr(duplicates, "_LOOKED_AT", looked_at)
    groups: list[DuplicateGroup] = []
    cursor: str | None = None
    for _ in range(100):
        page = await scope.ask(ListDuplicates(limit=limit, cursor=cursor))
        assert len(page.items) <= limit
        groups += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert groups == list(everything.items)


async def test_a_merge_and_its_undoing(runtime: Runtime, world: World) -> None:
    scope = as_role(runtime, world.acme)
    ours, theirs = await pair(scope, "merge")
    note = await scope.execute(AddNote(candidate_id=theirs.id, text="Knows syzygy."))
    merged = await scope.execute(MergeCandidates(candidate_id=ours.id, other_id=theirs.id))
    assert merged.candidate.skills == ("Algebra", "Poetry")
    assert merged.candidate.location == "London"
    with pytest.raises(CandidateMerged) as gone:
        await scope.ask(GetCandidate(candidate_id=theirs.id))
    assert gone.value.details == {"merged_into": str(ours.id)}
    assert await found(scope, text="syzygy") == {"Ada merge"}
    await scope.execute(UpdateCandidate(candidate_id=ours.id, headline="Countess"))
    undone = await scope.execute(UndoMerge(merge_id=merged.merge.id))
    assert undone.kept_fields == ("headline",)
    assert undone.survivor.headline == "Countess"
    assert undone.survivor.emails == ours.emails
    assert undone.survivor.location is None
    assert await scope.ask(GetCandidate(candidate_id=theirs.id)) == theirs
    assert await found(scope, text="syzygy") == {"Ada Byron merge"}
    notes = (await scope.ask(ListNotes(candidate_id=theirs.id))).items
    assert [each.id for each in notes] == [note.id]
    with pytest.raises(MergeUndone):
        await scope.execute(UndoMerge(merge_id=merged.merge.id))


async def test_only_the_author_edits_a_note(runtime: Runtime, world: World) -> None:
    recruiter, admin = (as_role(runtime, world.acme, role) for role in ("recruiter", "admin"))
    made = await recruiter.execute(CreateCandidate(full_name="Noted Person"))
    note = await recruiter.execute(AddNote(candidate_id=made.id, text="First."))
    edit = EditNote(candidate_id=made.id, note_id=note.id, text="Second.")
    with pytest.raises(NotYourNote):
        await admin.execute(edit)
    assert (await recruiter.execute(edit)).edited_at is not None


async def test_a_file_comes_back_as_it_went(runtime: Runtime, world: World) -> None:
    scope = as_role(runtime, world.acme)
    made = await scope.execute(CreateCandidate(full_name="Filed Person"))
    content = b"%PDF-1.7\n..."
    file = await scope.execute(
        AddFile(candidate_id=made.id, name="../../etc/R\u202eésumé?.PDF", content=content)
    )
    assert file.name == "Résumé_.pdf"
    got = await scope.ask(DownloadFile(candidate_id=made.id, file_id=file.id))
    assert got.content == content
    for name, bad in (("x.svg", b"<p>"), ("x.pdf", b"MZ"), ("x.txt", b"a\x00"), ("x", b"a")):
        with pytest.raises(InvalidInput):
            await scope.execute(AddFile(candidate_id=made.id, name=name, content=bad))


async def test_an_interviewer_sees_only_what_is_assigned(runtime: Runtime, world: World) -> None:
    made = await as_role(runtime, world.acme).execute(CreateCandidate(full_name="Unassigned One"))
    interviewer = as_role(runtime, world.acme, "interviewer")
    assert await found(interviewer) == set()
    assert await found(interviewer, text="unassigned") == set()
    with pytest.raises(CandidateNotFound):
        await interviewer.ask(GetCandidate(candidate_id=made.id))


async def test_another_tenants_candidate_is_like_none(runtime: Runtime, world: World) -> None:
    made = await as_role(runtime, world.acme).execute(CreateCandidate(full_name="Ours Alone"))
    stranger = as_role(runtime, world.globex)
    for candidate_id in (made.id, CandidateId(world.acme.id)):
        with pytest.raises(CandidateNotFound):
            await stranger.ask(GetCandidate(candidate_id=candidate_id))
        with pytest.raises(CandidateNotFound):
            await stranger.execute(DeleteCandidate(candidate_id=candidate_id))


async def open_job(scope: TenantScope, title: str) -> JobView:
    job = await scope.execute(CreateJob(title=title))
    return await scope.execute(ChangeJobStatus(job_id=job.id, status="open"))


async def test_a_merge_moves_applications_and_undoing_brings_them_back(
    runtime: Runtime, world: World
) -> None:
    scope = as_role(runtime, world.acme)
    both, theirs_only = [await open_job(scope, title) for title in ("Both", "Theirs")]
    ours, theirs = await pair(scope, "apply")
    first = await scope.execute(CreateApplication(candidate_id=ours.id, job_id=both.id))
    second = await scope.execute(CreateApplication(candidate_id=theirs.id, job_id=both.id))
    third = await scope.execute(CreateApplication(candidate_id=theirs.id, job_id=theirs_only.id))
    merged = await scope.execute(MergeCandidates(candidate_id=ours.id, other_id=theirs.id))
    assert merged.moved_applications == 2
    assert merged.withdrawn_applications == (second.id,)

    async def places() -> dict[object, tuple[object, str]]:
        rows = (await scope.ask(ListApplications())).items
        mine = {first.id, second.id, third.id}
        return {row.id: (row.candidate_id, row.disposition) for row in rows if row.id in mine}

    assert await places() == {
        first.id: (ours.id, "active"),
        second.id: (ours.id, "withdrawn"),
        third.id: (ours.id, "active"),
    }
    undone = await scope.execute(UndoMerge(merge_id=merged.merge.id))
    assert undone.left_withdrawn == ()
    assert await places() == {
        first.id: (ours.id, "active"),
        second.id: (theirs.id, "active"),
        third.id: (theirs.id, "active"),
    }
    history = await scope.ask(GetHistory(application_id=second.id))
    assert [change.kind for change in history.changes] == ["applied", "withdrawn", "reopened"]


async def test_merges_in_a_chain_are_undone_from_the_last(runtime: Runtime, world: World) -> None:
    scope = as_role(runtime, world.acme)
    first, second, third = [
        await scope.execute(CreateCandidate(full_name=f"Chain {number}")) for number in range(3)
    ]
    early = await scope.execute(MergeCandidates(candidate_id=second.id, other_id=first.id))
    late = await scope.execute(MergeCandidates(candidate_id=third.id, other_id=second.id))
    with pytest.raises(CandidateMerged) as gone:
        await scope.ask(GetCandidate(candidate_id=first.id))
    assert gone.value.details == {"merged_into": str(third.id)}
    with pytest.raises(MergeBuriedByLater):
        await scope.execute(UndoMerge(merge_id=early.merge.id))
    await scope.execute(UndoMerge(merge_id=late.merge.id))
    await scope.execute(UndoMerge(merge_id=early.merge.id))
    for each in (first, third):
        shown = await scope.ask(GetCandidate(candidate_id=each.id))
        assert shown.full_name == each.full_name


async def test_deleting_the_survivor_forgets_the_merged(
    runtime: Runtime, world: World, database: TestDatabase
) -> None:
    scope = as_role(runtime, world.acme)
    ours, theirs = await pair(scope, "erase")
    merged = await scope.execute(MergeCandidates(candidate_id=ours.id, other_id=theirs.id))
    await scope.execute(DeleteCandidate(candidate_id=ours.id))
    with pytest.raises(MergeNotFound):
        await scope.execute(UndoMerge(merge_id=merged.merge.id))
    connection = await asyncpg.connect(database.admin_url)
    try:
        for table in ("candidates", "candidate_merges", "candidate_search", "candidate_keys",
                      "candidate_terms", "outbox", "audit_entries"):  # fmt: skip
            kept = await connection.fetchval(
                f"SELECT count(*) FROM {table} t WHERE t::text ~* 'byron|erase@work'"
                " AND t::text ~* 'erase'"
            )
            assert kept == 0, table
    finally:
        await connection.close()
