"""Keeps account mail as files that only the operator's user can read, until a mailer is plugged in.

Nothing leaves the machine: the operator passes a message on, or reads its link out. The folder is
`account-mail` in the data folder.
"""

import asyncio
import os
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from uuid import uuid4

FOLDER = "account-mail"


class FolderAccountMail:
    """Implements `core.identity.ports.AccountMail`."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / FOLDER

    async def send_reset(self, *, to: str, name: str, workspace: str, link: str) -> None:
        """Write the message with the link to choose a new password."""
        message = EmailMessage()
        message["To"] = to
        message["Subject"] = f"Choose a new password for {_one_line(workspace)}"
        message["Date"] = format_datetime(datetime.now(UTC))
        message.set_content(
            f"Hello {_one_line(name)},\n\n"
            f"with this link you choose a new password for {_one_line(workspace)}. It works once,\n"
            f"for one hour:\n\n{link}\n\n"
            "If you didn't ask for it, nothing happens and you need not do anything.\n",
            cte="8bit",  # keeps the link in one piece for whoever reads the file
        )
        await asyncio.to_thread(self._write, message.as_bytes())

    def _write(self, content: bytes) -> None:
        self._folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        path = self._folder / f"{stamp}-{uuid4().hex}.eml"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)


def _one_line(text: str) -> str:
    return " ".join(text.split())
