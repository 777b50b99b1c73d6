"""Where what was acknowledged lies: in history, or in the quarantine."""

import base64
import gzip
import time
from collections.abc import Collection
from typing import Final
from urllib.parse import unquote_plus

import asyncpg

from commands.activity.quarantine import Quarantine
from tests.api.running import RunningKoi
from tests.patience import PATIENCE

_EVERYTHING: Final = 1_000_000


async def unaccounted(koi: RunningKoi, ids: Collection[str]) -> list[str]:
    """Return those of the ids that are neither a fact's nor in anything that waits in the quarantine.

    What could not be written when it was answered lies in the spool until it can: it has time to get there.
    """
    until = time.monotonic() + PATIENCE
    async with asyncpg.create_pool(koi.database, min_size=1, max_size=1) as pool:
        while (lost := await _lost(koi, pool, ids)) and time.monotonic() < until:
            pass
    return lost


async def _lost(koi: RunningKoi, pool: asyncpg.Pool, ids: Collection[str]) -> list[str]:
    facts = [row["body"] for row in await pool.fetch("SELECT body::text AS body FROM fact_log")]
    waiting = await Quarantine(pool, koi.secrets.master_key).newest(limit=_EVERYTHING, in_clear=True)
    everything = "\n".join([*facts, *(_readable(entry.raw or "") for entry in waiting)])
    return [one for one in ids if one not in everything]


def _readable(raw: str) -> str:
    """Return what was put aside; a form of Sensors' that could not be taken apart is opened here."""
    name, _, rest = raw.partition("=")
    if name not in ("data", "data_list"):
        return raw
    inner = base64.b64decode(unquote_plus(rest.partition("&")[0]))
    return (gzip.decompress(inner) if inner.startswith(b"\x1f\x8b") else inner).decode()


async def kept(koi: RunningKoi) -> int:
    """Return how many facts, entries of the quarantine and hints there are."""
    connection = await asyncpg.connect(koi.database)
    try:
        return int(
            await connection.fetchval(
                """
                SELECT (SELECT count(*) FROM fact_log) + (SELECT count(*) FROM quarantine)
                     + (SELECT count(*) FROM source_hint)
                """
            )
        )
    finally:
        await connection.close()


async def reasons(koi: RunningKoi) -> set[str]:
    """Return why things wait in the quarantine."""
    connection = await asyncpg.connect(koi.database)
    try:
        return {row["reason"] for row in await connection.fetch("SELECT DISTINCT reason FROM quarantine")}
    finally:
        await connection.close()
