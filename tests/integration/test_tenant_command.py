"""`intellimatch tenant` as an operator types it."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from api.cli.tenant import command
from core.shared.errors import DomainError, NotFound
from core.tenancy.errors import SlugTaken
from tenants.settings import Settings
from tests.fixtures.runtimes import SECRET_KEY
from tests.fixtures.worlds import World


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("database_url", "owner_database_url", "relay_database_url", "redis_url"):
        monkeypatch.setenv(f"INTELLIMATCH_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("INTELLIMATCH_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("INTELLIMATCH_DATA_DIR", str(settings.data_dir))


def run(*words: str) -> str:
    result = CliRunner().invoke(command, list(words))
    if isinstance(result.exception, DomainError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def run_json(*words: str) -> Any:
    return json.loads(run(*words, "--json"))


@pytest.mark.usefixtures("environment")
def test_a_tenant_from_its_making_to_its_suspension(world: World) -> None:
    made = run_json("create", "hooli", "--name", "Hooli", "--admin-email", "gavin@hooli.example")
    assert made["url"] == "http://hooli.localhost:8000"
    assert made["invitation_link"].startswith("http://hooli.localhost:8000/invitation?token=")
    assert {"acme", "globex", "hooli"} <= {tenant["slug"] for tenant in run_json("list")}
    assert "hooli" in run("list")
    assert run_json("plan", "hooli", "pro")["plan"] == "pro"
    assert run_json("suspend", "hooli", "--reason", "unpaid")["status"] == "suspended"
    shown = run_json("show", "hooli")
    assert (shown["tenant"]["status"], shown["tenant"]["plan"]) == ("suspended", "pro")
    assert "suspended" in run("show", "hooli")
    assert run_json("resume", "hooli")["status"] == "active"
    assert run_json("domain", "hooli", "jobs.hooli.example")["custom_domain"]
    assert "off" in run("feature", "hooli", "branding", "off")
    features = run_json("show", "hooli")["entitlements"]["features"]
    assert not next(each for each in features if each["feature"] == "branding")["allowed"]


@pytest.mark.usefixtures("environment")
def test_a_password_from_the_environment_makes_a_member(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    monkeypatch.setenv("TENANT_ADMIN_PASSWORD", "a long enough passphrase")
    made = run_json("create", "piper", "--name", "Pied Piper", "--admin-email", "r@piper.example")
    assert made["invitation_link"] is None
    link = run("reset-password", "piper", "r@piper.example")
    assert link.startswith("http://piper.localhost:8000/new-password?token=")


@pytest.mark.usefixtures("environment")
def test_refusals_say_what_is_wrong(world: World) -> None:
    with pytest.raises(NotFound, match="no tenant nobody"):
        run("show", "nobody")
    with pytest.raises(SlugTaken):
        run("create", "acme", "--name", "Acme", "--admin-email", "a@b.example")
    refused = CliRunner().invoke(command, ["plan", "acme", "platinum"])
    assert refused.exit_code == 2
    assert "platinum" in refused.output
