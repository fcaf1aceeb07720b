"""Imports and exports over HTTP."""

import csv
import io

from core.imports.contracts import ImportId, RunImport
from core.shared.actor import system
from tenants.runtime import Runtime
from tests.fixtures.clients import ClientFor
from tests.fixtures.worlds import World

FILE = b"name,email,skills\n=cmd|' /C calc'!A0,evil@example.com,Python\n,missing@example.com,\n"


async def test_a_file_goes_in_and_comes_out(
    client_for: ClientFor, runtime: Runtime, world: World
) -> None:
    client = client_for("acme", "recruiter")
    csv_type = {"Content-Type": "text/csv", "Idempotency-Key": "import-1"}
    answer = await client.post(
        "/api/v1/imports", params={"dry_run": "true"}, content=FILE, headers=csv_type
    )
    assert answer.status_code == 202, answer.text
    path = answer.headers["location"]
    again = await client.post(
        "/api/v1/imports", params={"dry_run": "true"}, content=FILE, headers=csv_type
    )
    assert again.json() == answer.json()

    import_id = ImportId(answer.json()["id"])
    worker = runtime.scope(world.acme.context, system(world.acme.id), "task")
    await worker.execute(RunImport(import_id=import_id, dry_run=True))
    checked = (await client.get(path)).json()
    assert (checked["state"], checked["created"], checked["failed"]) == ("checked", 1, 1)
    rows = (await client.get(f"{path}/rows", params={"outcome": "error"})).json()["items"]
    assert [(row["line"], row["errors"][0]["field"]) for row in rows] == [(3, "full_name")]
    assert (await client.get("/api/v1/candidates/export.csv")).text.count("\r\n") == 1

    assert (await client.post(f"{path}/commit")).status_code == 202
    await worker.execute(RunImport(import_id=import_id, dry_run=False))
    assert (await client.get(path)).json()["state"] == "done"
    assert (await client.post(f"{path}/commit")).status_code == 409
    assert (await client.post(f"{path}/cancel")).status_code == 409

    export = await client.get("/api/v1/candidates/export.csv", params={"bom": "true"})
    assert export.headers["content-disposition"] == 'attachment; filename="candidates.csv"'
    lines = list(csv.DictReader(io.StringIO(export.content.decode("utf-8-sig"))))
    assert [line["full_name"] for line in lines] == ["'=cmd|' /C calc'!A0"]

    for who in (client_for("globex", "admin"),):
        assert (await who.get(path)).status_code == 404
        assert (await who.post(f"{path}/cancel")).status_code == 404
        assert (await who.get("/api/v1/candidates/export.csv")).text.count("\r\n") == 1


async def test_who_may(client_for: ClientFor) -> None:
    for role in ("interviewer", "viewer"):
        client = client_for("acme", role)
        assert (await client.post("/api/v1/imports", content=FILE)).status_code == 403
        for path in ("imports", "candidates/export.csv", "applications/export.csv"):
            assert (await client.get(f"/api/v1/{path}")).status_code == 403, (role, path)


async def test_wrong_files_and_mappings(client_for: ClientFor) -> None:
    client = client_for("acme", "recruiter")
    for params, content in (
        ({}, b""),
        ({}, b"city\nRome\n"),
        ({"map": "city=planet"}, b"city\nRome\n"),
        ({"kind": "applications"}, b"name,email\nA,a@b.co\n"),
    ):
        answer = await client.post("/api/v1/imports", params=params, content=content)
        assert answer.status_code == 422, (params, answer.text)
    taken = await client.post(
        "/api/v1/imports", params={"map": "Person=full_name"}, content=b"Person\nMapped One\n"
    )
    assert taken.status_code == 202, taken.text
    assert (await client.post(f"{taken.headers['location']}/cancel")).json()["state"] == "cancelled"
