"""Removes a sample tenant that was left half made, or is to be made anew."""

from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from core.shared.ids import TenantId
from plugins.postgres.addresses import replace_database
from plugins.postgres.tenant_erasure import erase_tenant
from tenants.settings import Settings
from tenants.settings_values import SettingsError, SettingsProblem


async def erase_sample(settings: Settings, tenant_id: TenantId, emails: Sequence[str]) -> None:
    """Delete every row of the tenant, and the accounts of `emails` that no other tenant has.

    Raises SettingsError when no superuser's address is known.
    """
    if settings.admin_database_url is None:
        raise SettingsError(
            (
                SettingsProblem(
                    "INTELLIMATCH_ADMIN_DATABASE_URL",
                    "is unset, and a sample tenant in this external database must be removed",
                    "a superuser's address, for this one start",
                ),
            )
        )
    await erase_tenant(_address(settings, settings.admin_database_url), tenant_id, emails)


def _address(settings: Settings, admin_url: str) -> str:
    """Return the superuser's address of the application's database."""
    database = unquote(urlsplit(settings.database_url or "").path.lstrip("/"))
    return replace_database(admin_url, database)
