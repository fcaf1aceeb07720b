"""Applying on the careers site without a script, and all that can be wrong with a form."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from core.applications.contracts import ApplicationRow, GetApplication, ListApplications
from core.candidates.contracts import (
    CandidateFilter,
    CreateCandidate,
    GetCandidate,
    ListCandidates,
    ListFiles,
)
from core.careers.contracts import ListSubmissions, PublishPrivacyNotice
from core.careers.model import FASTEST, PER_ADDRESS, PER_ADDRESS_AND_JOB, SLOWEST
from core.jobs.contracts import ChangeJobStatus, JobView, QuestionSpec
from tenants.runtime import Runtime
from tests.fixtures.applicants import (
    RESUME,
    Applicant,
    ApplicantFor,
    applicant,
    applicant_for,
    fields_of,
    link_of,
)
from tests.fixtures.clients import ClientFor
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World

__all__ = ["applicant", "applicant_for"]

PDF = {"resume": ("Ada Lovelace.pdf", RESUME, "application/pdf")}


@pytest.fixture
def hiring(runtime: Runtime, world: World) -> Hiring:
    return Hiring(runtime, world)


async def _applications(hiring: Hiring, job: JobView) -> list[ApplicationRow]:
    return list((await hiring.scope().ask(ListApplications(job_id=job.id))).items)


async def test_a_person_applies_with_a_resume_and_follows_the_link(
    hiring: Hiring, applicant: Applicant
) -> None:
    job = await hiring.open_job(title="Night owl")
    page = await applicant.get(f"/careers/jobs/{job.id}/apply")
    assert page.status_code == 200
    assert fields_of(page.text)["seal"]
    link = await applicant.apply(job, PDF, full_name="Ada L.", phone="+49 30 901820")
    followed = await applicant.get(f"/careers/applications/{link}?new=1")
    assert followed.status_code == 200
    assert "Thank you" in followed.text
    assert "Your application for Night owl" in followed.text
    (row,) = await _applications(hiring, job)
    assert (row.candidate_name, row.source, row.disposition) == ("Ada L.", "careers", "active")
    candidate = await hiring.scope().ask(GetCandidate(candidate_id=row.candidate_id))
    assert candidate.emails == ("ada@example.com",)
    assert candidate.phones == ("+4930901820",)
    assert candidate.source == "Careers site"
    (file,) = (await hiring.scope().ask(ListFiles(candidate_id=row.candidate_id))).items
    assert (file.name, file.media_type) == ("Ada Lovelace.pdf", "application/pdf")


async def test_the_form_that_a_browser_was_given_is_accepted_once_it_was_read(
    hiring: Hiring, applicant: Applicant
) -> None:
    job = await hiring.open_job()
    page = await applicant.get(f"/careers/jobs/{job.id}/apply")
    typed = {"full_name": "Bo", "email": "bo@example.com", "notice": "0"}
    fields = fields_of(page.text) | typed
    hasty = await applicant.send(job, fields)
    assert hasty.status_code == 422
    assert "faster than people read" in hasty.text
    kept = fields_of(hasty.text)
    assert kept == fields, "the seal must stay, so that waiting helps"
    await asyncio.sleep(FASTEST.total_seconds())
    link_of(await applicant.send(job, kept))


async def test_answers_are_kept_as_what_they_are(hiring: Hiring, applicant: Applicant) -> None:
    job = await hiring.open_job(
        questions=(
            QuestionSpec(kind="text", label="Where from?", required=True),
            QuestionSpec(kind="long_text", label="Why?"),
            QuestionSpec(kind="yes_no", label="May you work here?", required=True),
            QuestionSpec(kind="choice", label="Since when?", options=("Now", "Later")),
            QuestionSpec(kind="number", label="Years?"),
        )
    )
    text, long_text, yes_no, choice, number = (each.id for each in job.questions)
    typed = {
        f"answers.{text}": "Paris",
        f"answers.{long_text}": "One\r\nTwo",
        f"answers.{yes_no}": "no",
        f"answers.{choice}": "Later",
        f"answers.{number}": "2,5",
    }
    await applicant.apply(job, None, email="answers@example.com", **typed)
    (row,) = await _applications(hiring, job)
    view = await hiring.scope().ask(GetApplication(application_id=row.id))
    expected: Any = {
        text: "Paris", long_text: "One\nTwo", yes_no: False, choice: "Later", number: 2.5,
    }  # fmt: skip
    assert view.answers == expected


async def test_each_wrong_field_says_so_and_keeps_what_was_typed(
    hiring: Hiring, applicant: Applicant, examined: Examined
) -> None:
    job = await hiring.open_job(
        questions=(
            QuestionSpec(kind="text", label="Where from?", required=True),
            QuestionSpec(kind="choice", label="Since when?", options=("Now", "Later")),
            QuestionSpec(kind="number", label="Years?"),
            QuestionSpec(kind="yes_no", label="May you work here?"),
        )
    )
    text, choice, number, yes_no = (f"answers.{each.id}" for each in job.questions)
    typed = {
        "full_name": "***",
        "email": "not an address",
        "phone": "call me",
        choice: "Never",
        number: "many",
        yes_no: "perhaps",
        "notice": "",
    }
    files = {"resume": ("cv.exe", b"MZ", "application/octet-stream")}
    answer = await applicant.send(job, applicant.filled(job, **typed), files)
    assert answer.status_code == 422
    wrong = {*typed, text, "resume"}
    for name in wrong:
        assert f'href="#{name}"' in answer.text, f"{name} is not in the summary"
        shown = answer.text[answer.text.index(f'id="{name}-error"') :][:200]
        assert " hidden" not in shown.partition(">")[0], f"{name} says nothing beside its field"
    sent = fields_of(answer.text)
    for name in ("full_name", "email", "phone", number):
        assert sent[name] == typed[name]
    assert not await _applications(hiring, job)
    examined("wrong fields", len(wrong))


async def test_a_file_must_be_chosen_again_when_something_else_was_wrong(
    hiring: Hiring, applicant: Applicant
) -> None:
    job = await hiring.open_job()
    answer = await applicant.send(job, applicant.filled(job, email=""), PDF)
    assert answer.status_code == 422
    assert "Choose your file again" in answer.text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cv.pdf", b"<html>no pdf</html>"),
        ("cv.pdf", b""),
        ("cv.docx", b"PK\x03\x04 but no document"),
        ("cv.svg", b"<svg><script>alert(1)</script></svg>"),
        ("cv", RESUME),
        ("cv.txt", b"\x00\x01\x02"),
        ("cv.pdf", RESUME + b"\0" * (10 * 1024 * 1024)),
    ],
)
async def test_a_file_that_is_not_what_it_says_is_refused(
    hiring: Hiring, applicant: Applicant, name: str, content: bytes
) -> None:
    job = await hiring.open_job()
    files = {"resume": (name, content, "application/pdf")}
    answer = await applicant.send(job, applicant.filled(job), files)
    assert answer.status_code == 422
    assert 'href="#resume"' in answer.text
    assert not await _applications(hiring, job)


async def test_nothing_is_kept_of_an_application_that_fails_on_the_way(
    hiring: Hiring, applicant: Applicant, database: TestDatabase
) -> None:
    job = await hiring.open_job()
    superuser = await asyncpg.connect(database.admin_url)
    tables = ("candidates", "applications", "submissions", "candidate_files", "outbox")
    count = " + ".join(f"(SELECT count(*) FROM {table})" for table in tables)
    try:
        before = await superuser.fetchval(f"SELECT {count}")
        await superuser.execute(
            "ALTER TABLE submissions ADD CONSTRAINT planted CHECK (full_name <> 'Broken')"
        )
        fields = applicant.filled(job, full_name="Broken", email="broken@example.com")
        assert (await applicant.send(job, fields, PDF)).status_code == 500
        assert await superuser.fetchval(f"SELECT {count}") == before
    finally:
        await superuser.execute("ALTER TABLE submissions DROP CONSTRAINT planted")
        await superuser.close()


async def test_the_same_form_sent_twice_is_one_application_with_one_link(
    hiring: Hiring, applicant: Applicant
) -> None:
    job = await hiring.open_job()
    fields = applicant.filled(job, email="twice@example.com")
    answers = await asyncio.gather(*(applicant.send(job, fields, PDF) for _ in range(4)))
    assert len({link_of(answer) for answer in answers}) == 1
    (row,) = await _applications(hiring, job)
    files = await hiring.scope().ask(ListFiles(candidate_id=row.candidate_id))
    assert len(files.items) == 1


async def test_two_forms_of_one_person_at_once_are_one_application(
    hiring: Hiring, applicant: Applicant
) -> None:
    job = await hiring.open_job()
    forms = [applicant.filled(job, email="race@example.com") for _ in range(5)]
    answers = await asyncio.gather(*(applicant.send(job, fields, PDF) for fields in forms))
    assert len({link_of(answer) for answer in answers}) == 5
    (row,) = await _applications(hiring, job)
    sent = await hiring.scope().ask(ListSubmissions(application_id=row.id))
    assert sorted(each.is_repeated for each in sent.items) == [False, True, True, True, True]
    found = await hiring.scope().ask(ListCandidates(where=CandidateFilter(text="race@example.com")))
    assert len(found.items) == 1


async def test_the_team_reads_what_an_applicant_wrote_and_agreed_to(
    hiring: Hiring, applicant: Applicant, client_for: ClientFor
) -> None:
    job = await hiring.open_job()
    await applicant.apply(job, email="wrote@example.com", full_name="One Name", phone="030 901820")
    await applicant.apply(job, email="wrote@example.com", full_name="Other Name")
    (row,) = await _applications(hiring, job)
    path = f"/api/v1/applications/{row.id}/submissions"
    first, second = (await client_for("acme", "recruiter").get(path)).json()["items"]
    assert (first["full_name"], first["phone"], first["is_repeated"]) == (
        "One Name",
        "030 901820",
        False,
    )
    assert (second["full_name"], second["is_repeated"]) == ("Other Name", True)
    assert first["notice_version"] == 0
    assert "link" not in str(first)
    assert (await client_for("acme", "viewer").get(path)).status_code == 403
    assert (await client_for("globex", "admin").get(path)).status_code == 404
    plain = await hiring.apply(job)
    empty = await client_for("acme", "admin").get(f"/api/v1/applications/{plain.id}/submissions")
    assert empty.json()["items"] == []


async def test_whoever_applies_again_is_told_the_same_and_changes_nothing(
    hiring: Hiring, applicant: Applicant
) -> None:
    job = await hiring.open_job(title="Again")
    first = await applicant.apply(job, PDF, email="Again@Example.com", full_name="Real Name")
    await hiring.move((await _views(hiring, job))[0], 1, job)
    second = await applicant.apply(job, PDF, email="again@example.com", full_name="Someone Else")
    assert first != second
    (row,) = await _applications(hiring, job)
    assert row.candidate_name == "Real Name"
    assert len((await hiring.scope().ask(ListFiles(candidate_id=row.candidate_id))).items) == 1
    shown = (await applicant.get(f"/careers/applications/{second}?new=1")).text
    assert "We have your application" in shown
    assert job.stages[1].name not in shown, "a stranger must not learn how far the first one is"
    assert job.stages[1].name in (await applicant.get(f"/careers/applications/{first}")).text
    new = await applicant.apply(job, PDF, email="new@example.com")
    fresh = (await applicant.get(f"/careers/applications/{new}?new=1")).text
    assert _without(shown, second) == _without(fresh, new), "the pages tell who has applied before"


async def test_a_known_candidate_gets_an_application_and_stays_as_they_are(
    hiring: Hiring, applicant: Applicant
) -> None:
    known = await hiring.scope().execute(
        CreateCandidate(full_name="Grace Hopper", emails=("grace.hopper@gmail.com",))
    )
    job = await hiring.open_job()
    await applicant.apply(job, email="gracehopper+jobs@gmail.com", full_name="Mallory")
    (row,) = await _applications(hiring, job)
    assert row.candidate_id == known.id
    assert await hiring.scope().ask(GetCandidate(candidate_id=known.id)) == known


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(0), "faster than people read"),
        (SLOWEST + timedelta(minutes=1), "open for too long"),
        (-timedelta(hours=1), "open for too long"),
    ],
)
async def test_a_form_comes_back_in_time(
    hiring: Hiring, applicant: Applicant, age: timedelta, said: str
) -> None:
    job = await hiring.open_job()
    fields = applicant.filled(job, seal=applicant.seal(job, age=age))
    answer = await applicant.send(job, fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert not await _applications(hiring, job)


async def test_a_seal_is_this_tenants_and_this_jobs(
    hiring: Hiring, applicant: Applicant, applicant_for: ApplicantFor, examined: Examined
) -> None:
    job, other = await hiring.open_job(), await hiring.open_job()
    good = applicant.seal(job)
    foreign = applicant_for("globex").seal(job)
    forged = good[:-1] + ("A" if good[-1] != "A" else "B")
    bad = [foreign, forged, applicant.seal(other), "", "é", "A" * 5_000, good[:20], good + "\n"]
    for seal in bad:
        answer = await applicant.send(job, applicant.filled(job, seal=seal))
        assert answer.status_code == (422 if seal != bad[-1] else 303), seal
        if answer.status_code == 422:
            assert "open for too long" in answer.text
    examined("seals", len(bad))


async def test_a_program_that_fills_the_hidden_field_is_told_apart(
    hiring: Hiring, applicant: Applicant
) -> None:
    job = await hiring.open_job()
    answer = await applicant.send(job, applicant.filled(job, website="https://spam.example"))
    assert answer.status_code == 422
    assert "Leave this field empty" in answer.text
    assert not await _applications(hiring, job)


async def test_a_flood_from_one_address_ends_and_leaves_others_alone(
    hiring: Hiring, applicant_for: ApplicantFor, examined: Examined
) -> None:
    job, flood, other = await hiring.open_job(), applicant_for("acme"), applicant_for("acme")
    statuses = []
    for number in range(PER_ADDRESS_AND_JOB + 2):
        fields = flood.filled(job, email=f"flood{number}@example.com", full_name="Kept Name")
        last = await flood.send(job, fields)
        statuses.append(last.status_code)
    assert statuses == [303] * PER_ADDRESS_AND_JOB + [429] * 2
    assert "Many applications are arriving" in last.text
    assert int(last.headers["retry-after"]) > 0
    assert fields_of(last.text)["full_name"] == "Kept Name"
    for _ in range(PER_ADDRESS):
        last = await flood.send(job, {})
    assert last.status_code == 429
    assert "Too much at once" in last.text
    await other.apply(job, email="other@example.com")
    assert len(await _applications(hiring, job)) == PER_ADDRESS_AND_JOB + 1
    examined("forms of the flood", PER_ADDRESS_AND_JOB + 2 + PER_ADDRESS)


async def test_consent_is_to_the_version_that_was_shown(
    runtime: Runtime, world: World, applicant_for: ApplicantFor, database: TestDatabase
) -> None:
    hiring, person = Hiring(runtime, world, "globex"), applicant_for("globex")
    job = await hiring.open_job()
    fields = person.filled(job, email="consent@example.com")
    notice = await hiring.scope("admin").execute(PublishPrivacyNotice(text="We keep it a year."))
    refused = await person.send(job, fields)
    assert refused.status_code == 422
    assert "has changed since you opened" in refused.text
    assert "We keep it a year." in refused.text
    assert "notice" not in fields_of(refused.text), "agreement must be given anew"
    link_of(await person.send(job, fields | {"notice": str(notice.version)}))
    superuser = await asyncpg.connect(database.admin_url)
    row = await superuser.fetchrow(
        "SELECT notice_version, agreed_at, link_hash FROM submissions WHERE email = $1",
        "consent@example.com",
    )
    await superuser.close()
    assert row is not None
    assert row["notice_version"] == 1
    assert len(row["link_hash"]) == 32


async def test_jobs_that_are_not_open_take_nothing(
    hiring: Hiring, applicant: Applicant, applicant_for: ApplicantFor
) -> None:
    job = await hiring.open_job(title="Filled already")
    fields = applicant.filled(job)
    await hiring.scope().execute(ChangeJobStatus(job_id=job.id, status="on_hold", reason="Wait"))
    for answer in (
        await applicant.get(f"/careers/jobs/{job.id}/apply"),
        await applicant.send(job, fields, PDF),
    ):
        assert answer.status_code == 410
        assert "no longer open" in answer.text
    stranger = applicant_for("globex")
    for elsewhere in (
        await stranger.get(f"/careers/jobs/{job.id}/apply"),
        await stranger.send(job, stranger.filled(job)),
    ):
        assert elsewhere.status_code == 404
        assert "Filled already" not in elsewhere.text


async def test_a_full_plan_is_told_kindly_and_not_in_our_words(
    hiring: Hiring, applicant: Applicant, database: TestDatabase, examined: Examined
) -> None:
    job = await hiring.open_job()
    await applicant.apply(job, email="early@example.com")
    known = CreateCandidate(full_name="Known", emails=("known@example.com",))
    await hiring.scope().execute(known)
    superuser = await asyncpg.connect(database.admin_url)
    tenant = applicant.tenant.id
    full = "UPDATE quota_usage SET used = used + $2 WHERE tenant_id = $1 AND quota = 'candidates'"
    await hiring.scope().execute(CreateCandidate(full_name="Somebody"))
    try:
        await superuser.execute(full, tenant, 10**9)
        answers = [
            await applicant.send(job, applicant.filled(job, email=email))
            for email in ("late@example.com", "known@example.com", "early@example.com")
        ]
    finally:
        await superuser.execute(full, tenant, -(10**9))
        await superuser.close()
    for answer in answers:
        assert answer.status_code == 503, "it tells which addresses are known"
        assert "be taken at the moment" in answer.text
        assert "plan" not in answer.text.lower()
    examined("addresses", len(answers))


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data; boundary=x", b"--x\r\nnonsense"),
        ("multipart/form-data", b"no boundary"),
        ("application/x-www-form-urlencoded", b"full_name=%ff%fe&seal=x"),
        ("application/json", b"{}"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="full_name"\r\n\r\n\xff\xfe\r\n--x--\r\n',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\na\x00b\r\n--x--\r\n',
        ),
    ],
)
async def test_what_is_no_form_is_refused(
    hiring: Hiring, applicant: Applicant, content_type: str, body: bytes
) -> None:
    job = await hiring.open_job()
    answer = await applicant.client.post(
        f"/careers/jobs/{job.id}/apply", content=body, headers={"Content-Type": content_type}
    )
    assert answer.status_code in {400, 415, 422}, answer.text


async def test_a_body_that_is_too_large_is_not_read(hiring: Hiring, applicant: Applicant) -> None:
    job = await hiring.open_job()
    huge = {"resume": ("cv.pdf", RESUME + b"\0" * 21_000_000, "application/pdf")}
    answer = await applicant.send(job, applicant.filled(job), huge)
    assert answer.status_code == 413
    assert "too large" in answer.text


HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'{{7*7}}"


async def test_nothing_that_an_applicant_types_becomes_markup(
    hiring: Hiring, applicant: Applicant, examined: Examined
) -> None:
    job = await hiring.open_job(
        title=f"Job {HOSTILE}",
        department=HOSTILE,
        location=HOSTILE,
        description=HOSTILE,
        skills=(HOSTILE[:79],),
        questions=(
            QuestionSpec(kind="text", label=f"Ask {HOSTILE}"),
            QuestionSpec(kind="choice", label="Pick", options=(HOSTILE, "Other")),
        ),
    )
    text, choice = (f"answers.{each.id}" for each in job.questions)
    typed = dict.fromkeys(("full_name", "email", "phone", "website", "seal", text), HOSTILE)
    refused = await applicant.send(job, applicant.filled(job, **typed, **{choice: HOSTILE}))
    first = {"full_name": HOSTILE, "email": "hostile@example.com", text: HOSTILE, choice: HOSTILE}
    link = await applicant.apply(job, PDF, **first)
    pages = [
        refused.text,
        *[
            (await applicant.get(path)).text
            for path in (
                "/careers",
                f"/careers?q={HOSTILE[:5]}&location={HOSTILE}",
                f"/careers/jobs/{job.id}",
                f"/careers/jobs/{job.id}/apply",
                f"/careers/applications/{link}",
            )
        ],
    ]
    for page in pages:
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    examined("pages with hostile text", len(pages))
    found = await hiring.scope().ask(ListCandidates())
    assert any(row.full_name == HOSTILE for row in found.items)


async def _views(hiring: Hiring, job: JobView) -> list[Any]:
    rows = await _applications(hiring, job)
    return [await hiring.scope().ask(GetApplication(application_id=row.id)) for row in rows]


def _without(page: str, link: str) -> str:
    """The page without its link, its times and what the gate adds."""
    plain = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", "TIME", page.replace(link, "LINK"))
    return "\n".join(line for line in plain.splitlines() if "<time" not in line)
