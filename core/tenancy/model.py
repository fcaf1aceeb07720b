"""The tenant: its name and look, its place in the world, its plan and whether it is open."""

import re
import zoneinfo
from dataclasses import dataclass
from typing import Final

from core.shared.clock import UtcDatetime
from core.shared.errors import FieldError, InvalidInput
from core.shared.ids import TenantId
from core.shared.tenant import PlanId, TenantStatus
from core.tenancy.contracts import Branding
from core.tenancy.look import branding_problems, change_problems, cleaned
from core.tenancy.names import SLUG_RULE, clean_line, is_slug, name_problems

# Language, script, region: the part of BCP 47 (RFC 5646) that formats depend on.
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
MAX_NAME_LENGTH: Final = 120
_TIME_ZONES: Final = frozenset(zoneinfo.available_timezones())


@dataclass
class Tenant:
    """One company on the platform."""

    id: TenantId
    slug: str
    name: str
    time_zone: str
    locale: str
    plan: PlanId
    status: TenantStatus
    branding: Branding
    custom_domain: str | None
    created_at: UtcDatetime
    version: int = 1

    def __post_init__(self) -> None:
        self._tidy()
        if problems := self._problems():
            raise InvalidInput(*problems)

    def check_change(self, before: Branding) -> None:
        """Return when the tenant may become what it is now. Raises InvalidInput.

        What is newly set must hold to more than what was kept under older rules.
        """
        self._tidy()
        known = self._problems()
        named = {each.field for each in known}
        newly = change_problems(before, self.branding)
        problems = [*known, *(each for each in newly if each.field not in named)]
        if problems:
            raise InvalidInput(*problems)

    def _tidy(self) -> None:
        self.name = clean_line(self.name)
        self.branding = cleaned(self.branding)

    def _problems(self) -> list[FieldError]:
        problems = name_problems("name", self.name, MAX_NAME_LENGTH)
        if not is_slug(self.slug):
            problems.append(FieldError("slug", SLUG_RULE))
        if self.time_zone not in _TIME_ZONES:
            rule = "Use an IANA time zone such as Europe/Berlin."
            problems.append(FieldError("time_zone", rule))
        if not _LOCALE.fullmatch(self.locale):
            rule = "Use a BCP 47 language tag such as en or de-DE."
            problems.append(FieldError("locale", rule))
        return [*problems, *branding_problems(self.branding)]
