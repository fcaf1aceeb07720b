"""Files as résumés in the running product: uploaded, read by a worker, shown, corrected."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from core.resumes.contracts.readings import READING_STATES
from plugins.resume_parser.version import NAME, VERSION
from tenants.runtime import Runtime
from tests.evaluation.corpus import samples
from tests.fixtures.clients import ClientFor
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hostile_files import hostile_files
from tests.fixtures.resume_files import KEYWORDS, Uploads, cv_pdf, run_due
from tests.fixtures.worlds import World

pytestmark = pytest.mark.timeout(600)


async def _parsed(client_for: ClientFor, runtime: Runtime, database: TestDatabase) -> Any:
    uploads = await Uploads.of_new_candidate(client_for("acme", "recruiter"))
    path = await uploads.add("cv.pdf", cv_pdf())
    await run_due(runtime, database)
    return uploads, path, await uploads.show(path)


async def test_an_uploaded_resume_is_read_by_a_worker(
    runtime: Runtime, database: TestDatabase, client_for: ClientFor
) -> None:
    uploads = await Uploads.of_new_candidate(client_for("acme", "recruiter"))
    path = await uploads.add("cv.pdf", cv_pdf())
    before = await uploads.show(path)
    assert (before["state"], before["resume"], before["version"]) == ("pending", None, 0)
    await run_due(runtime, database)
    view = await uploads.show(path)
    assert (view["state"], view["detail"]) == ("parsed", "")
    resume = view["resume"]
    assert resume["name"] == "Ada Lovelace"
    assert resume["email"] == "ada@example.com"
    assert resume["phone"] == "+442079460958"
    assert [(e["title"], e["company"], e["start"], e["end"]) for e in resume["experience"]] == [
        ("Analyst", "Analytical Engines Ltd", "2019-03", None),
        ("Junior Analyst", "Difference Works Inc", "2016-01", "2019-02"),
    ]
    assert resume["education"][0]["institution"] == "University of London"
    assert {skill["name"] for skill in resume["skills"]} >= {"Python", "PostgreSQL"}
    assert view["original"] == resume
    assert (view["hidden_text"], view["corrections"], view["pages"]) == ([], [], 1)
    assert (view["parser"], view["parser_version"], view["language"]) == (NAME, VERSION, "en")
    for path_of_field, span in view["sources"].items():
        line = view["lines"][span["first_line"]]
        assert 0 <= span["start"] <= len(line["text"]), path_of_field
    name = view["sources"]["name"]
    assert view["lines"][name["first_line"]]["text"][name["start"] : name["end"]] == "Ada Lovelace"
    assert len(view["lines"][name["first_line"]]["box"]) == 4
    assert view["confidence"]["name"] > 0.5
    shown = await uploads.client.get(path, headers={"If-None-Match": f'"{view["version"]}"'})
    assert shown.status_code == 304


async def test_each_kind_of_file_is_read(
    runtime: Runtime, database: TestDatabase, client_for: ClientFor, examined: Examined
) -> None:
    uploads = await Uploads.of_new_candidate(client_for("acme", "recruiter"))
    kinds = {each.name.rpartition(".")[2]: each for each in samples("dev")}
    paths = {kind: await uploads.add(each.name, each.content()) for kind, each in kinds.items()}
    await run_due(runtime, database)
    for kind, path in paths.items():
        view = await uploads.show(path)
        assert view["state"] == "parsed", kind
        assert view["resume"]["email"] == kinds[kind].truth.email, kind
    assert paths.keys() == {"pdf", "docx", "odt", "rtf", "txt", "html"}
    examined("kinds", len(paths))


async def test_pages_hear_that_a_resume_was_parsed(
    runtime: Runtime, database: TestDatabase, client_for: ClientFor
) -> None:
    uploads, path, _ = await _parsed(client_for, runtime, database)
    connection = await asyncpg.connect(database.admin_url)
    try:
        payload = await connection.fetchval(
            "SELECT payload::text FROM outbox "
            "WHERE type = 'candidate.resume_parsed' AND aggregate_id = $1",
            UUID(uploads.candidate_id),
        )
    finally:
        await connection.close()
    assert '"state": "parsed"' in payload
    assert path.split("/")[-2] in payload
    assert "Ada" not in payload


async def test_hidden_keywords_are_hidden_text_and_nothing_else(
    runtime: Runtime, database: TestDatabase, client_for: ClientFor, examined: Examined
) -> None:
    uploads = await Uploads.of_new_candidate(client_for("acme", "recruiter"))
    honest = await uploads.add("honest.pdf", cv_pdf())
    path = await uploads.add("stuffed.pdf", cv_pdf(with_keywords=True))
    await run_due(runtime, database)
    view = await uploads.show(path)
    assert " ".join(view["hidden_text"]) == KEYWORDS
    assert view["resume"] == (await uploads.show(honest))["resume"]
    filled = await uploads.client.post(f"{path}/take-over", json={})
    assert filled.status_code == 200, filled.text
    profile = await uploads.client.get(f"/api/v1/candidates/{uploads.candidate_id}")
    elsewhere = {name: each for name, each in view.items() if name != "hidden_text"}
    for word in KEYWORDS.split():
        assert word not in str(elsewhere)
        assert word not in profile.text
        found = await uploads.client.get("/api/v1/candidates", params={"q": word})
        assert found.json()["items"] == []
    assert "Analytical Engines" in profile.text
    examined("keywords", len(KEYWORDS.split()))


async def test_files_that_are_no_resume_end_in_a_clear_state(
    runtime: Runtime, database: TestDatabase, client_for: ClientFor, examined: Examined
) -> None:
    uploads = await Uploads.of_new_candidate(client_for("acme", "recruiter"))
    wanted: dict[str, tuple[str, ...]] = {
        await uploads.add("face.png", b"\x89PNG\r\n\x1a\n" + bytes(100)): ("unsupported",),
        await uploads.add("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)): (
            "unsupported",
            "refused",
        ),
        await uploads.add("slow.txt", b"SKILLS\n" + b"a - " * 90_000): ("timed_out",),
    }
    for file in hostile_files("http://127.0.0.1:9"):
        content = file.make()
        added = await uploads.client.post(
            uploads.files, params={"name": file.name}, content=content
        )
        if added.status_code == 201:
            wanted[f"{uploads.files}/{added.json()['id']}/resume"] = file.states
        else:
            assert added.status_code in {413, 422}, (file.name, added.text)
    await run_due(runtime, database)
    for path, states in wanted.items():
        view = await uploads.show(path)
        expected = {"parsed" if state == "read" else state for state in states}
        assert view["state"] in expected, (view["file_name"], view["state"], states)
        assert view["state"] in READING_STATES
        assert view["detail"] or view["state"] == "parsed", view
    examined("files", len(wanted))


async def test_another_tenant_and_an_interviewer_see_nothing(
    runtime: Runtime, database: TestDatabase, client_for: ClientFor, world: World
) -> None:
    uploads, path, view = await _parsed(client_for, runtime, database)
    for stranger in (client_for("globex", "admin"), client_for("acme", "interviewer")):
        assert (await stranger.get(path)).status_code == 404
    stranger = client_for("globex", "admin")
    etag = {"If-Match": f'"{view["version"]}"'}
    assert (await stranger.patch(path, json={"name": "X"}, headers=etag)).status_code == 404
    assert (await stranger.post(f"{path}/parse-again")).status_code == 404
    assert (await stranger.post(f"{path}/take-over", json={})).status_code == 404
    viewer = client_for("acme", "viewer")
    assert (await viewer.get(path)).status_code == 200
    assert (await viewer.patch(path, json={"name": "X"}, headers=etag)).status_code == 403
    other = await Uploads.of_new_candidate(uploads.client)
    elsewhere = path.replace(uploads.candidate_id, other.candidate_id)
    assert (await uploads.client.get(elsewhere)).json()["code"] == "file_not_found"
    assert await uploads.show(path) == view


async def test_a_resume_goes_with_its_file_when_candidates_are_merged(
    runtime: Runtime, database: TestDatabase, client_for: ClientFor
) -> None:
    uploads, path, view = await _parsed(client_for, runtime, database)
    survivor = await Uploads.of_new_candidate(uploads.client, full_name="Survivor")
    merged = await uploads.client.post(
        f"/api/v1/candidates/{survivor.candidate_id}/merge", json={"other_id": uploads.candidate_id}
    )
    assert merged.status_code == 200, merged.text
    assert (await uploads.client.get(path)).status_code == 410
    moved = path.replace(uploads.candidate_id, survivor.candidate_id)
    now = await uploads.show(moved)
    assert now == view | {"candidate_id": survivor.candidate_id}
    undone = await uploads.client.post(f"/api/v1/merges/{merged.json()['merge']['id']}/undo")
    assert undone.status_code == 200, undone.text
    assert await uploads.show(path) == view


async def test_nothing_of_a_resume_outlives_its_candidate(
    runtime: Runtime, database: TestDatabase, client_for: ClientFor
) -> None:
    uploads, path, view = await _parsed(client_for, runtime, database)
    corrected = await uploads.client.patch(
        path, json={"name": "Augusta King"}, headers={"If-Match": f'"{view["version"]}"'}
    )
    assert corrected.status_code == 200, corrected.text
    removed = await uploads.client.delete(f"/api/v1/candidates/{uploads.candidate_id}")
    assert removed.status_code == 204
    await run_due(runtime, database)
    connection = await asyncpg.connect(database.admin_url)
    try:
        file_id = UUID(path.split("/")[-2])
        left = await connection.fetchval(
            "SELECT count(*) FROM resume_readings WHERE file_id = $1", file_id
        )
        trail = await connection.fetch(
            "SELECT row_to_json(e)::text AS entry FROM audit_entries e WHERE subject_id = $1",
            UUID(uploads.candidate_id),
        )
    finally:
        await connection.close()
    assert left == 0
    actions = [row["entry"] for row in trail]
    assert any("candidate.resume_corrected" in entry for entry in actions)
    assert not any("Augusta" in entry or "Ada Lovelace" in entry for entry in actions)
