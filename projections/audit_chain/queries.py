"""Verify the chain: compute it anew from the log, and every seal's digest anew from the facts it seals."""

from collections.abc import Callable

import asyncpg
import msgspec

from projections.audit_chain.chain import START, Link, links
from projections.engine.page import Page, read_page
from projections.engine.projection import Reading

_CHECKPOINTS = "SELECT events, position, hash FROM audit_chain.checkpoint ORDER BY events"
_HEAD = "SELECT events, position, hash FROM audit_chain.head"

# Told after each page: how far, and how far the chain reaches.
Progress = Callable[[int, int], None]


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """The first place where the log is not what it was: after position `after`, at the latest at `upto`."""

    after: int
    upto: int
    what: str


class ChainVerified(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked, the hash the chain ends in (to be kept elsewhere), and where it is broken, if it is."""

    events: int
    facts: int
    position: int
    hash: str
    broken: Broken | None


class _Sealed(msgspec.Struct):
    sha256: str


_sealed = msgspec.json.Decoder(_Sealed).decode


async def head(reading: Reading) -> Link:
    """Return the end of the chain as it was kept."""
    row = await reading.fetchrow(_HEAD)
    return Link(*row) if row else START


async def verify_chain(
    connection: asyncpg.Connection, facts_digest: str | None, *, progress: Progress | None = None
) -> ChainVerified:
    """Follow the chain from the beginning of the log to where it was kept last.

    `facts_digest` is the query a seal's sha256 comes from, with {recorded_at}, {first_id} and {last_id} to fill in;
    with None the facts are left out. Changed, added or removed events and facts are found, unless chain and seals were
    changed with them: compare `hash` with one written down elsewhere.
    """
    end = await head(connection)
    checkpoints = [Link(*row) for row in await connection.fetch(_CHECKPOINTS)]
    check = _Check(end, checkpoints)
    statement = facts_digest and facts_digest.format(recorded_at="$1", first_id="$2", last_id="$3")
    facts, broken = 0, None
    while check.link.position < end.position and not broken:
        page = await read_page(connection, check.link.position, upto=end.position)
        if page.is_empty:
            break
        broken = check.follow(page)
        if statement and not broken:
            broken = await _wrong_seal(connection, statement, page)
            facts += page.facts
        if progress:
            progress(check.link.position, end.position)
    broken = broken or check.at_end()
    link = check.link
    return ChainVerified(events=link.events, facts=facts, position=link.position, hash=link.hash.hex(), broken=broken)


class _Check:
    """The chain computed anew, held against what was kept."""

    def __init__(self, end: Link, checkpoints: list[Link]) -> None:
        self.link = START
        self._end = end
        self._kept = {link.events: link for link in (*checkpoints, end)}
        self._sound = START

    def follow(self, page: Page) -> Broken | None:
        for link in links(self.link, page.entries):
            self.link = link
            kept = self._kept.get(link.events)
            if kept and kept != link:
                return self._broken(kept.position, "an event was changed, added or removed")
            self._sound = kept or self._sound
        return None

    def at_end(self) -> Broken | None:
        if self.link == self._end:
            return None
        return self._broken(self._end.position, "the log ends before the chain")

    def _broken(self, upto: int, what: str) -> Broken:
        return Broken(after=self._sound.position, upto=upto, what=what)


async def _wrong_seal(connection: asyncpg.Connection, statement: str, page: Page) -> Broken | None:
    for entry, seal in page.seals:
        row = await connection.fetchrow(statement, seal.recorded_at, seal.first_id, seal.last_id)
        if row is None or row["sha256"] != _sealed(entry.state).sha256 or row["count"] != seal.count:
            what = "facts of this seal were changed, added or removed"
            return Broken(after=entry.position - 1, upto=entry.position, what=what)
    return None
