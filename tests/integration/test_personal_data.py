"""Everything that is kept about one person is handed out, by plugins too, and nobody else's."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import msgspec
import pytest
import pytest_asyncio
import sqlalchemy as sa

from core.applications.contracts import RejectApplication
from core.candidates.contracts import (
    AddFile,
    AddNote,
    CandidateId,
    CandidateView,
    CreateCandidate,
    DeleteCandidate,
    UpdateCandidate,
)
from core.candidates.duplicates import MergeCandidates
from core.candidates.errors import CandidateMerged, CandidateNotFound
from core.candidates.personal_data import ExportPersonalData, PersonalData
from core.installations.contracts import DisablePlugin, UninstallPlugin
from core.interviews.contracts import ScheduleInterview, SubmitFeedback
from core.jobs.contracts import SetJobStages, StageSpec
from core.ports.messaging import Messaging, OutgoingEmail, SentEmail
from core.shared.errors import Forbidden
from plugins.postgres.persons import NOT_SHOWN, WITHHELD, about_candidates
from plugins.postgres.schema import Ref, tenant_table, text_column, uuid_column
from plugins.postgres.tables import metadata
from plugins.sdk import PortAdapter, Refused, Subject
from tenants.due_work import DueWork
from tenants.plugins import subjects
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.clients import ClientFor
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.plugins import (
    catalogue_of,
    enable,
    made_plugin,
    manifest_of,
    runtime_with,
)
from tests.fixtures.remembering import Memory
from tests.fixtures.worlds import World

SECRET: Final = "tok_personal_data_99"


class Sender:
    """Takes every message."""

    def __init__(self, context: Any) -> None:
        self._context = context

    async def send(self, email: OutgoingEmail) -> SentEmail:
        return SentEmail(str(email.id))


class Plugged:
    """A runtime with three plugins: one that answers, one that can't, one that keeps nothing."""

    def __init__(self, runtime: Runtime, world: World, relay_url: str) -> None:
        self.runtime = runtime
        self.world = world
        self.hiring = Hiring(runtime, world)
        self._work = DueWork(TaskRunner(runtime, runtime.plugins.subscribers), relay_url)

    async def run(self) -> None:
        await self._work.run_due()

    async def candidate(self, *emails: str, slug: str = "acme") -> CandidateView:
        scope = Hiring(self.runtime, self.world, slug).scope()
        made = await scope.execute(CreateCandidate(full_name="Ada Lovelace", emails=emails))
        await self.run()
        return made

    async def export(self, candidate_id: Any, slug: str = "acme") -> PersonalData:
        scope = Hiring(self.runtime, self.world, slug).scope()
        return await scope.ask(ExportPersonalData(candidate_id=CandidateId(candidate_id)))


@pytest.fixture(scope="module")
def memory() -> Memory:
    return Memory("memory")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plugged(
    settings: Settings, database: TestDatabase, world: World, memory: Memory
) -> AsyncIterator[Plugged]:
    mute, empty = Memory("mute"), Memory("empty")
    catalogue = catalogue_of(
        memory.entry(required=True),
        mute.entry(exports=False),
        empty.entry(keeps=(), exports=False),
        made_plugin(manifest_of("sender"), ports=[PortAdapter(Messaging, Sender)]),
    )
    async with runtime_with(settings, database, catalogue) as runtime:
        for tenant in (world.acme, world.globex):
            await enable(runtime, tenant, "memory", account="a", token=SECRET)
        for plugin_id in ("mute", "sender"):
            await enable(runtime, world.acme, plugin_id)
        made = Plugged(runtime, world, database.relay_url)
        await made.run()
        yield made


@pytest.fixture(autouse=True)
def calm(plugged: Plugged, memory: Memory) -> None:
    """Nothing is left of what another test let happen."""
    memory.on_export = None
    plugged.runtime.plugins.guard.forget(plugged.world.acme.id, "memory")


async def test_everything_about_a_person_is_there_and_of_nobody_else(
    plugged: Plugged, memory: Memory
) -> None:
    hiring = plugged.hiring
    person = await plugged.candidate("then@example.com")
    other = await plugged.candidate("grace@example.com")
    scope = hiring.scope()
    job = await hiring.open_job(title="Analyst")
    renamed = tuple(
        StageSpec(each.name, each.kind, id=each.id, public_name=f"Public {place}")
        for place, each in enumerate(job.stages)
    )
    job = await scope.execute(SetJobStages(job_id=job.id, stages=renamed))
    for each in (person, other):
        application = await hiring.apply_as(each.id, job, source="careers")
        await plugged.run()
        await hiring.move(application, 1, job)
        await scope.execute(AddNote(candidate_id=each.id, text=f"A note on {each.id}"))
        await scope.execute(AddFile(candidate_id=each.id, name="a.txt", content=b"A plain note."))
        begins = datetime.now(UTC) + timedelta(days=each is person)
        await scope.execute(
            ScheduleInterview(
                application_id=application.id,
                kind="video",
                starts_at=begins,
                ends_at=begins + timedelta(hours=1),
                time_zone="UTC",
                interviewers=(hiring.tenant.members["recruiter"].member_id,),
            )
        )
        await scope.execute(
            SubmitFeedback(
                application_id=application.id, recommendation="yes", comment=f"On {each.id}"
            )
        )
        await scope.execute(RejectApplication(application_id=application.id, reason="skills"))
    await plugged.run()
    change = UpdateCandidate(candidate_id=person.id, emails=("Ada@Example.com",))
    await scope.execute(change)
    found = await plugged.export(person.id)
    assert found.profile.emails == ("Ada@example.com",)
    assert found.addresses == ("ada@example.com", "then@example.com"), "a message went there"
    filled = {name for name, rows in found.records.items() if rows}
    assert filled >= {
        "applications",
        "stage_changes",
        "candidate_notes",
        "candidate_files",
        "resume_readings",
        "interviews",
        "interviewers",
        "feedback",
        "messages",
    }
    (applied,) = found.records["applications"]
    assert (applied["job_title"], applied["disposition"]) == ("Analyst", "rejected")
    kinds = [each["kind"] for each in found.records["stage_changes"]]
    assert sorted(kinds) == ["applied", "moved", "rejected"]
    named = {each["to_stage_name"] for each in found.records["stage_changes"]}
    assert applied["stage_name"] in named
    assert named <= {stage.public_name for stage in job.stages}, "an inside name was handed out"
    encoded = msgspec.json.encode(found).decode()
    assert str(other.id) not in encoded
    assert str(hiring.tenant.id) not in encoded
    assert f"A note on {person.id}" in encoded
    (told,) = [each for each in found.plugins if each.plugin == "memory"]
    assert told.status == "answered"
    assert [row["note"] for row in told.data["notes"]] == ["Met at a fair."]
    assert "sender" not in {each.plugin for each in found.plugins}, "it keeps nothing"
    asked = Subject(candidate_id=person.id, addresses=found.addresses)
    assert memory.exported[-1] == ("acme", asked)


async def test_who_can_not_say_is_named(plugged: Plugged) -> None:
    person = await plugged.candidate()
    found = {each.plugin: each for each in (await plugged.export(person.id)).plugins}
    assert found["mute"].status == "not_offered"
    assert found["mute"].name == "Mute"
    assert "empty" not in found, "it isn't enabled"


async def fails(context: Any, subject: Subject) -> Any:
    raise RuntimeError(SECRET)


async def refuses(context: Any, subject: Subject) -> Any:
    raise Refused(f"The vendor doesn't take {context.settings.token}.")


async def hangs(context: Any, subject: Subject) -> Any:
    await asyncio.sleep(600)


async def lies(context: Any, subject: Subject) -> Any:
    return ["not", "a", "mapping"]


async def exits(context: Any, subject: Subject) -> Any:
    raise SystemExit(SECRET)


async def floods(context: Any, subject: Subject) -> Any:
    return {"much": "x" * (5 * 1024 * 1024)}


@pytest.mark.parametrize("failure", [fails, refuses, hangs, lies, exits, floods])
async def test_who_fails_is_named_and_the_rest_is_there(
    plugged: Plugged, memory: Memory, monkeypatch: pytest.MonkeyPatch, failure: Any
) -> None:
    monkeypatch.setattr(subjects, "EXPORT_SECONDS", 0.5)
    person = await plugged.candidate("ada@example.com")
    memory.on_export = failure
    found = await plugged.export(person.id)
    told = {each.plugin: each for each in found.plugins}
    assert (told["memory"].status, told["memory"].data) == ("unavailable", {})
    assert told["memory"].message != ""
    assert SECRET not in repr(told["memory"])
    assert told["mute"].status == "not_offered"
    assert found.profile.id == person.id


async def test_merged_ones_are_asked_for_too(plugged: Plugged, memory: Memory) -> None:
    one = await plugged.candidate("one@example.com")
    two = await plugged.candidate("two@example.com")
    merge = MergeCandidates(candidate_id=one.id, other_id=two.id)
    await plugged.hiring.scope().execute(merge)
    found = await plugged.export(one.id)
    assert found.also_known_as == (two.id,)
    assert found.addresses == ("one@example.com", "two@example.com")
    told = [each for each in found.plugins if each.plugin == "memory"]
    assert {each.candidate_id for each in told} == {one.id, two.id}
    assert all(len(each.data["notes"]) == 1 for each in told)
    with pytest.raises(CandidateMerged):
        await plugged.export(two.id)


async def test_disabled_plugins_are_asked_and_removed_ones_not(
    settings: Settings, database: TestDatabase, world: World
) -> None:
    former = Memory("former")
    catalogue = catalogue_of(former.entry())
    async with runtime_with(settings, database, catalogue) as runtime:
        await enable(runtime, world.globex, "former")
        made = Plugged(runtime, world, database.relay_url)
        person = await made.candidate(slug="globex")
        admin = Hiring(runtime, world, "globex").scope("admin")

        async def status() -> list[str]:
            told = (await made.export(person.id, "globex")).plugins
            return [each.status for each in told if each.plugin == "former"]

        await admin.execute(DisablePlugin(plugin_id="former"))
        assert await status() == ["answered"]
        await admin.execute(UninstallPlugin(plugin_id="former", keep_data=True))
        assert await status() == ["answered"]
    async with runtime_with(settings, database, catalogue_of()) as runtime:
        made = Plugged(runtime, world, database.relay_url)
        (told,) = [
            each
            for each in (await made.export(person.id, "globex")).plugins
            if each.plugin == "former"
        ]
        assert (told.status, told.name) == ("unavailable", "former")
        assert "its package isn't installed" in told.message
    async with runtime_with(settings, database, catalogue) as runtime:
        admin = Hiring(runtime, world, "globex").scope("admin")
        await admin.execute(UninstallPlugin(plugin_id="former", keep_data=False))
        told_now = await Plugged(runtime, world, database.relay_url).export(person.id, "globex")
        assert [each for each in told_now.plugins if each.plugin == "former"] == []


async def test_another_tenants_candidate_is_as_one_that_never_was(
    plugged: Plugged, memory: Memory
) -> None:
    theirs = await plugged.candidate("theirs@example.com", slug="globex")
    before = len(memory.exported)
    for unknown in (theirs.id, uuid4()):
        with pytest.raises(CandidateNotFound):
            await plugged.export(unknown)
    gone = await plugged.candidate()
    await plugged.hiring.scope().execute(DeleteCandidate(candidate_id=gone.id))
    with pytest.raises(CandidateNotFound):
        await plugged.export(gone.id)
    assert len(memory.exported) == before, "no plugin is asked about somebody who isn't there"


@pytest.mark.parametrize("role", ["interviewer", "viewer"])
async def test_only_who_may_export_candidates_may_do_it(plugged: Plugged, role: Any) -> None:
    person = await plugged.candidate()
    with pytest.raises(Forbidden):
        await plugged.hiring.scope(role).ask(ExportPersonalData(candidate_id=person.id))


async def test_it_comes_over_the_api(client_for: ClientFor) -> None:
    recruiter = client_for("acme", "recruiter")
    created = await recruiter.post("/api/v1/candidates", json={"full_name": "Ada Lovelace"})
    path = f"/api/v1/candidates/{created.json()['id']}/export"
    answer = await recruiter.get(path)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["profile"]["full_name"] == "Ada Lovelace"
    assert found["left_out"][0]["what"] == "The contents of files"
    assert (await client_for("globex", "admin").get(path)).status_code == 404
    assert (await client_for("acme", "viewer").get(path)).status_code == 403


def tables_not_exported(tables: sa.MetaData, exported: set[str]) -> set[str]:
    """Tables about candidates that are neither in an export nor left out of it with a reason."""
    return set(about_candidates(tables)) - exported - set(NOT_SHOWN) - {"candidates"}


async def test_every_table_about_candidates_is_in_it(plugged: Plugged, examined: Examined) -> None:
    person = await plugged.candidate()
    exported = set((await plugged.export(person.id)).records)
    assert tables_not_exported(metadata, exported) == set()
    assert set(NOT_SHOWN) <= set(about_candidates())
    for name, columns in WITHHELD.items():
        assert set(columns) <= set(metadata.tables[name].c.keys())
    examined("tables about candidates", len(about_candidates()))


async def test_a_table_that_is_missing_is_found(plugged: Plugged) -> None:
    """Planted: one that hangs on applications, of a release that the export doesn't know."""
    person = await plugged.candidate()
    exported = set((await plugged.export(person.id)).records)
    later = sa.MetaData()
    for table in metadata.sorted_tables:
        table.to_metadata(later)
    tenant_table(
        "offers",
        uuid_column("id"),
        uuid_column("application_id"),
        text_column("text"),
        refs=[Ref("application_id", "applications", "CASCADE")],
        into=later,
    )
    assert tables_not_exported(later, exported) == {"offers"}
