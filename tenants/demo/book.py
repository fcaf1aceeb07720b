"""The demo's own record: which sample tenants are whole, and everybody's password and API key.

Kept in `demo.json` in the data folder, readable by its owner only, since keys and passwords are
stored nowhere else in the clear. Written before a tenant is begun and after it is done, so that a
start after a crash knows what is half there.
"""

import os
import secrets
from pathlib import Path
from typing import Literal

import msgspec

from core.shared.actor import Role
from core.shared.ids import TenantId
from core.shared.tenant import PlanId
from tenants.demo.content import TenantPlan


class DemoUser(msgspec.Struct):
    """A member of a sample tenant who can sign in and call the API."""

    name: str
    role: Role
    email: str
    password: str
    api_key: str = ""


class DemoTenant(msgspec.Struct):
    """A sample tenant."""

    slug: str
    plan: PlanId
    users: list[DemoUser]
    id: TenantId
    state: Literal["begun", "done"] = "begun"


class DemoBook(msgspec.Struct):
    """Every sample tenant by slug."""

    tenants: dict[str, DemoTenant] = {}
    owns_database: bool = False
    """Whether the embedded database was made by the demo and holds nothing else of worth."""

    def begin(self, plan: TenantPlan, tenant_id: TenantId) -> DemoTenant:
        """Note that `plan` is begun as `tenant_id`. Passwords that were given out before stay.

        The id is noted first, so that nobody else's tenant of that slug is ever taken for ours.
        """
        before = self.tenants.get(plan.slug)
        known = {user.email: user.password for user in before.users} if before else {}
        users = [
            DemoUser(
                member.name,
                member.role,
                member.email,
                known.get(member.email) or f"demo-{secrets.token_hex(6)}",
            )
            for member in plan.members
        ]
        self.tenants[plan.slug] = DemoTenant(plan.slug, plan.plan, users, tenant_id)
        return self.tenants[plan.slug]


def book_path(data_dir: Path) -> Path:
    """Where the record is."""
    return data_dir / "demo.json"


def read_book(data_dir: Path) -> DemoBook | None:
    """Return the record, or None when there is none that can be read."""
    try:
        return msgspec.json.decode(book_path(data_dir).read_bytes(), type=DemoBook)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def write_book(data_dir: Path, book: DemoBook) -> None:
    """Replace the record in one step."""
    path = book_path(data_dir)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(book)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
