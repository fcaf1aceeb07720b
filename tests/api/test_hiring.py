"""Hiring over HTTP: from a draft to a move that comes too late."""

import asyncio
from typing import Any

import httpx

from tests.fixtures.clients import ClientFor


async def created(client: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(f"/api/v1{path}", json=body)
    assert answer.status_code in {200, 201}, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def an_application(client: httpx.AsyncClient) -> tuple[dict[str, Any], dict[str, Any]]:
    job = await created(client, "/jobs", title="Nurse", openings=2)
    job = await created(client, f"/jobs/{job['id']}/status", status="open")
    person = await created(client, "/candidates", full_name="Florence N.")
    application = await created(
        client, "/applications", job_id=job["id"], candidate_id=person["id"]
    )
    return job, application


async def test_from_a_draft_to_the_history(client_for: ClientFor) -> None:
    client = client_for("acme", "recruiter")
    job, application = await an_application(client)
    path = f"/applications/{application['id']}"
    for place in (1, 2):
        application = await created(
            client,
            f"{path}/move",
            from_stage_id=application["stage_id"],
            to_stage_id=job["stages"][place]["id"],
        )
    history = (await client.get(f"/api/v1{path}/history")).json()
    assert [each["to_stage"] for each in history["changes"]] == [
        "Applied",
        "Reviewed",
        "Shortlisted",
    ]
    assert history["changes"][1]["by"]["name"]
    durations = (await client.get(f"/api/v1{path}/stage-durations")).json()
    assert [each["visits"] for each in durations["stages"]] == [1, 1, 1]
    at = history["changes"][1]["at"]
    pipeline = await client.get(f"/api/v1/jobs/{job['id']}/pipeline", params={"at": at})
    assert [each["count"] for each in pipeline.json()["stages"]] == [0, 1, 0, 0, 0, 0]
    shown = await client.get(f"/api/v1{path}")
    assert shown.headers["etag"] == f'"{application["version"]}"'


async def test_the_second_mover_is_told_who_was_faster(client_for: ClientFor) -> None:
    recruiter, admin = client_for("acme", "recruiter"), client_for("acme", "admin")
    job, application = await an_application(recruiter)
    answers = await asyncio.gather(
        *(
            client.post(
                f"/api/v1/applications/{application['id']}/move",
                json={
                    "from_stage_id": application["stage_id"],
                    "to_stage_id": job["stages"][place]["id"],
                },
            )
            for place, client in ((1, recruiter), (2, admin))
        )
    )
    assert sorted(each.status_code for each in answers) == [200, 409]
    refused = next(each.json() for each in answers if each.status_code == 409)
    assert refused["code"] == "application_moved"
    assert "moved this application to" in refused["detail"]


async def test_an_illegal_status_names_the_legal_ones(client_for: ClientFor) -> None:
    client = client_for("acme", "recruiter")
    job = await created(client, "/jobs", title="Cook")
    answer = await client.post(
        f"/api/v1/jobs/{job['id']}/status", json={"status": "closed", "reason": "No"}
    )
    assert answer.status_code == 409
    assert answer.json()["code"] == "illegal_job_status"
    assert "open" in answer.text


async def test_a_stale_edit_is_refused(client_for: ClientFor) -> None:
    client = client_for("acme", "recruiter")
    job = await created(client, "/jobs", title="Cook")
    path = f"/api/v1/jobs/{job['id']}"
    headers = {"If-Match": '"1"'}
    assert (await client.patch(path, json={"title": "Chef"}, headers=headers)).status_code == 200
    stale = await client.patch(path, json={"title": "Head"}, headers=headers)
    assert (stale.status_code, stale.json()["code"]) == (412, "job_changed")


async def test_wrong_answers_are_named(client_for: ClientFor) -> None:
    client = client_for("acme", "recruiter")
    job = await created(
        client,
        "/jobs",
        title="Driver",
        questions=[{"kind": "yes_no", "label": "Licence?", "required": True, "knockout": True}],
    )
    job = await created(client, f"/jobs/{job['id']}/status", status="open")
    person = await created(client, "/candidates", full_name="Bertha B.")
    question = job["questions"][0]["id"]
    answer = await client.post(
        "/api/v1/applications",
        json={"job_id": job["id"], "candidate_id": person["id"], "answers": {question: "perhaps"}},
    )
    assert answer.status_code == 422
    assert f"answers.{question}" in answer.text
