"""The engine: a pool of asyncpg connections, each of which keeps its prepared statements."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

import orjson
from fastapi import Depends, Request
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

STATEMENTS = 500  # more than there are; asyncpg's own hundred would do, too


def make_engine(url: str, pool: int) -> AsyncEngine:
    """An engine for a database as the shop names it, by a socket's directory too."""
    return create_async_engine(
        place(url),
        pool_size=pool,
        max_overflow=0,
        pool_use_lifo=True,  # the connection that was used last has the warmest caches
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        connect_args={
            "prepared_statement_cache_size": STATEMENTS,
            "server_settings": {
                "application_name": "reference",
                "jit": "off",
                "statement_timeout": "5s",
                "lock_timeout": "2s",
                "idle_in_transaction_session_timeout": "10s",
            },
        },
    )


def place(url: str) -> URL:
    """`postgresql://user:password@%2Frun%2Fpostgres:5432/shop` in SQLAlchemy's terms."""
    parts = urlsplit(url)
    host = unquote(parts.hostname or "localhost")
    if "%2f" in parts.netloc.lower():  # urlsplit lowers the case of a host, and paths have one
        host = unquote(parts.netloc.rpartition("@")[2].rpartition(":")[0] or host)
    where: dict[str, Any] = {"query": {"host": host}} if host.startswith("/") else {"host": host}
    return URL.create(
        "postgresql+asyncpg",
        username=unquote(parts.username or "") or None,
        password=unquote(parts.password or "") or None,
        port=parts.port,
        database=parts.path.lstrip("/"),
        **where,
    )


def make_sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Sessions that flush when told to, and whose objects can be read after a commit."""
    return async_sessionmaker(engine, expire_on_commit=False, autoflush=False)


async def open_session(request: Request) -> AsyncIterator[AsyncSession]:
    """One session for one request; what was not committed is rolled back."""
    async with request.app.state.sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(open_session)]
