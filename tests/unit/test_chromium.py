"""Setting up the browser of the tests: nothing where there is one, and a clear word otherwise."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fixtures import chromium


class Machine:
    """A machine without a browser, on which some commands bring one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.ran: list[str] = []
        self.brings = ""
        self.apt = True
        self._browser = folder / "chromium"
        monkeypatch.delenv(chromium.VARIABLE, raising=False)
        monkeypatch.setattr(shutil, "which", self._which)
        monkeypatch.setattr(subprocess, "run", self._run)
        monkeypatch.setattr(chromium, "own_chromium", lambda: folder / "nowhere")

    def give_browser(self) -> Path:
        self._browser.touch()
        return self._browser

    def _which(self, name: str) -> str | None:
        if name == "apt-get":
            return "/usr/bin/apt-get" if self.apt else None
        return str(self._browser) if name == "chromium" and self._browser.exists() else None

    def _run(self, command: list[str], **_: object) -> "subprocess.CompletedProcess[bytes]":
        said = " ".join(command)
        self.ran.append(said)
        if self.brings and self.brings in said:
            self.give_browser()
        return subprocess.CompletedProcess(command, 0)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    return Machine(monkeypatch, tmp_path)


def test_a_browser_that_is_there_is_taken_as_it_is(machine: Machine) -> None:
    browser = machine.give_browser()
    assert chromium.set_up() == browser
    assert machine.ran == []


def test_root_gets_debians(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    machine.brings = "install -y"
    assert chromium.set_up() is not None
    assert machine.ran[0].startswith("apt-get update")
    assert len(machine.ran) == 2


@pytest.mark.parametrize("user", [0, 1000])
def test_others_get_playwrights_own(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, user: int
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    machine.brings = "playwright install"
    assert chromium.set_up() is not None
    assert any("apt-get" in each for each in machine.ran) == (user == 0)


def test_where_none_can_be_had_that_is_said(machine: Machine) -> None:
    machine.apt = False
    assert chromium.set_up() is None


def test_a_browser_that_is_named_wins_and_must_exist(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine.give_browser()
    named = tmp_path / "mine"
    monkeypatch.setenv(chromium.VARIABLE, str(named))
    assert chromium.set_up() is None
    named.touch()
    assert chromium.set_up() == named
    assert machine.ran == []
