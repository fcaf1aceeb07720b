"""The doors of a context to small values, to the plugin's tables and to the outside world.

Each is used on the plugin's thread and does its work on the host's loop.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from core.ports.outbound import (
    DEFAULT_MAX_ANSWER_BYTES,
    DEFAULT_TIMEOUT_SECONDS,
    Method,
    OutboundAnswer,
    OutboundHttp,
)
from core.ports.secrets import SecretPlace
from core.shared.errors import DomainError
from core.shared.ids import TenantId
from core.shared.secret import Secret
from plugins.postgres.plugin_records import PluginRecords
from plugins.postgres.plugin_store import PluginStore
from plugins.postgres.unit import Unit
from plugins.sdk.rows import MAX_CHANGES, checked_change
from plugins.sdk.tables import Change, Table
from tenants.plugins.effects import Effects
from tenants.plugins.marshalling import Marshal
from tenants.plugins.seams import Process

Note = Callable[..., None]
"""As `tenants.plugins.call_log.CallLog.note`, for one tenant and plugin."""

MAX_VALUE_BYTES: Final = 64 * 1024
MAX_KEY: Final = 200
MAX_REQUEST_BYTES: Final = 32 * 1024 * 1024


class StoreDoor:
    """Implements `plugins.sdk.context.Store`."""

    def __init__(
        self,
        process: Process,
        tenant_id: TenantId,
        plugin_id: str,
        marshal: Marshal,
        effects: Effects,
    ) -> None:
        self._process = process
        self._tenant_id = tenant_id
        self._plugin_id = plugin_id
        self._marshal = marshal
        self._effects = effects

    async def get(self, key: str) -> Any:
        """Return the value, or None."""
        name = _checked_key(key)

        async def work() -> str | None:
            async with self._process.database.unit(self._tenant_id) as unit:
                sealed = await PluginStore(unit, self._plugin_id).get(name)
            if sealed is None:
                return None
            secrets = self._process.secrets(self._tenant_id)
            return (await secrets.open(self._place(name), sealed)).reveal()

        text = await self._marshal.on_host(work)
        return None if text is None else msgspec.json.decode(text)

    async def put(self, key: str, value: Any) -> None:
        """Keep the value."""
        name, number = _checked_key(key), self._effects.number()
        encoded = msgspec.json.encode(value)
        if len(encoded) > MAX_VALUE_BYTES:
            raise ValueError(f"the value of {name} has more than {MAX_VALUE_BYTES} bytes")
        text = Secret(encoded.decode())

        async def work() -> None:
            secrets = self._process.secrets(self._tenant_id)
            sealed = await secrets.seal(self._place(name), text)

            async def put(unit: Unit) -> None:
                await PluginStore(unit, self._plugin_id).put(
                    name, sealed, self._process.clock.now()
                )

            await self._effects.change(number, f"store.put {name}", put)

        await self._marshal.on_host(work)

    async def delete(self, key: str) -> None:
        """Forget the value."""
        name, number = _checked_key(key), self._effects.number()

        async def delete(unit: Unit) -> None:
            await PluginStore(unit, self._plugin_id).delete(name)

        await self._marshal.on_host(
            lambda: self._effects.change(number, f"store.delete {name}", delete)
        )

    async def keys(self, prefix: str = "") -> Sequence[str]:
        """Return names in order."""

        async def work() -> Sequence[str]:
            async with self._process.database.unit(self._tenant_id) as unit:
                return await PluginStore(unit, self._plugin_id).keys(prefix)

        return await self._marshal.on_host(work)

    def _place(self, key: str) -> SecretPlace:
        column = key.replace("%", "%25").replace("|", "%7C")
        return SecretPlace("plugin_store", self._plugin_id, column)


class RecordsDoor:
    """Implements `plugins.sdk.context.Records`."""

    def __init__(
        self,
        process: Process,
        tenant_id: TenantId,
        plugin_id: str,
        tables: Mapping[str, Table],
        marshal: Marshal,
        effects: Effects,
    ) -> None:
        self._process = process
        self._tenant_id = tenant_id
        self._plugin_id = plugin_id
        self._tables = tables
        self._marshal = marshal
        self._effects = effects

    async def get(self, table: str, key: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the row, or None."""
        wanted = dict(key)

        async def work() -> dict[str, Any] | None:
            async with self._process.database.unit(self._tenant_id) as unit:
                return await self._within(unit).get(table, wanted)

        return await self._marshal.on_host(work)

    async def find(
        self,
        table: str,
        *,
        where: Mapping[str, Any] | None = None,
        order_by: Sequence[str] = (),
        after: Mapping[str, Any] | None = None,
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """Return rows in order."""
        equal = dict(where or {})
        last = None if after is None else dict(after)

        async def work() -> list[dict[str, Any]]:
            async with self._process.database.unit(self._tenant_id) as unit:
                return await self._within(unit).find(
                    table, where=equal, order_by=tuple(order_by), after=last, limit=limit
                )

        return await self._marshal.on_host(work)

    async def apply(self, *changes: Change) -> None:
        """Make all changes or none."""
        if len(changes) > MAX_CHANGES:
            raise ValueError(f"at most {MAX_CHANGES} changes at once")
        number = self._effects.number()
        checked = [checked_change(self._tables, change)[1] for change in changes]
        named = ", ".join(f"{type(each).__name__} {each.table}" for each in checked[:20])

        async def apply(unit: Unit) -> None:
            await self._within(unit).apply(checked)

        await self._marshal.on_host(
            lambda: self._effects.change(number, f"records.apply {named}", apply)
        )

    def _within(self, unit: Unit) -> PluginRecords:
        return PluginRecords(unit, self._plugin_id, self._tables)


class HttpDoor:
    """Implements `core.ports.outbound.OutboundHttp`; what is sent is encoded here already.

    Every call is noted with `note`.
    """

    def __init__(self, http: OutboundHttp, marshal: Marshal, note: Note) -> None:
        self._http = http
        self._marshal = marshal
        self._note = note

    async def request(
        self,
        method: Method,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        json: Any = None,
        content: bytes | None = None,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        max_answer_bytes: int = DEFAULT_MAX_ANSWER_BYTES,
        follow_redirects: bool = False,
    ) -> OutboundAnswer:
        """Send one request and read its whole answer."""
        if json is not None and content is not None:
            raise ValueError("a request has either json or content")
        sent = dict(headers or {})
        if json is not None:
            content = msgspec.json.encode(json)
            if "content-type" not in {name.lower() for name in sent}:
                sent["content-type"] = "application/json"
        if content is not None and len(content) > MAX_REQUEST_BYTES:
            raise ValueError(f"a request has at most {MAX_REQUEST_BYTES} bytes")
        query = dict(params) if isinstance(params, Mapping) else params
        return await self._marshal.on_host(
            lambda: self._send(
                method,
                url,
                headers=sent,
                params=query,
                content=content,
                timeout_seconds=timeout_seconds,
                max_answer_bytes=min(max_answer_bytes, MAX_REQUEST_BYTES),
                follow_redirects=follow_redirects,
            )
        )

    async def _send(
        self, method: Method, url: str, *, content: bytes | None, **options: Any
    ) -> OutboundAnswer:
        began = time.monotonic()
        status: int | None = None
        problem: str | None = "cancelled"
        received = 0
        try:
            answer = await self._http.request(method, url, content=content, **options)
            status, problem, received = answer.status, None, len(answer.body)
        except DomainError as error:
            problem = error.code
            raise
        finally:
            self._note(
                method,
                url,
                status=status,
                problem=problem,
                seconds=time.monotonic() - began,
                sent_bytes=len(content or b""),
                received_bytes=received,
            )
        return answer


def _checked_key(key: str) -> str:
    if type(key) is not str or not 1 <= len(key) <= MAX_KEY or "\x00" in key:
        raise ValueError(f"a key of the store has 1 to {MAX_KEY} characters")
    return key
