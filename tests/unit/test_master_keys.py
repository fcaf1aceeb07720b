"""Master keys as text, in their file, and as a running process holds them."""

import base64
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from core.ports.secrets import MasterKeyMissing
from plugins.postgres.master_keys import REMEMBERED_SECONDS, MasterKeys, check_value
from tenants.master_key_text import format_master_keys, parse_master_keys
from tenants.master_keys import (
    add_master_key,
    first_master_key,
    keep_first_master_key,
    master_key_loader,
    master_keys_path,
    read_master_keys,
    set_aside,
)
from tenants.settings import Settings, load_settings
from tenants.settings_values import SettingsError

ONE, TWO, THREE = (bytes([number]) * 32 for number in (1, 2, 3))


def encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


def settings_in(folder: Path, master_keys: str | None = None) -> Settings:
    return Settings(data_dir=folder, secret_key="s" * 32, master_keys=master_keys)


def test_text_is_read_as_it_is_written() -> None:
    keys = {2: TWO, 1: ONE}
    assert parse_master_keys(format_master_keys(keys)) == keys
    assert parse_master_keys(f" 2:{encoded(TWO)} ,1:{encoded(ONE)}") == keys


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "no key"),
        (" , ", "no key"),
        (encoded(ONE), "its version and a colon"),
        (f"x:{encoded(ONE)}", "its version and a colon"),
        (f"0:{encoded(ONE)}", "its version and a colon"),
        (f"-1:{encoded(ONE)}", "its version and a colon"),
        (f"32768:{encoded(ONE)}", "its version and a colon"),
        ("1:not base64!", "version 1 is no base64"),
        (f"1:{encoded(ONE)[:-8]}", "has 27 bytes"),
        (f"1:{encoded(ONE + b'x')}", "has 33 bytes"),
        (f"1:{encoded(ONE)},1:{encoded(TWO)}", "version 1 is there twice"),
        (f"2:{encoded(ONE)},1:{encoded(ONE)}", "the same key"),
        (f"1:{encoded(ONE)},2:{encoded(TWO)}", "newest version must come first"),
    ],
)
def test_wrong_text_is_refused_without_quoting_a_key(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong) as caught:
        parse_master_keys(text)
    assert encoded(ONE)[:12] not in str(caught.value)


def test_the_setting_is_checked_at_start_and_named() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"INTELLIMATCH_MASTER_KEYS": f"1:{encoded(ONE)[:-8]}"})
    message = str(caught.value)
    assert message.startswith("INTELLIMATCH_MASTER_KEYS: the value is not valid; expected versions")
    assert encoded(ONE)[:12] not in message
    settings = load_settings({"INTELLIMATCH_MASTER_KEYS": f"1:{encoded(ONE)}"})
    assert encoded(ONE) not in repr(settings)


def test_without_setting_and_file_there_is_the_secret_keys(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    assert read_master_keys(settings) == {1: first_master_key(settings)}
    assert list(tmp_path.iterdir()) == []


def test_the_setting_adds_to_what_was_there_before(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, f"2:{encoded(TWO)}")
    assert read_master_keys(settings) == {2: TWO, 1: first_master_key(settings)}
    explicit = settings_in(tmp_path, f"2:{encoded(TWO)},1:{encoded(ONE)}")
    assert read_master_keys(explicit) == {2: TWO, 1: ONE}


def test_the_file_is_made_once_private_and_survives_another_secret_key(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    keep_first_master_key(settings)
    made = read_master_keys(settings)
    assert made == {1: first_master_key(settings)}
    path = master_keys_path(settings)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    other = Settings(data_dir=settings.data_dir, secret_key="o" * 32)
    keep_first_master_key(other)
    assert read_master_keys(other) == made
    names = {each.name for each in settings.data_dir.iterdir()}
    assert names == {"master_keys", "master_keys.lock"}


def test_a_key_is_added_and_set_aside(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    keep_first_master_key(settings)
    first = read_master_keys(settings)[1]
    assert add_master_key(settings) == 2
    keys = read_master_keys(settings)
    assert list(keys) == [2, 1]
    assert keys[1] == first
    aside = set_aside(settings, 1)
    assert aside is not None
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600
    assert parse_master_keys(aside.read_text()) == {1: first}
    assert read_master_keys(settings) == {2: keys[2]}
    assert set_aside(settings, 1) is None
    assert stat.S_IMODE(master_keys_path(settings).stat().st_mode) == 0o600


def test_a_damaged_file_is_refused_and_left(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    master_keys_path(settings).write_text("1:cut")
    with pytest.raises(SettingsError, match=r"INTELLIMATCH_MASTER_KEYS is unset .* is damaged"):
        read_master_keys(settings)
    with pytest.raises(SettingsError, match="is damaged"):
        add_master_key(settings)
    assert master_keys_path(settings).read_text() == "1:cut"
    with pytest.raises(MasterKeyMissing, match="can't read its master keys"):
        master_key_loader(settings)()


class Held:
    """A source of keys that counts how often it is read, and a clock and table beside it."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        self.keys = dict(keys)
        self.loads = 0
        self.now = 100.0
        self.asked = 0
        self.rows: Sequence[Any] = ()

    def load(self) -> Mapping[int, bytes]:
        self.loads += 1
        return self.keys

    async def ask(self) -> Sequence[Any]:
        self.asked += 1
        return self.rows

    def held(self) -> MasterKeys:
        return MasterKeys(self.load, lambda: self.now)


def test_an_unknown_version_makes_the_process_read_again() -> None:
    source = Held({1: ONE})
    keys = source.held()
    source.keys[2] = TWO
    assert keys.get(2) == TWO
    assert source.loads == 2


def test_a_missing_version_is_named_with_the_setting_and_is_not_read_at_each_call() -> None:
    source = Held({1: ONE})
    keys = source.held()
    for _ in range(50):
        with pytest.raises(MasterKeyMissing, match=r"doesn't hold master key 7.*_MASTER_KEYS") as c:
            keys.get(7)
    assert c.value.details == {"setting": "INTELLIMATCH_MASTER_KEYS", "version": 7}
    assert source.loads == 2
    source.keys[7] = THREE
    source.now += 1.0
    assert keys.get(7) == THREE


async def test_another_key_under_the_same_version_is_told_from_damage() -> None:
    source = Held({1: TWO})
    source.rows = [{"version": 1, "check_value": check_value(ONE)}]
    keys = source.held()
    with pytest.raises(MasterKeyMissing, match="holds another key as master key 1"):
        await keys.newest(source.ask)
    source.keys[1] = ONE
    source.now += 1.0
    assert await keys.newest(source.ask) == (1, ONE)


async def test_the_newest_version_is_noticed_in_time() -> None:
    source = Held({1: ONE, 2: TWO})
    source.rows = [{"version": 1, "check_value": None}]
    keys = source.held()
    assert await keys.newest(source.ask) == (1, ONE)
    source.rows = [*source.rows, {"version": 2, "check_value": check_value(TWO)}]
    source.now += REMEMBERED_SECONDS - 0.01
    assert (await keys.newest(source.ask))[0] == 1
    assert source.asked == 1
    source.now += 0.01
    assert await keys.newest(source.ask) == (2, TWO)


async def test_a_database_without_versions_says_what_to_do() -> None:
    source = Held({1: ONE})
    with pytest.raises(MasterKeyMissing, match="run `intellimatch migrate`"):
        await source.held().newest(source.ask)


def test_a_check_value_says_nothing_about_the_key() -> None:
    key = os.urandom(32)
    value = check_value(key)
    assert len(value) == 16
    assert value != check_value(os.urandom(32))
    assert key.hex() not in value.hex()
