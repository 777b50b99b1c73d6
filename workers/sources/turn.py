"""One run of one source: alone, and with whatever comes of it noted."""

import logging
from datetime import timedelta

from commands.activity import source_runs
from commands.runtime.locking import locked
from commands.runtime.sources import Source
from domain.kernel.errors import DomainError, InvalidInputError, KoiError
from workers.sources.declared import WRONG_DECLARATION, declaration
from workers.sources.kind import Came, Means
from workers.sources.registry import kind_of

log = logging.getLogger("koi.sources")

FIRST_RETRY = timedelta(seconds=15)


class SourceBusyError(DomainError):
    """Another process runs this source at this moment."""

    code = "source.busy"


async def take_turn(source: Source, means: Means) -> Came:
    """Run the source once and note what came; what it fails with is noted and raised.

    Raises `SourceBusyError` while another process runs it.
    """
    pool = means.store.pool
    async with locked(pool, f"koi source {source.name}", wait=False) as is_mine:
        if not is_mine:
            raise SourceBusyError(f"{source.name} is running just now in another process: wait for it, or stop it")
        await source_runs.declare(pool, source.name, source.kind, declaration(source))
        await source_runs.begin(pool, source.name)
        try:
            kind = kind_of(source)
            interval = kind.interval(source)
            came = await kind.run(source, means)
        except Exception as error:  # whatever a source does wrong is noted, and raised again
            await source_runs.fail(pool, source.name, told(error), None if is_final(error) else FIRST_RETRY)
            raise
        again_in = interval if came.again_in is None else came.again_in
        await source_runs.succeed(pool, source.name, came.counts, came, again_in)
        return came


def is_final(error: Exception) -> bool:
    """Whether trying again cannot help until somebody changes the declaration."""
    return isinstance(error, (*WRONG_DECLARATION, InvalidInputError))


def told(error: Exception) -> str:
    """Return an error in words that hold nothing personal: those of others may."""
    return error.detail if isinstance(error, KoiError) else f"it failed with {type(error).__name__}"
