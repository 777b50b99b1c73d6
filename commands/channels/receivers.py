"""Receivers of webhooks that said they are gone for good (410): remembered, so that no restart calls them again."""

import hashlib
from typing import Final

import asyncpg

from commands.activity.source_runs import recall, remember
from commands.runtime.clock import now

_OWNER: Final = "koi.webhook"


class Receivers:
    """Known by a digest of their address, which may hold a secret; another address is another receiver."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        """Take where it is remembered."""
        self._pool = pool

    async def is_gone(self, url: str) -> bool:
        """Whether it said so before."""
        return await recall(self._pool, _OWNER, _key(url)) is not None

    async def note_gone(self, url: str) -> None:
        """Remember that it said so."""
        await remember(self._pool, _OWNER, _key(url), {"gone_at": now()})


def _key(url: str) -> str:
    return f"gone:{hashlib.blake2b(url.encode(), digest_size=16).hexdigest()}"
