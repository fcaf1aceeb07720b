"""Figures and promised answers over HTTP: what is refused, and what a file holds."""

import csv
import io
from typing import Final

import pytest

from api.figure_tables import TABLE_NAMES
from api.web import promises
from tests.fixtures.clients import ClientFor

FORMULA: Final = "=1+1"
FIGURES: Final = "/api/v1/analytics/figures"
HTML: Final = {"Accept": "text/html"}
PAGE: Final = "/settings/answers"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("to=9999-12-31", "to"),
        ("to=0001-01-01", "to"),
        ("from=0001-01-01", "from"),
        ("from=2026-02-30", "from"),
        ("from=2026-03-02&to=2026-03-01", "to"),
        ("days=0", "days"),
        ("days=401", "days"),
        ("source=x", "source"),
        ("job_id=1", "job_id"),
        ("department=%00", "department"),
        ("time_zone=..%2F..", "time_zone"),
        ("time_zone=Europe", "time_zone"),
    ],
)
async def test_what_is_no_period_is_refused_by_name(
    client_for: ClientFor, query: str, field: str
) -> None:
    for path in (FIGURES, f"{FIGURES}.csv"):
        answer = await client_for("acme", "viewer").get(f"{path}?{query}")
        assert answer.status_code in {400, 422}, answer.text
        assert [each["field"] for each in answer.json()["errors"]] == [field]
    page = await client_for("acme", "viewer").get(f"/analytics?{query}")
    assert page.status_code in {200, 400}


async def test_files_hold_what_the_json_does(client_for: ClientFor) -> None:
    admin = client_for("acme", "admin")
    job = (await admin.post("/api/v1/jobs", json={"title": FORMULA})).json()
    await admin.post(f"/api/v1/jobs/{job['id']}/status", json={"status": "open"})
    person = (await admin.post("/api/v1/candidates", json={"full_name": FORMULA})).json()
    body = {"job_id": job["id"], "candidate_id": person["id"], "source": "referral"}
    assert (await admin.post("/api/v1/applications", json=body)).status_code == 201
    shown = (await admin.get(f"{FIGURES}?fresh=true")).json()
    assert shown["overview"]["applied"] == {"now": 1, "before": 0}
    files = {}
    for name in TABLE_NAMES:
        answer = await admin.get(f"{FIGURES}.csv?table={name}")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        files[name] = list(csv.reader(io.StringIO(answer.text)))
    assert ["applied", "1", "0"] in files["overview"]
    assert len(files["trends"]) == 1 + len(shown["trends"]) == 31
    (source,) = files["sources"][1:]
    assert source == ["referral", "referral", "1", "0", "1"]
    # A title and a name that a spreadsheet would take for formulas are text.
    assert f"'{FORMULA}" in files["jobs"][1]
    assert files["longest_silences"][1].count(f"'{FORMULA}") == 2
    whole = list(csv.reader(io.StringIO((await admin.get(f"{FIGURES}.csv")).text)))
    assert whole[0] == ["table", "row", "column", "value"]
    assert {row[0] for row in whole[1:]} >= {"overview", "trends", "sources", "jobs", "mail"}
    other = (await client_for("globex", "admin").get(f"{FIGURES}?fresh=true")).json()
    assert other["overview"]["applied"]["now"] == 0


async def test_promises_are_conditional_and_for_admins(client_for: ClientFor) -> None:
    admin, path = client_for("acme", "admin"), "/api/v1/answer-promises"
    made = await admin.put(path, json={"days": None})
    assert (made.status_code, made.headers["etag"]) == (200, '"1"')
    wrong = await admin.put(path, json={"days": 3, "remind_hours": 72})
    assert wrong.json()["errors"][0]["field"] == "remind_hours"
    late = await admin.put(path, json={"days": 3}, headers={"If-Match": '"7"'})
    assert late.status_code == 412
    refused = await client_for("acme", "recruiter").put(path, json={"days": 3})
    assert refused.status_code == 403
    listed = (await client_for("acme", "viewer").get(path)).json()["items"]
    assert [(each["job_id"], each["days"]) for each in listed] == [(None, None)]
    waiting = await client_for("acme", "interviewer").get("/api/v1/waiting-applications")
    assert waiting.json() == {"items": [], "is_cut": False}


async def test_a_promise_is_set_for_the_job_that_is_named_however_old_it_is(
    client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that isn't among those to choose from must not become the workspace's own promise."""
    admin = client_for("acme", "admin")
    old, new = [
        (await admin.post("/api/v1/jobs", json={"title": title})).json()["id"]
        for title in ("The old one", "The new one")
    ]
    for job in (old, new):
        await admin.post(f"/api/v1/jobs/{job}/status", json={"status": "open"})
    monkeypatch.setattr(promises, "MAX_LIMIT", 1)
    page = (await admin.get(PAGE, headers=HTML)).text
    assert "The new one" in page
    assert "The old one" not in page
    for job in (old, new):
        page = (await admin.get(f"{PAGE}?job={job}", headers=HTML)).text
        assert f'data-path="/answer-promises?job_id={job}"' in page
    theirs = (await client_for("globex", "admin").post("/api/v1/jobs", json={"title": "X"})).json()
    for job in (theirs["id"], "0" * 8 + "-0000-7000-8000-" + "0" * 12):
        assert (await admin.get(f"{PAGE}?job={job}", headers=HTML)).status_code == 404
