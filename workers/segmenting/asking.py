"""What others may ask of the one worker that owns live membership: told by notification, so nobody else writes it."""

from typing import Final

import asyncpg

CHANNEL: Final = "koi_segmenting"
# Judge anew whoever was put aside; begin anew with what is stored by now.
REPLAY: Final = "replay"
BEGIN: Final = "begin"


async def ask(pool: asyncpg.Pool, what: str) -> None:
    """Ask the worker; it is lost where none runs, so whoever wants it sure asks again."""
    await pool.execute("SELECT pg_notify($1, $2)", CHANNEL, what)


class Asked:
    """What was asked since it was looked at last."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._what: set[str] = set()

    def hear(self, what: str) -> None:
        """Take in a notification."""
        self._what.add(what)

    def take(self, what: str) -> bool:
        """Whether this was asked; then it counts as done."""
        was_asked = what in self._what
        self._what.discard(what)
        return was_asked
