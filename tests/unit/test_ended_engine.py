"""The doctor tells an engine that nobody needs now from one that ended under the app."""

from pathlib import Path

import pytest

from plugins.embedded.engines import EngineState
from plugins.embedded.holds import Hold, exclusive_turn, is_held
from tenants.diagnosis_engines import examine_database, examine_redis
from tenants.settings import load_settings


def test_a_share_is_seen_without_locking(tmp_path: Path) -> None:
    users = tmp_path / "postgres.users"
    assert not is_held(users)
    with exclusive_turn(tmp_path / "start.lock"):
        hold = Hold(users)
        assert is_held(users)
        assert Hold(users).is_last() is False
        hold.drop()


@pytest.mark.parametrize(("in_use", "status"), [(False, "ok"), (True, "problem")])
async def test_an_engine_that_ended_under_the_app_is_a_problem(
    tmp_path: Path, *, in_use: bool, status: str
) -> None:
    state = EngineState(folder=tmp_path, exists=True, pid=None, url="", in_use=in_use)
    settings = load_settings({"INTELLIMATCH_DATA_DIR": str(tmp_path)})
    for examine in (examine_database, examine_redis):
        (finding,) = await examine(settings, state)
        assert finding.status == status
        assert (str(tmp_path / "server.log") in str(finding)) == in_use
