"""API keys: made, found, revoked."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from commands.access.keys import (
    KeyNotFoundError,
    create_key,
    ensure_first_keys,
    find_key,
    key_id,
    list_keys,
    revoke_key,
)
from commands.access.scope import Scope, ScopeError
from commands.runtime.event_store import open_pool
from commands.runtime.secrets import Secrets
from domain.kernel.errors import InvalidInputError


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections to a database of this test's own."""
    async with await open_pool(database, size=2) as opened:
        yield opened


async def test_a_key_is_known_by_its_hash_alone(pool: asyncpg.Pool) -> None:
    """Whoever reads the table cannot ask in its name."""
    made = await create_key(pool, label="POS Hangzhou", wanted=["ingest", "read"], source="pos")
    stored = await pool.fetchrow("SELECT * FROM api_key")
    assert made.key not in str(stored)
    assert made.key.encode() not in bytes(stored["hash"] if stored else b"")
    found = await find_key(pool, made.key)
    assert found
    assert (found.key_id, found.scopes, found.source) == (made.key_id, (Scope.INGEST, Scope.READ), "pos")
    assert await find_key(pool, made.key + "x") is None


async def test_a_revoked_key_stays_revoked(pool: asyncpg.Pool, secrets: Secrets) -> None:
    """Also when the next start would let in the first keys again."""
    await ensure_first_keys(pool, secrets)
    await ensure_first_keys(pool, secrets)
    first = await find_key(pool, secrets.admin_key)
    assert first
    assert first.scopes == tuple(Scope)
    revoked = await revoke_key(pool, key_id(secrets.admin_key))
    assert revoked.revoked_at == (await revoke_key(pool, revoked.key_id)).revoked_at
    await ensure_first_keys(pool, secrets)
    assert await find_key(pool, secrets.admin_key) is None
    assert [key.label for key in await list_keys(pool)] == ["first administrator", "first source"]


async def test_a_key_is_for_something(pool: asyncpg.Pool) -> None:
    """A label, known scopes, and the source of what comes in with it; a key that is not there cannot be revoked."""
    with pytest.raises(InvalidInputError, match="label"):
        await create_key(pool, label=" ", wanted=["read"])
    with pytest.raises(ScopeError, match="ingest, read"):
        await create_key(pool, label="x", wanted=["everything"])
    with pytest.raises(ScopeError):
        await create_key(pool, label="x", wanted=[])
    with pytest.raises(ScopeError, match="source"):
        await create_key(pool, label="x", wanted=["ingest"])
    with pytest.raises(ScopeError, match="source"):
        await create_key(pool, label="x", wanted=["read"], source="web")
    with pytest.raises(KeyNotFoundError):
        await revoke_key(pool, "key_nothing")


@pytest.mark.parametrize(
    ("scopes", "prefix"),
    [
        (["ingest"], "koi_write_"),
        (["read"], "koi_read_"),
        (["read", "command"], "koi_system_"),
        (["admin"], "koi_admin_"),
    ],
)
async def test_what_a_key_can_do_shows_in_its_first_letters(pool: asyncpg.Pool, scopes: list[str], prefix: str) -> None:
    """So that one found in a repository is judged at a glance."""
    made = await create_key(pool, label="x", wanted=scopes, source="web" if "ingest" in scopes else None)
    assert made.key.startswith(prefix)


async def test_a_key_may_name_the_pages_it_is_for(pool: asyncpg.Pool) -> None:
    """As browsers write them; what is no origin is refused, and so are pages for a key that takes no events."""
    made = await create_key(pool, label="shop", wanted=["ingest"], source="web", origins=["https://Shop.cn/"])
    found = await find_key(pool, made.key)
    assert found
    assert found.origins == made.origins == ("https://shop.cn",)
    for wrong in ("shop.cn", "https://shop.cn/tea", "*", "null"):
        with pytest.raises(InvalidInputError) as refused:
            await create_key(pool, label="shop", wanted=["ingest"], source="web", origins=[wrong])
        assert refused.value.field == "origins"
    with pytest.raises(ScopeError):
        await create_key(pool, label="reader", wanted=["read"], origins=["https://shop.cn"])
