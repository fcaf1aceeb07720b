"""Gives plugins the valid token of their account, and has it renewed by one process at a time.

Vendors that rotate refresh tokens take each of them once, and end the whole connection when one
comes twice (RFC 9700, 4.14). So whoever renews has a lease in the database, and who comes meanwhile
waits for the outcome. No transaction is open while the vendor is asked.
"""

import asyncio
import time
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from core.installations.accounts import place_of_tokens
from core.installations.contracts import BreakConnection
from core.shared.actor import system
from core.shared.clock import UtcDatetime
from core.shared.errors import InvalidInput, Unavailable
from core.shared.ids import TenantId
from core.shared.tenant import TenantContext
from plugins.postgres.plugin_connections import Renewals, StoredTokens, stored_tokens
from plugins.sdk.errors import NotConnected, TryLater
from plugins.sdk.settings import secret_fields
from tenants.plugins.enabled import EnabledPlugin
from tenants.plugins.hiding import Hider
from tenants.plugins.seams import Process
from tenants.plugins.vendor import Granted, Tokens, Vendor, VendorAway, VendorRefused

MARGIN: Final = timedelta(seconds=60)
"""A token that holds for less than this is renewed before it is given away."""
WAIT_SECONDS: Final = 20.0
"""How long the outcome of another process's renewal is waited for."""
LOOK_SECONDS: Final = 0.1
PAUSE: Final = timedelta(seconds=15)
"""After a renewal that failed, unless the vendor says otherwise."""
LONGEST_PAUSE: Final = timedelta(minutes=10)
KEEPING: Final = (0.2, 1.0, 3.0, 10.0)
"""Seconds between attempts to keep what a vendor gave; lost, it can't be had again."""
STOP_SECONDS: Final = 20.0

log = structlog.get_logger(__name__)


class AccountTokens:
    """Of one process."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._running: dict[tuple[TenantId, str], asyncio.Task[str]] = {}

    async def stop(self) -> None:
        """Let renewals that run come to their end: the vendor may have given tokens already."""
        running = tuple(self._running.values())
        if running:
            await asyncio.wait(running, timeout=STOP_SECONDS)
        for each in running:
            each.cancel()

    async def current(
        self, tenant: TenantContext, enabled: EnabledPlugin, refused: str | None = None
    ) -> str:
        """Return a token that holds for `MARGIN` yet, and isn't the one that was `refused`.

        Raises NotConnected when no account is connected or its connection is broken, TryLater when
        the token has ended and can't be renewed now.
        """
        key = (tenant.id, enabled.id)
        while True:
            running = self._running.get(key)
            is_own = running is None or running.done()
            if running is None or running.done():
                # On its own: a caller that gives up must not end what the vendor is asked for.
                renewal = _Renewal(self._process, tenant, enabled, refused)
                running = asyncio.create_task(renewal.token())
                self._running[key] = running
                running.add_done_callback(lambda ended: self._ended(key, ended))
            token = await asyncio.shield(running)
            if is_own or token != refused:
                return token

    def _ended(self, key: tuple[TenantId, str], ended: "asyncio.Task[str]") -> None:
        self._running.pop(key, None)
        if not ended.cancelled():
            ended.exception()  # is looked at, though every caller may have left


class _Renewal:
    """One look at the tokens of one account, and what follows from it."""

    def __init__(
        self,
        process: Process,
        tenant: TenantContext,
        enabled: EnabledPlugin,
        refused: str | None,
    ) -> None:
        self._process = process
        self._tenant = tenant
        self._enabled = enabled
        self._refused = refused
        self._lease: UUID = process.ids.new()
        self._secrets = process.secrets(tenant.id)
        self._place = place_of_tokens(enabled.id)

    async def token(self) -> str:
        """Return the token, renewed here if it is ours to do."""
        until = time.monotonic() + WAIT_SECONDS
        while True:
            stored = await self._read()
            if stored.state == "broken":
                raise NotConnected(f"{stored.problem} {AGAIN}".strip())
            tokens = Tokens.unsealed(await self._secrets.open(self._place, stored.sealed))
            if self._is_good(stored, tokens):
                return tokens.access_token
            if tokens.refresh_token is None:
                await self._break(stored, "Its token has ended, and none came to renew it.")
            elif self._is_paused(stored):
                return self._still(stored, tokens)
            elif await self._claim(stored):
                renewed = await self._renew(stored, tokens)
                if renewed is not None:
                    return renewed
                continue
            if time.monotonic() > until:
                raise TryLater("The token of its account is being renewed.", after_seconds=1)
            await asyncio.sleep(LOOK_SECONDS)

    async def _read(self) -> StoredTokens:
        reader = self._process.database.reader(self._tenant.id)
        found = await stored_tokens(reader, self._enabled.id)
        if found is None:
            raise NotConnected(NOT_CONNECTED)
        return found

    async def _claim(self, seen: StoredTokens) -> bool:
        """Whether it is now ours to renew what was `seen`; nobody else does until we have."""
        now = self._process.clock.now()
        async with self._process.database.unit(self._tenant.id) as unit:
            renewals = Renewals(unit, self._enabled.id)
            stored = await renewals.locked()
            if stored is None or stored.sealed != seen.sealed or is_leased(stored, now):
                return False
            await renewals.claim(self._lease, now)
        return True

    async def _renew(self, stored: StoredTokens, tokens: Tokens) -> str | None:
        """Return the new token; None when the account changed meanwhile: look again."""
        try:
            vendor = Vendor(self._process.network, self._enabled.plugin, self._enabled.values)
            granted = await vendor.renew(tokens.refresh_token or "")
        except VendorRefused as error:
            if error.code in ENDED:
                await self._break(stored, str(error))
                return None
            text = f"{error} Look at the plugin's settings."
            return await self._failed(stored, tokens, text, PAUSE)
        except InvalidInput:
            text = "The plugin's settings lack the client's id or secret."
            return await self._failed(stored, tokens, text, PAUSE)
        except VendorAway as error:
            seconds = error.after_seconds
            pause = PAUSE if seconds is None else timedelta(seconds=seconds)
            return await self._failed(stored, tokens, str(error), min(pause, LONGEST_PAUSE))
        return await self._keep(granted)

    async def _keep(self, granted: Granted) -> str | None:
        now = self._process.clock.now()
        expires_at = expiry(now, granted.seconds)
        sealed = await self._secrets.seal(self._place, granted.tokens.sealable())
        scopes = None if granted.scopes is None else list(granted.scopes)
        for pause in (*KEEPING, None):
            try:
                async with self._process.database.unit(self._tenant.id) as unit:
                    renewals = Renewals(unit, self._enabled.id)
                    is_kept = await renewals.renewed(self._lease, sealed, expires_at, scopes)
            except Unavailable:
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            else:
                return granted.tokens.access_token if is_kept else None
        return None

    async def _failed(
        self, stored: StoredTokens, tokens: Tokens, text: str, pause: timedelta
    ) -> str | None:
        """Note it, and return the present token if it holds for a moment yet."""
        enabled = self._enabled
        hider = Hider(enabled.values, secret_fields(enabled.plugin.settings.type))
        for each in (tokens.access_token, tokens.refresh_token):
            hider.learn(each or "")
        problem = hider.hide(text)
        log.warning("account_not_renewed", plugin=self._enabled.id, tenant=self._tenant.slug)
        not_before = UtcDatetime(self._process.clock.now() + pause)
        async with self._process.database.unit(self._tenant.id) as unit:
            renewals = Renewals(unit, self._enabled.id)
            if not await renewals.failed(self._lease, problem, not_before):
                return None
        if self._is_usable(stored, tokens):
            return tokens.access_token
        raise TryLater(problem, after_seconds=pause.total_seconds())

    async def _break(self, stored: StoredTokens, problem: str) -> None:
        scope = self._process.scope(
            self._tenant,
            system(self._tenant.id, name="Plugins"),
            f"plugin-{self._enabled.id}",
        )
        await scope.execute(
            BreakConnection(
                plugin_id=self._enabled.id, problem=problem, expected_version=stored.version
            )
        )

    def _still(self, stored: StoredTokens, tokens: Tokens) -> str:
        """Return the stored token while nobody may ask for another. Raises TryLater."""
        if self._is_usable(stored, tokens):
            return tokens.access_token
        left = timedelta()
        if stored.not_before is not None:
            left = stored.not_before - self._process.clock.now()
        raise TryLater(stored.problem, after_seconds=max(1.0, left.total_seconds()))

    def _is_good(self, stored: StoredTokens, tokens: Tokens) -> bool:
        """Whether the token is to be given away as it is."""
        return (tokens.access_token != self._refused and self._holds(stored, MARGIN)) or (
            tokens.refresh_token is None and self._is_usable(stored, tokens)
        )

    def _is_usable(self, stored: StoredTokens, tokens: Tokens) -> bool:
        """Whether the token may serve for a moment yet."""
        return tokens.access_token != self._refused and self._holds(stored, timedelta())

    def _holds(self, stored: StoredTokens, margin: timedelta) -> bool:
        """Whether the token is valid for `margin`; one whose end isn't known is taken to be."""
        now = self._process.clock.now()
        return stored.expires_at is None or stored.expires_at - now > margin

    def _is_paused(self, stored: StoredTokens) -> bool:
        return stored.not_before is not None and stored.not_before > self._process.clock.now()


ENDED: Final = frozenset(
    {
        "invalid_grant",
        "bad_refresh_token",
        "invalid_refresh_token",
        "token_expired",
        "token_revoked",
    }
)
"""Errors by which a vendor says that a refresh token is of no use any more: that of RFC 6749, 5.2,
and the names that GitHub and Slack have for it.
"""
NOT_CONNECTED: Final = "No account is connected yet. An admin connects one on the plugin's page."
AGAIN: Final = "An admin connects the account again on the plugin's page."


def is_leased(stored: StoredTokens, now: UtcDatetime) -> bool:
    """Whether somebody is renewing the tokens just now."""
    return stored.leased_until is not None and stored.leased_until > now


def expiry(now: UtcDatetime, seconds: float | None) -> UtcDatetime | None:
    """Return when a token ends that holds for `seconds` from now."""
    return None if seconds is None else UtcDatetime(now + timedelta(seconds=seconds))
