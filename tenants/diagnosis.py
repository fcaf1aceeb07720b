"""What runs, what is wrong with it and what to do: the findings of `intellimatch doctor`.

Looks only. It starts nothing, leaves nothing behind and works when everything is down.
"""

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from plugins.embedded.engines import EngineStates, inspect_engines
from plugins.embedded.errors import EngineError
from tenants.diagnosis_engines import examine_database, examine_redis
from tenants.diagnosis_files import examine_files
from tenants.diagnosis_keys import examine_master_keys
from tenants.findings import Finding, in_megabytes, ok, problem, warning
from tenants.secret_key import secret_key_path
from tenants.settings import Settings, load_settings
from tenants.settings_values import SettingsError

_LITTLE_SPACE_BYTES = 1_000_000_000
_NO_SPACE_BYTES = 100_000_000


async def diagnose(environ: Mapping[str, str]) -> list[Finding]:
    """Look at everything, the settings first; what can't be looked at is a finding as well."""
    try:
        settings = load_settings(environ)
    except SettingsError as error:
        return [
            problem("settings", str(each), "Correct or unset the variable.")
            for each in error.problems
        ]
    findings = [ok("settings", f"valid; environment {settings.environment}")]
    findings += _examine_data_dir(settings.data_dir)
    findings += _examine_secret_key(settings)
    findings += await examine_files(settings)
    engines = None
    if settings.uses_embedded_postgres or settings.uses_embedded_valkey:
        try:
            engines = inspect_engines(settings.data_dir)
        except (EngineError, OSError) as error:
            findings.append(_engines_unseen(error))
            return findings
        findings += _examine_production(settings)
    findings += await _examine_engines(settings, engines)
    return findings


async def _examine_engines(settings: Settings, engines: EngineStates | None) -> list[Finding]:
    return [
        *await examine_database(settings, engines.postgres if engines else None),
        *await examine_redis(settings, engines.valkey if engines else None),
        *await examine_master_keys(settings, engines.postgres if engines else None),
    ]


def _engines_unseen(error: EngineError | OSError) -> Finding:
    if isinstance(error, EngineError):
        return problem("engines", error.message, error.remedy)
    return problem("engines", f"can't be looked at: {error}", "Run doctor as the app's user.")


def _examine_data_dir(folder: Path) -> Iterator[Finding]:
    subject = "data folder"
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        yield problem(
            subject,
            f"{nearest} can't be written by this user",
            "Give this user the folder, or set INTELLIMATCH_DATA_DIR to another one.",
        )
    elif not folder.exists():
        yield ok(subject, f"{folder} will be made by the first start")
    elif folder.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield problem(
            subject, f"others can write to {folder}", f"Run `chmod go-w {folder}`, then look at it."
        )
    else:
        yield ok(subject, f"{folder} is there, and only this user can write to it")
    free = shutil.disk_usage(nearest).free
    if free < _NO_SPACE_BYTES:
        yield problem("disk space", f"{in_megabytes(free)} free at {nearest}", "Free some space.")
    elif free < _LITTLE_SPACE_BYTES:
        yield warning(
            "disk space", f"only {in_megabytes(free)} free at {nearest}", "Free some space soon."
        )
    else:
        yield ok("disk space", f"{in_megabytes(free)} free at {nearest}")


def _examine_secret_key(settings: Settings) -> Iterator[Finding]:
    subject = "secret key"
    path = secret_key_path(settings)
    if settings.secret_key is not None:
        yield ok(subject, "set by INTELLIMATCH_SECRET_KEY")
    elif not path.exists():
        yield ok(subject, f"{path} will be made by the first start")
    elif path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield problem(
            subject,
            f"{path} is open to other users of this machine",
            f"Run `chmod 600 {path}`; if others may have read it, replace the key.",
        )
    elif not os.access(path, os.R_OK):
        yield problem(subject, f"{path} can't be read by this user", "Start as its owner.")
    else:
        yield ok(subject, f"kept in {path}")


def _examine_production(settings: Settings) -> Iterator[Finding]:
    if settings.environment == "production":
        yield warning(
            "engines",
            "production with an embedded engine: one machine, no replica",
            "Set INTELLIMATCH_DATABASE_URL and INTELLIMATCH_REDIS_URL to external servers.",
        )
