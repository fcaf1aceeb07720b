"""What people do with a résumé that was read: put it right, have it read again, take it over."""

from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from core.resumes.contracts.readings import RESUME_FIELDS
from core.resumes.ports import ReadResume
from core.resumes.reading import GAVE_UP
from tenants.resume_reading import ResumeSandbox
from tenants.runtime import Runtime
from tests.fixtures.clients import ClientFor
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.resume_files import Uploads, cv_pdf, run_due
from tests.fixtures.worlds import World

pytestmark = pytest.mark.timeout(600)

Json = dict[str, Any]


@pytest.fixture
async def uploads(client_for: ClientFor) -> Uploads:
    return await Uploads.of_new_candidate(client_for("acme", "recruiter"))


@pytest.fixture
async def path(uploads: Uploads, runtime: Runtime, database: TestDatabase) -> str:
    added = await uploads.add("cv.pdf", cv_pdf())
    await run_due(runtime, database)
    return added


async def _correct(uploads: Uploads, path: str, view: Json, **fields: Any) -> httpx.Response:
    etag = {"If-Match": f'"{view["version"]}"'}
    return await uploads.client.patch(path, json=fields, headers=etag)


async def _audited(client: httpx.AsyncClient, action: str) -> list[Json]:
    answer = await client.get("/api/v1/audit", params={"action": action})
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


async def test_a_correction_is_kept_beside_what_was_found(
    uploads: Uploads, path: str, client_for: ClientFor, world: World
) -> None:
    view = await uploads.show(path)
    positions = view["resume"]["experience"]
    mended = [positions[0] | {"company": "Analytical Engines plc"}, positions[1]]
    answer = await _correct(
        uploads, path, view, headline="Countess", experience=mended, skills=["Python", "Poetry"]
    )
    assert answer.status_code == 200, answer.text
    now = answer.json()
    assert now == await uploads.show(path)
    assert answer.headers["etag"] == f'"{view["version"] + 1}"'
    assert now["resume"]["headline"] == "Countess"
    assert [each["company"] for each in now["resume"]["experience"]] == [
        "Analytical Engines plc",
        "Difference Works Inc",
    ]
    assert [each["name"] for each in now["resume"]["skills"]] == ["Python", "Poetry"]
    assert [bool(each["evidence"]) for each in now["resume"]["skills"]] == [True, False]
    assert now["original"] == view["resume"]
    assert {each["field"] for each in now["corrections"]} == {"headline", "experience", "skills"}
    author = world.acme.members["recruiter"].member_id
    assert {each["by"] for each in now["corrections"]} == {str(author)}
    for found in ("confidence", "sources"):
        assert "experience.0.company" in view[found]
        assert "experience.0.company" not in now[found]
        assert now[found]["experience.0.title"] == view[found]["experience.0.title"]
        assert now[found]["name"] == view[found]["name"]
    (entry, *_) = await _audited(client_for("acme", "admin"), "candidate.resume_corrected")
    assert entry["before"]["experience"][0]["company"] == "Analytical Engines Ltd"
    assert entry["after"]["headline"] == "Countess"


async def test_years_follow_corrected_positions(uploads: Uploads, path: str) -> None:
    view = await uploads.show(path)
    past = [{"company": "Engine", "start": "2001-01", "end": "2003-12"}]
    now = (await _correct(uploads, path, view, experience=past)).json()
    assert now["resume"]["years_of_experience"] == 3.0
    now = (await _correct(uploads, path, now, years_of_experience=2.5)).json()
    assert now["resume"]["years_of_experience"] == 2.5


async def test_a_correction_is_taken_back_with_the_parsers_own_answer(
    uploads: Uploads, path: str
) -> None:
    view = await uploads.show(path)
    now = (await _correct(uploads, path, view, name="Augusta King", phone=None)).json()
    assert (now["resume"]["name"], now["resume"]["phone"]) == ("Augusta King", None)
    links = (await _correct(uploads, path, now, links=["https://ada.example"])).json()
    again = await _correct(uploads, path, links, name="Augusta King", links=["https://ada.example"])
    assert again.json() == links
    now = (await _correct(uploads, path, links, links=[])).json()
    back = (await _correct(uploads, path, now, name=view["resume"]["name"])).json()
    assert [each["field"] for each in back["corrections"]] == ["phone"]
    every = {name: view["resume"][name] for name in RESUME_FIELDS if name != "skills"}
    skills = [each["name"] for each in view["resume"]["skills"]]
    whole = (await _correct(uploads, path, back, **every, skills=skills)).json()
    assert (whole["corrections"], whole["resume"]) == ([], view["original"])


async def test_wrong_corrections_are_named(uploads: Uploads, path: str, examined: Examined) -> None:
    view = await uploads.show(path)
    wrong: list[tuple[Json, str]] = [
        ({"experience": [{"company": "A", "start": "2020", "end": "2019"}]}, "experience.0.end"),
        (
            {"experience": [{"company": "A", "current": True, "end": "2019"}]},
            "experience.0.end",
        ),
        ({"experience": [{"start": "2019"}]}, "experience.0.company"),
        ({"experience": [{"company": "A", "start": "May 2020"}]}, "experience.0.start"),
        ({"education": [{"degree": "  "}]}, "education.0.degree"),
        ({"education": [{"start": "2019"}]}, "education.0.institution"),
        ({"name": " "}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": "ada@example.com\x00"}, "email"),
        ({"headline": "two\x00words"}, "headline"),
        ({"skills": ["Python", " "]}, "skills.1"),
        ({"skills": ["x" * 81]}, "skills.0"),
        ({"years_of_experience": 81}, "years_of_experience"),
        ({"hidden_text": []}, "hidden_text"),
    ]
    for fields, place in wrong:
        answer = await _correct(uploads, path, view, **fields)
        assert answer.status_code in {400, 422}, answer.text
        assert place in answer.text, answer.text
    assert await uploads.show(path) == view
    examined("wrong corrections", len(wrong))


async def test_two_who_correct_at_once_are_told(uploads: Uploads, path: str) -> None:
    view = await uploads.show(path)
    assert (await _correct(uploads, path, view, name="First")).status_code == 200
    late = await _correct(uploads, path, view, name="Second")
    assert (late.status_code, late.json()["code"]) == (412, "resume_changed")
    assert (await uploads.client.patch(path, json={"name": "X"})).status_code == 428


async def test_what_is_not_read_yet_is_not_corrected(uploads: Uploads) -> None:
    path = await uploads.add("cv.pdf", cv_pdf())
    early = await _correct(uploads, path, {"version": 0}, name="X")
    assert (early.status_code, early.json()["code"]) == (409, "resume_not_read")
    assert (await uploads.client.post(f"{path}/take-over", json={})).status_code == 409


async def test_a_scanned_resume_can_be_filled_in_by_hand(
    uploads: Uploads, runtime: Runtime, database: TestDatabase
) -> None:
    path = await uploads.add("face.png", b"\x89PNG\r\n\x1a\n" + bytes(100))
    await run_due(runtime, database)
    view = await uploads.show(path)
    assert (view["state"], view["resume"], view["original"]) == ("unsupported", None, None)
    now = (await _correct(uploads, path, view, name="By Hand", skills=["Poetry"])).json()
    assert now["resume"]["name"] == "By Hand"
    assert (now["original"], now["state"]) == (None, "unsupported")


async def test_a_file_is_read_again(
    uploads: Uploads, path: str, runtime: Runtime, database: TestDatabase
) -> None:
    view = await uploads.show(path)
    corrected = (await _correct(uploads, path, view, name="Augusta King")).json()
    again = await uploads.client.post(f"{path}/parse-again")
    assert (again.status_code, again.json()["state"]) == (202, "pending")
    assert again.json()["resume"] == corrected["resume"]
    twice = await uploads.client.post(f"{path}/parse-again")
    assert twice.json() == again.json()
    await run_due(runtime, database)
    now = await uploads.show(path)
    assert (now["state"], now["resume"]["name"]) == ("parsed", "Augusta King")
    assert now["original"] == view["original"]
    assert now["finished_at"] > view["finished_at"]


async def test_only_gaps_of_the_profile_are_filled(
    uploads: Uploads, path: str, runtime: Runtime, database: TestDatabase
) -> None:
    filled = await Uploads.of_new_candidate(uploads.client, location="Paris", skills=["Poetry"])
    other = await filled.add("cv.pdf", cv_pdf())
    await run_due(runtime, database)
    for each, address in ((uploads, path), (filled, other)):
        before = (await each.client.get(f"/api/v1/candidates/{each.candidate_id}")).json()
        answer = await each.client.post(f"{address}/take-over", json={})
        assert answer.status_code == 200, answer.text
        after = (await each.client.get(f"/api/v1/candidates/{each.candidate_id}")).json()
        took = set(answer.json()["fields"])
        assert took == {
            name
            for name in before.keys() - {"version", "updated_at"}
            if before[name] != after[name]
        }
        assert not [name for name in took if before[name]]
        assert after["version"] == before["version"] + 1 == answer.json()["version"]
        nothing = await each.client.post(f"{address}/take-over", json={})
        assert nothing.json() == answer.json() | {"fields": []}
    assert after["location"] == "Paris"
    assert after["skills"] == ["Poetry"]
    assert (after["emails"], after["phones"]) == (["ada@example.com"], ["+442079460958"])
    assert [each["company"] for each in after["experience"]] == [
        "Analytical Engines Ltd",
        "Difference Works Inc",
    ]
    found = await uploads.client.get("/api/v1/candidates", params={"q": "Difference tables"})
    assert uploads.candidate_id in {row["id"] for row in found.json()["items"]}


async def test_only_the_named_fields_are_filled(uploads: Uploads, path: str) -> None:
    answer = await uploads.client.post(f"{path}/take-over", json={"fields": ["phones"]})
    assert answer.json()["fields"] == ["phones"]


class _Failing:
    """A reader that breaks each time, and may do something on the way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        self.client: httpx.AsyncClient | None = None
        self.path = ""
        monkeypatch.setattr(ResumeSandbox, "read", self.read)

    async def read(self, *_: Any) -> ReadResume:
        self.asked += 1
        if self.client is not None and self.asked == 3:
            answer = await self.client.post(f"{self.path}/parse-again")
            assert answer.json()["state"] == "pending"
        raise RuntimeError("planted")


async def _fail_three_times(runtime: Runtime, database: TestDatabase) -> None:
    connection = await asyncpg.connect(database.admin_url)
    try:
        for _ in range(3):
            await run_due(runtime, database)
            await connection.execute(
                "UPDATE tasks SET run_at = now() WHERE kind = 'read_resume' AND finished_at IS NULL"
            )
    finally:
        await connection.close()


async def test_what_never_comes_to_an_end_is_not_pending_for_ever(
    uploads: Uploads, runtime: Runtime, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await uploads.add("cv.pdf", cv_pdf())
    with monkeypatch.context() as patched:
        failing = _Failing(patched)
        await _fail_three_times(runtime, database)
    view = await uploads.show(path)
    assert (failing.asked, view["state"], view["detail"]) == (3, "failed", GAVE_UP)
    assert (await uploads.client.post(f"{path}/parse-again")).status_code == 202
    await run_due(runtime, database)
    assert (await uploads.show(path))["state"] == "parsed"


async def test_an_answer_to_an_earlier_question_is_dropped(
    uploads: Uploads, runtime: Runtime, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await uploads.add("cv.pdf", cv_pdf())
    with monkeypatch.context() as patched:
        failing = _Failing(patched)
        failing.client, failing.path = uploads.client, path
        await _fail_three_times(runtime, database)
    assert (await uploads.show(path))["state"] == "pending"
    await run_due(runtime, database)
    view = await uploads.show(path)
    assert view["state"] == "parsed"
    connection = await asyncpg.connect(database.admin_url)
    try:
        states = await connection.fetch(
            "SELECT payload ->> 'state' AS state FROM outbox "
            "WHERE type = 'candidate.resume_parsed' AND aggregate_id = $1 ORDER BY id",
            UUID(uploads.candidate_id),
        )
    finally:
        await connection.close()
    assert [row["state"] for row in states] == ["failed", "parsed"]
