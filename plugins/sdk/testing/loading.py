"""Whether the platform would load a plugin: authors' tests ask the platform itself."""

import subprocess
import sys


def check_loads(entry_point: str) -> str:
    """Return what the platform says of the plugin that `entry_point` names, e.g. `my.plugin`.

    Raises AssertionError with the reason when it would be refused.
    """
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "api.cli.main", "plugin", "check", entry_point],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stderr.strip() or done.stdout.strip())
    return done.stdout
