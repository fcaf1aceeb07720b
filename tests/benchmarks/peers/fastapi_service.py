"""The peer: the list as a team would write it with FastAPI, Pydantic and the SQLAlchemy ORM.

Written to be good at it: async throughout, asyncpg, uvloop and httptools, one pooled session and
one transaction a request, only the columns that are shown, keyset paging on the same index,
row-level security by the same setting, a connected Redis client, logs as JSON lines. Same keys,
same hashing, same roles.

Run by uvicorn, with BENCH_DATABASE_URL, BENCH_REDIS_URL and BENCH_SECRET_KEY. BENCH_CACHE=1 keeps
who a key stands for, and the plan, for ten seconds, as ours does.
"""

import hmac
import json
import logging
import os
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated

import asyncpg
import redis.asyncio as redis
import sqlalchemy as sa
from cachetools import TTLCache
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.identity.tokens import tenant_of_api_key
from core.shared.cursor import decode_cursor, encode_cursor
from tests.benchmarks.peers.cursor import Newest

SECRET_KEY = os.environ["BENCH_SECRET_KEY"].encode()
IS_CACHED = os.environ.get("BENCH_CACHE") == "1"
PER_MINUTE = 10_000_000


class Base(DeclarativeBase):
    pass


class Tenant(Base):
    __tablename__ = "tenants"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    status: Mapped[str]
    plan: Mapped[str]


class Member(Base):
    __tablename__ = "members"
    tenant_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    role: Mapped[str]
    status: Mapped[str]


class ApiKey(Base):
    __tablename__ = "api_keys"
    tenant_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    member_id: Mapped[uuid.UUID]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    expires_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class ApiKeySecret(Base):
    __tablename__ = "api_key_secrets"
    tenant_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(primary_key=True)
    api_key_id: Mapped[uuid.UUID]
    valid_until: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class Candidate(Base):
    __tablename__ = "candidates"
    tenant_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    full_name: Mapped[str]
    headline: Mapped[str | None]
    location: Mapped[str | None]
    emails: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    skills: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    tags: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    source: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    version: Mapped[int]


class CandidateOut(BaseModel):
    id: uuid.UUID
    full_name: str
    headline: str | None
    location: str | None
    email: str | None
    skills: list[str]
    tags: list[str]
    source: str | None
    created_at: datetime
    version: int


class PageOut(BaseModel):
    items: list[CandidateOut]
    next_cursor: str | None


class Principal(BaseModel):
    model_config = ConfigDict(frozen=True)

    tenant_id: uuid.UUID
    key_id: uuid.UUID
    role: str
    scopes: frozenset[str]
    plan: str


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(
            {"event": record.getMessage(), "level": record.levelname, **record.__dict__["fields"]}
        )


handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(JsonLines())
log = logging.getLogger("access")
log.addHandler(handler)
log.setLevel(logging.INFO)
log.propagate = False


async def connect() -> asyncpg.Connection:
    """SQLAlchemy can't read our socket's address itself."""
    return await asyncpg.connect(
        os.environ["BENCH_DATABASE_URL"], server_settings={"jit": "off", "timezone": "UTC"}
    )


engine = create_async_engine(
    "postgresql+asyncpg://",
    async_creator=connect,
    pool_size=10,
    max_overflow=0,
)
Session = async_sessionmaker(engine, expire_on_commit=False)
store = redis.Redis.from_url(os.environ["BENCH_REDIS_URL"])
principals: TTLCache[str, Principal] = TTLCache(20_000, 10)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    await store.aclose()
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


class AccessLog:
    """Plain ASGI, since FastAPI's own middleware decorator costs more."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = str(uuid.uuid4())
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        await self._app(scope, receive, answer)
        log.info(
            "request",
            extra={
                "fields": {
                    "method": scope["method"],
                    "path": scope["path"],
                    "status": status,
                    "duration_ms": round((time.perf_counter() - started) * 1_000, 2),
                    "request_id": request_id,
                }
            },
        )


app.add_middleware(AccessLog)


async def session() -> AsyncIterator[AsyncSession]:
    async with Session() as opened, opened.begin():
        yield opened


async def set_tenant(opened: AsyncSession, tenant_id: uuid.UUID) -> None:
    await opened.execute(sa.select(sa.func.set_config("app.tenant", str(tenant_id), True)))


async def principal(
    request: Request, opened: Annotated[AsyncSession, Depends(session)]
) -> Principal:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    tenant_id = tenant_of_api_key(key)
    if scheme.lower() != "bearer" or tenant_id is None:
        raise HTTPException(401)
    await set_tenant(opened, tenant_id)
    if IS_CACHED and (known := principals.get(key)) is not None:
        return known
    digest = hmac.digest(SECRET_KEY, f"api_key:{key}".encode(), sha256)
    now = datetime.now(UTC)
    found = (
        await opened.execute(
            sa.select(ApiKey, Member, Tenant)
            .join(ApiKeySecret, (ApiKeySecret.tenant_id == ApiKey.tenant_id)
                  & (ApiKeySecret.api_key_id == ApiKey.id))
            .join(Member, (Member.tenant_id == ApiKey.tenant_id)
                  & (Member.id == ApiKey.member_id))
            .join(Tenant, Tenant.id == ApiKey.tenant_id)
            .where(
                ApiKeySecret.tenant_id == tenant_id,
                ApiKeySecret.secret_hash == digest,
                sa.or_(ApiKeySecret.valid_until.is_(None), ApiKeySecret.valid_until > now),
                sa.or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now),
                ApiKey.revoked_at.is_(None),
                Member.status == "active",
                Tenant.status == "active",
            )
        )
    ).one_or_none()  # fmt: skip
    if found is None:
        raise HTTPException(401)
    api_key, member, tenant = found
    who = Principal(
        tenant_id=tenant_id,
        key_id=api_key.id,
        role=member.role,
        scopes=frozenset(api_key.scopes),
        plan=tenant.plan,
    )
    if IS_CACHED:
        principals[key] = who
    return who


async def within_rate(
    response: Response, who: Annotated[Principal, Depends(principal)]
) -> Principal:
    """A window of a minute for the key and one for its tenant, counted in one round trip."""
    minute = int(time.time() // 60)
    async with store.pipeline(transaction=False) as pipeline:
        for name in (who.tenant_id, who.key_id):
            pipeline.incr(f"rate:{name}:{minute}")
            pipeline.expire(f"rate:{name}:{minute}", 120)
        used, _, used_by_key, _ = await pipeline.execute()
    if max(used, used_by_key) > PER_MINUTE:
        raise HTTPException(429)
    response.headers["RateLimit-Remaining"] = str(PER_MINUTE - max(used, used_by_key))
    return who


@app.get("/api/v1/candidates")
async def list_candidates(
    who: Annotated[Principal, Depends(within_rate)],
    opened: Annotated[AsyncSession, Depends(session)],
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> PageOut:
    if who.role not in {"admin", "recruiter", "viewer"} or "candidates:read" not in who.scopes:
        raise HTTPException(403)
    query = (
        sa.select(Candidate)
        .where(Candidate.tenant_id == who.tenant_id)
        .order_by(Candidate.created_at.desc(), Candidate.id.desc())
        .limit(limit + 1)
    )
    if cursor is not None:
        after = decode_cursor(cursor, Newest)
        query = query.where(
            sa.tuple_(Candidate.created_at, Candidate.id) < (after.created_at, after.id)
        )
    found = (await opened.scalars(query)).all()
    shown = found[:limit]
    next_cursor = None
    if len(found) > limit:
        next_cursor = encode_cursor(Newest(shown[-1].created_at, shown[-1].id))
    return PageOut(
        items=[
            CandidateOut(
                id=each.id,
                full_name=each.full_name,
                headline=each.headline,
                location=each.location,
                email=each.emails[0] if each.emails else None,
                skills=each.skills[:5],
                tags=each.tags,
                source=each.source,
                created_at=each.created_at,
                version=each.version,
            )
            for each in shown
        ],
        next_cursor=next_cursor,
    )
