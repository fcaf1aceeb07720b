"""The doors to PostgreSQL: units of work through SQLAlchemy, hot reads straight on asyncpg.

Writes are comfortable (SQLAlchemy Core, one transaction each). Reads of lists go through SQL
functions that set the tenant and run the query in one round trip, and come back as records.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from core.shared.errors import Unavailable
from core.shared.ids import TenantId
from plugins.postgres.identity_check import assert_safe_app_role
from plugins.postgres.open_units import noted
from plugins.postgres.read_pool import ReadPool
from plugins.postgres.unit import SET_TENANT, Unit, call_text

CONNECTION_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    ConnectionError,
    OSError,
)
BUSY = "The database is busy. Nothing was changed; try again."
ANSWER_SECONDS = 5.0
"""A server that says nothing this long after it should have ended a statement is taken for dead:
behind a cut network it would keep its callers waiting until TCP gives up, a quarter of an hour."""

UNAVAILABLE = "The database can't be reached. Nothing was changed; try again in a moment."


class DatabaseSettings(msgspec.Struct, frozen=True):
    """How to connect; times in milliseconds."""

    url: str
    write_connections: int = 10
    read_connections: int = 10
    pool_timeout_ms: int = 5_000
    statement_timeout_ms: int = 15_000
    lock_timeout_ms: int = 5_000


class Database:
    """Both pools. Open with `Database.open`, close with `close`."""

    def __init__(self, url: str, engine: AsyncEngine, pool: ReadPool) -> None:
        self._url = url
        self._engine = engine
        self._pool = pool

    @classmethod
    async def open(cls, settings: DatabaseSettings) -> "Database":
        """Connect. Raises Unavailable when the server doesn't answer."""
        server_settings = {
            "application_name": "intellimatch",
            "statement_timeout": str(settings.statement_timeout_ms),
            "lock_timeout": str(settings.lock_timeout_ms),
            "idle_in_transaction_session_timeout": "60000",
            "timezone": "UTC",
            "jit": "off",
        }

        async def connect() -> Any:
            return await asyncpg.connect(
                settings.url,
                timeout=settings.pool_timeout_ms / 1_000,
                command_timeout=settings.statement_timeout_ms / 1_000 + ANSWER_SECONDS,
                server_settings=server_settings,
            )

        engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=connect,
            pool_size=settings.write_connections,
            max_overflow=0,
            pool_timeout=settings.pool_timeout_ms / 1_000,
            json_serializer=lambda value: msgspec.json.encode(value).decode(),
            json_deserializer=msgspec.json.decode,
        )

        async def connect_to_read() -> Any:
            connection = await connect()
            await _set_codecs(connection)
            return connection

        pool = ReadPool(
            connect_to_read, settings.read_connections, settings.pool_timeout_ms / 1_000
        )
        try:
            await pool.warm_up()
        except CONNECTION_LOST as error:
            await engine.dispose()
            raise Unavailable(UNAVAILABLE) from error
        return cls(settings.url, engine, pool)

    async def assert_safe(self) -> None:
        """Raise UnsafeRole when the connected role could look past the tenants' walls."""
        async with self._pool.connection() as connection:
            await assert_safe_app_role(connection)

    async def close(self) -> None:
        """Close both pools."""
        await self._pool.close()
        await self._engine.dispose()

    @asynccontextmanager
    async def unit(self, tenant_id: TenantId) -> AsyncIterator[Unit]:
        """Open a transaction as `tenant_id`; commits on success, rolls back on any error.

        Raises Unavailable when the database is away. When it goes away during the commit, whether
        the commit happened is unknown to the caller; idempotency keys settle it.
        """
        try:
            connection = await self._begin(tenant_id)
            try:
                with noted():
                    yield Unit(connection, tenant_id)
                    await connection.commit()
            finally:
                await connection.close()
        except sa.exc.DBAPIError as error:
            if error.connection_invalidated or isinstance(_cause(error), CONNECTION_LOST):
                raise Unavailable(UNAVAILABLE) from error
            raise
        except sa.exc.TimeoutError as error:
            raise Unavailable(BUSY) from error
        except CONNECTION_LOST as error:
            raise Unavailable(UNAVAILABLE) from error

    async def _begin(self, tenant_id: TenantId) -> AsyncConnection:
        """Return a connection with the tenant set, trying once more if the pooled one was dead."""
        parameters = {"tenant": str(tenant_id)}
        connection = await self._engine.connect()
        try:
            await connection.execute(SET_TENANT, parameters)
        except sa.exc.DBAPIError as error:
            await connection.close()
            if not error.connection_invalidated:
                raise
        except BaseException:
            await connection.close()
            raise
        else:
            return connection
        connection = await self._engine.connect()
        try:
            await connection.execute(SET_TENANT, parameters)
        except BaseException:
            await connection.close()
            raise
        return connection

    async def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        """Run one statement on the read pool; it is retried once when the link was dead."""
        try:
            return await self._pool.fetch(sql, *arguments)
        except TimeoutError as error:
            raise Unavailable(BUSY) from error
        except CONNECTION_LOST:
            self._pool.drop_idle()
        try:
            return await self._pool.fetch(sql, *arguments)
        except TimeoutError as error:
            raise Unavailable(BUSY) from error
        except CONNECTION_LOST as error:
            raise Unavailable(UNAVAILABLE) from error

    @asynccontextmanager
    async def listen(
        self, channel: str, heard: Callable[..., None]
    ) -> AsyncIterator[asyncio.Event]:
        """Call `heard` at every NOTIFY on `channel`; the event is set when the line drops."""
        connection = await asyncpg.connect(self._url, server_settings={"application_name": channel})
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            await connection.add_listener(channel, heard)
            yield lost
        finally:
            connection.terminate()

    def reader(self, tenant_id: TenantId) -> "TenantReader":
        """Return the door for reads as `tenant_id`."""
        return TenantReader(self, tenant_id)


class TenantReader:
    """Reads for one tenant."""

    def __init__(self, database: Database, tenant_id: TenantId) -> None:
        self._database = database
        self.tenant_id = tenant_id

    async def call(self, function: str, *arguments: Any) -> list[Any]:
        """Return the rows of an SQL function that takes the tenant first: one round trip."""
        return await self._database.fetch(
            call_text(function, len(arguments)), self.tenant_id, *arguments
        )

    async def select(
        self, statement: sa.Executable, parameters: dict[str, Any] | None = None
    ) -> list[sa.Row[Any]]:
        """Return the rows of a statement in a transaction of its own: for reads that aren't hot."""
        async with self._database.unit(self.tenant_id) as unit:
            return list(await unit.all(statement, parameters))


def _cause(error: sa.exc.DBAPIError) -> BaseException | None:
    return getattr(error.orig, "__cause__", None)


async def _set_codecs(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: b"\x01" + msgspec.json.encode(value),
        decoder=lambda value: msgspec.json.decode(value[1:]),
        format="binary",
    )
