"""`intellimatch demo` as a person uses it: start, look, crash, start again, stop."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
import pytest

from api.streams.hub import POLL_SECONDS
from tenants.demo.book import book_path, read_book

pytestmark = [
    pytest.mark.slow,
    pytest.mark.embedded,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("demo"),
]

REPOSITORY = Path(__file__).resolve().parents[2]
KEYS = {"base_url", "database_url", "owner_database_url", "redis_url", "tenants"}


class Demo:
    """The command line on a data folder of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("INTELLIMATCH_")
        } | {"INTELLIMATCH_DATA_DIR": str(data_dir)}

    def popen(self, *options: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "api.cli.main", "demo", *options],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *options: str, code: int = 0) -> tuple[str, str]:
        process = self.popen(*options)
        out, err = process.communicate(timeout=240)
        assert process.returncode == code, err
        return out, err

    def start(self, *options: str) -> dict[str, Any]:
        out, _ = self.run("--detach", "--json", "--port", "0", *options)
        assert out.count("\n") == 1
        report: dict[str, Any] = json.loads(out)
        return report

    def processes(self) -> list[psutil.Process]:
        """Everything that has this demo's folder in its environment or on its command line."""
        found = []
        for process in psutil.process_iter():
            try:
                words = [*process.cmdline(), process.environ().get("INTELLIMATCH_DATA_DIR", "")]
                titled = process.ppid() and any(str(self.data_dir) in word for word in words)
                parent = process.parent()
                belongs = parent is not None and str(self.data_dir) in " ".join(parent.cmdline())
                if (titled or belongs) and process.pid != os.getpid():
                    found.append(process)
            except psutil.Error:
                continue
        return [each for each in found if each.status() != psutil.STATUS_ZOMBIE]

    def kill_everything(self) -> int:
        victims = self.processes()
        for process in victims:
            process.kill()
        psutil.wait_procs(victims, timeout=60)
        return len(victims)


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    # Not below pytest's folder: another run of pytest closes that to the engines' own user.
    folder = Path(tempfile.mkdtemp(prefix="demo-"))
    made = Demo(folder / "data")
    yield made
    made.run("--stop")
    made.kill_everything()
    shutil.rmtree(folder, ignore_errors=True)


def client(report: dict[str, Any], slug: str, role: str) -> httpx.Client:
    tenant = next(each for each in report["tenants"] if each["slug"] == slug)
    user = next(each for each in tenant["users"] if each["role"] == role)
    return httpx.Client(
        base_url=f"{report['base_url']}/api/v1",
        headers={"Authorization": f"Bearer {user['api_key']}"},
        timeout=30,
    )


def ok(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()


def hire_somebody(report: dict[str, Any]) -> str:
    """The main job with the printed key; the id of the application."""
    with client(report, "acme", "recruiter") as http:
        job = ok(http.post("/jobs", json={"title": "Night Shift Robot Whisperer"}))
        ok(http.post(f"/jobs/{job['id']}/status", json={"status": "open"}))
        person = ok(http.post("/candidates", json={"full_name": "Zoë Müller"}))
        application = ok(
            http.post("/applications", json={"candidate_id": person["id"], "job_id": job["id"]})
        )
        path = f"/applications/{application['id']}"
        stages = [stage["id"] for stage in job["stages"]]
        for here, there in pairwise(stages[:3]):
            ok(http.post(f"{path}/move", json={"from_stage_id": here, "to_stage_id": there}))
        history = ok(http.get(f"{path}/history"))
        assert [change["kind"] for change in history["changes"]] == ["applied", "moved", "moved"]
        assert history["changes"][-1]["by"]["name"] == "Jonas Weidenfeld"
        durations = ok(http.get(f"{path}/stage-durations"))
        assert [each["stage"] for each in durations["stages"]] == [
            "Applied",
            "Reviewed",
            "Shortlisted",
        ]
        return str(application["id"])


async def counts(report: dict[str, Any]) -> dict[str, int]:
    connection = await asyncpg.connect(report["owner_database_url"])
    try:
        # The owner is bound by row-level security too and sees no row; statistics tell.
        assert await connection.fetchval("SELECT count(*) FROM candidates") == 0
    finally:
        await connection.close()
    reader = await asyncpg.connect(report["database_url"])
    try:
        found: dict[str, int] = {}
        for tenant in report["tenants"]:
            row = await reader.fetchrow(
                "SELECT tenant_id FROM tenant_by_host_v1($1)", tenant["slug"]
            )
            async with reader.transaction():
                await reader.execute(
                    "SELECT set_config('app.tenant', $1, true)", str(row["tenant_id"])
                )
                for table in ("candidates", "applications", "interviews", "feedback", "jobs"):
                    amount = await reader.fetchval(f"SELECT count(*) FROM {table}")
                    found[table] = found.get(table, 0) + amount
        return found
    finally:
        await reader.close()


def walk_the_first_steps(report: dict[str, Any], folder: Path) -> None:
    """Run docs/integrators/first-steps.md as it stands, but for key and address."""
    page = (REPOSITORY / "docs/integrators/first-steps.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    users = report["tenants"][0]["users"]
    key = next(user["api_key"] for user in users if user["role"] == "recruiter")
    port = report["base_url"].rpartition(":")[2]
    blocks[0] = blocks[0].replace("im_...", key).replace(":8000", f":{port}")
    done = subprocess.run(
        ["bash", "-euc", "\n".join(blocks)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[0] == "open"
    assert said[2:4] == ["Reviewed", "Shortlisted"]
    assert "moved this application to Shortlisted" in said[4]
    assert said[5:] == ["Shortlisted", "Applied", "Ada Lovelace"]


def sees_an_application_live(report: dict[str, Any]) -> None:
    """`curl -N` in one terminal, an application posted in another, and the mail to the person."""
    user = next(each for each in report["tenants"][0]["users"] if each["role"] == "recruiter")
    with client(report, "acme", "recruiter") as http:
        job = ok(http.get("/jobs", params={"status": "open"}))["items"][0]
        address = "grace.hopper@example.com"
        person = ok(
            http.post("/candidates", json={"full_name": "Grace Hopper", "emails": [address]})
        )
        stream = f"{report['base_url']}/api/v1/stream?topics=application"
        with subprocess.Popen(
            ["curl", "-sN", "-H", f"Authorization: Bearer {user['api_key']}", stream],
            stdout=subprocess.PIPE,
            text=True,
        ) as curl:
            assert curl.stdout is not None
            lines = iter(curl.stdout.readline, "")
            next(line for line in lines if line.startswith(("retry:", ":", "event:", "id:")))
            application = ok(
                http.post("/applications", json={"candidate_id": person["id"], "job_id": job["id"]})
            )
            posted = time.monotonic()
            assert any(application["id"] in line for line in lines)
            assert time.monotonic() - posted < POLL_SECONDS, "it was looked for, not heard of"
            curl.terminate()
    with client(report, "acme", "admin") as http:
        wait_until(lambda: mails_to(http, address))
        (mail,) = mails_to(http, address)
        assert job["title"] in mail["subject"]
        assert "Grace Hopper" in mail["text"]
        assert "Grace Hopper" in mail["html"]
    hears_of_the_interview(report, application, job, address)
    with client(report, "globex", "admin") as http:
        assert mails_to(http, address) == []


def hears_of_the_interview(
    report: dict[str, Any], application: dict[str, Any], job: dict[str, Any], address: str
) -> None:
    """A card is moved to Interview, and a branded mail in the company's language lies there."""
    with client(report, "acme", "recruiter") as http:
        stages = ok(http.get(f"/jobs/{job['id']}"))["stages"]
        interview = next(each for each in stages if "interview" in each["name"].lower())
        move = {"from_stage_id": application["stage_id"], "to_stage_id": interview["id"]}
        ok(http.post(f"/applications/{application['id']}/move", json=move))
    with client(report, "acme", "admin") as http:
        wait_until(lambda: len(mails_to(http, address)) == 2)
        mail = next(each for each in mails_to(http, address) if "Neues zu" in each["subject"])
        assert interview["name"] in mail["text"]
        assert "Freundliche Grüße" in mail["text"]
        for part in ("#f28c28", "Musterstraße 12", f"<strong>{interview['name']}"):
            assert part in mail["html"], part
        planned = ok(http.get(f"/applications/{application['id']}/planned"))["items"]
        assert [each["state"] for each in planned] == ["done", "done"]


def mails_to(http: httpx.Client, address: str) -> list[dict[str, Any]]:
    answer = ok(http.get("/plugins/mailbox/x/messages", params={"to": address}))
    found: list[dict[str, Any]] = answer["items"]
    return found


def wait_until(is_so: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it didn't come to that"
        time.sleep(0.1)


async def test_the_whole_life_of_a_demo(demo: Demo, tmp_path: Path) -> None:
    report = demo.start()
    assert set(report) == KEYS
    assert [(each["slug"], each["plan"]) for each in report["tenants"]] == [
        ("acme", "pro"),
        ("globex", "starter"),
    ]
    port = report["base_url"].rpartition(":")[2]
    for tenant in report["tenants"]:
        assert tenant["host"] == f"{tenant['slug']}.localhost:{port}"
        assert {user["role"] for user in tenant["users"]} == {
            "admin",
            "recruiter",
            "interviewer",
            "viewer",
        }
        for user in tenant["users"]:
            assert set(user) == {"role", "email", "password", "api_key"}
    assert book_path(demo.data_dir).stat().st_mode & 0o777 == 0o600

    found = await counts(report)
    assert found["jobs"] == 12
    assert 395 <= found["candidates"] <= 450
    assert found["applications"] >= 400
    assert found["interviews"] >= 100
    assert found["feedback"] >= 80
    signs_in(report)
    application = hire_somebody(report)
    sees_an_application_live(report)
    walk_the_first_steps(report, tmp_path)

    again, said = demo.run("--json")
    assert json.loads(again) == report
    assert report["base_url"] in said

    assert demo.kill_everything() >= 4
    after = demo.start()
    assert after["tenants"][0]["users"] == report["tenants"][0]["users"]
    with client(after, "acme", "recruiter") as http:
        view = ok(http.get(f"/applications/{application}"))
        assert view["stage_name"] == "Shortlisted"
    assert (await counts(after))["candidates"] == found["candidates"] + 3

    demo.run("--stop")
    assert demo.processes() == []
    _, said = demo.run("--stop")
    assert "No demo runs" in said


def signs_in(report: dict[str, Any]) -> None:
    tenant = report["tenants"][1]
    user = tenant["users"][0]
    answer = httpx.post(
        f"{report['base_url']}/api/v1/auth/sign-in",
        headers={"Host": tenant["host"]},
        json={"email": user["email"], "password": user["password"]},
        timeout=30,
    )
    assert answer.is_success, answer.text


def test_a_start_that_was_killed_half_way_is_made_whole(demo: Demo) -> None:
    process = demo.popen("--fresh", "--port", "0")
    wait_for(process, lambda: state_of(demo, "acme") == "begun")
    time.sleep(1.5)
    process.kill()
    process.communicate()
    demo.kill_everything()
    assert state_of(demo, "acme") == "begun"

    foreground = demo.popen("--port", "0")
    record = demo.data_dir / "run" / "demo-processes.json"
    wait_for(
        foreground,
        lambda: record.exists() and json.loads(record.read_text()).get("report") is not None,
    )
    report = json.loads(record.read_text())["report"]
    with client(report, "acme", "viewer") as http:
        jobs = ok(http.get("/jobs"))["items"]
    assert len(jobs) == 8
    foreground.send_signal(signal.SIGINT)
    out, err = foreground.communicate(timeout=120)
    assert foreground.returncode == 0, err
    assert "curl -H" in out
    assert demo.processes() == []


def test_a_taken_port_is_named(demo: Demo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        _, said = demo.run("--detach", "--port", str(port), code=2)
    assert f"127.0.0.1:{port}" in said
    assert "--port 0" in said
    assert demo.processes() == []


def test_a_database_that_is_not_the_demos_is_not_wiped(tmp_path: Path) -> None:
    other = Demo(tmp_path / "data")
    (other.data_dir / "postgres").mkdir(parents=True)
    _, said = other.run("--fresh", code=1)
    assert "--yes" in said
    assert (other.data_dir / "postgres").is_dir()


def state_of(demo: Demo, slug: str) -> str | None:
    book = read_book(demo.data_dir)
    noted = book.tenants.get(slug) if book is not None else None
    return noted.state if noted is not None else None


def wait_for(
    process: "subprocess.Popen[str]", condition: Callable[[], bool], seconds: float = 180
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise AssertionError(process.communicate())
        time.sleep(0.1)
