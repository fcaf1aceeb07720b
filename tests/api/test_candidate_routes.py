"""Candidates over HTTP: what is sent, what comes back, who may."""

from tests.fixtures.clients import ClientFor


async def test_a_candidate_over_http(client_for: ClientFor) -> None:
    client = client_for("acme", "recruiter")
    made = await client.post(
        "/api/v1/candidates",
        json={
            "full_name": "Ada Lovelace",
            "emails": ["ada@example.com"],
            "skills": ["Analysis"],
            "experience": [{"company": "Engine", "title": "Analyst", "start": "1999-02"}],
        },
    )
    assert made.status_code == 201, made.text
    view = made.json()
    assert made.headers["location"] == f"/api/v1/candidates/{view['id']}"
    path = made.headers["location"]
    shown = await client.get(path)
    assert (shown.status_code, shown.headers["etag"]) == (200, '"1"')
    assert shown.json() == view

    assert (await client.patch(path, json={"headline": "x"})).status_code == 428
    changed = await client.patch(path, json={"headline": "Countess"}, headers={"If-Match": '"1"'})
    assert changed.status_code == 200, changed.text
    assert changed.json()["headline"] == "Countess"
    assert changed.json()["emails"] == ["ada@example.com"]
    stale = await client.patch(path, json={"headline": "x"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "candidate_changed")

    listed = await client.get("/api/v1/candidates", params={"q": "lovelase", "skill": "analysis"})
    assert [row["id"] for row in listed.json()["items"]] == [view["id"]]
    assert (await client.get("/api/v1/candidates", params={"cursor": "zzz"})).status_code == 400

    assert (await client_for("acme", "viewer").delete(path)).status_code == 403
    assert (await client_for("globex", "admin").get(path)).status_code == 404
    assert (await client_for("globex", "admin").delete(path)).status_code == 404
    assert (await client_for("acme", "interviewer").get(path)).status_code == 404
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404


async def test_wrong_fields_are_named(client_for: ClientFor) -> None:
    client = client_for("acme", "recruiter")
    answer = await client.post(
        "/api/v1/candidates", json={"full_name": "X", "emails": ["nobody"], "phones": ["x1y"]}
    )
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["emails[0]", "phones[0]"]
    unknown = await client.post("/api/v1/candidates", json={"full_name": "X", "salary": 1})
    assert unknown.status_code in {400, 422}


async def test_notes_files_and_merges_over_http(client_for: ClientFor) -> None:
    client = client_for("acme", "recruiter")
    first, second = [
        (
            await client.post(
                "/api/v1/candidates", json={"full_name": name, "emails": ["same@example.org"]}
            )
        ).json()["id"]
        for name in ("Same One", "Same Two")
    ]
    note = await client.post(f"/api/v1/candidates/{second}/notes", json={"text": "Hello"})
    assert note.status_code == 201, note.text
    file = await client.post(
        f"/api/v1/candidates/{second}/files",
        params={"name": "Lebenslauf ä.pdf"},
        content=b"%PDF-1.4 x",
        headers={"Content-Type": "application/pdf"},
    )
    assert file.status_code == 201, file.text
    found = await client.get(f"/api/v1/candidates/{first}/duplicates")
    assert [item["candidate"]["id"] for item in found.json()["items"]] == [second]
    assert (await client.get("/api/v1/duplicates")).json()["items"][0]["total"] == 2

    merged = await client.post(f"/api/v1/candidates/{first}/merge", json={"other_id": second})
    assert merged.status_code == 200, merged.text
    gone = await client.get(f"/api/v1/candidates/{second}")
    assert (gone.status_code, gone.json()["merged_into"]) == (410, first)
    content = await client.get(f"/api/v1/candidates/{first}/files/{file.json()['id']}/content")
    assert content.content == b"%PDF-1.4 x"
    assert content.headers["content-disposition"].startswith("attachment;")
    assert content.headers["x-content-type-options"] == "nosniff"
    merge_id = merged.json()["merge"]["id"]
    listed = await client.get(f"/api/v1/candidates/{first}/merges")
    assert [merge["id"] for merge in listed.json()["items"]] == [merge_id]
    foreign = await client_for("globex", "admin").post(f"/api/v1/merges/{merge_id}/undo")
    assert foreign.status_code == 404
    undone = await client.post(f"/api/v1/merges/{merge_id}/undo")
    assert undone.status_code == 200, undone.text
    assert (await client.get(f"/api/v1/candidates/{second}/files")).json()["items"] != []
    again = await client.post(f"/api/v1/merges/{merge_id}/undo")
    assert (again.status_code, again.json()["code"]) == (409, "merge_already_undone")
