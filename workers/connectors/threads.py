"""Work in a thread that is never left behind: who cancels it waits until it has let go of what it uses."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import duckdb

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function in a thread; a cancellation is passed on when the function is through."""
    return await _through(None, asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs)))


async def in_engine(
    engine: duckdb.DuckDBPyConnection, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run a function that asks the engine in a thread; a cancellation interrupts its query, then waits for its end."""
    return await _through(engine, asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs)))


async def _through(engine: duckdb.DuckDBPyConnection | None, running: "asyncio.Future[T]") -> T:
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        if engine is not None:
            engine.interrupt()
        # The engine, or the database's connection, must not be closed under a thread that uses it.
        await asyncio.gather(running, return_exceptions=True)
        raise
