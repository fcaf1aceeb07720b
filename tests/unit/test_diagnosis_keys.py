"""What the doctor says of the master keys while no database is asked."""

import base64
from pathlib import Path

import pytest

from tenants.diagnosis_keys import examine_master_keys
from tenants.findings import Finding, Status
from tenants.master_keys import keep_first_master_key, master_keys_path
from tenants.settings import Settings

KEY = base64.b64encode(b"k" * 32).decode()


async def found(settings: Settings) -> Finding:
    (finding,) = await examine_master_keys(settings, None)
    assert finding.subject == "master keys"
    assert KEY not in f"{finding}"
    return finding


async def test_a_first_start_will_make_the_file(tmp_path: Path) -> None:
    finding = await found(Settings(data_dir=tmp_path / "data"))
    assert (finding.status, "will be made" in finding.message) == (Status.OK, True)
    assert not (tmp_path / "data").exists()


async def test_the_file_is_looked_at(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret_key="s" * 32)
    keep_first_master_key(settings)
    path = master_keys_path(settings)
    finding = await found(Settings(data_dir=tmp_path))
    assert (finding.status, finding.message) == (Status.OK, f"versions 1, kept in {path}")
    path.chmod(0o640)
    finding = await found(settings)
    assert finding.status is Status.PROBLEM
    assert "open to other users" in finding.message
    assert f"chmod 600 {path}" in str(finding.remedy)
    path.write_text("1:cut")
    finding = await found(settings)
    assert finding.status is Status.PROBLEM
    assert "is damaged" in finding.message


async def test_the_setting_is_named(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret_key="s" * 32, master_keys=f"2:{KEY}")
    finding = await found(settings)
    assert finding.status is Status.OK
    assert finding.message == "versions 2, 1, set by INTELLIMATCH_MASTER_KEYS"


@pytest.mark.parametrize("database_url", ["postgresql://app@nowhere.invalid/x"])
async def test_hanging_on_the_secret_key_is_warned_of(tmp_path: Path, database_url: str) -> None:
    settings = Settings(data_dir=tmp_path, secret_key="s" * 32, database_url=database_url)
    finding = await found(settings)
    assert finding.status is Status.WARNING
    assert "derived from the secret key" in finding.message
    assert "INTELLIMATCH_MASTER_KEYS" in str(finding.remedy)
