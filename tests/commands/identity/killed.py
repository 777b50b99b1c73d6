"""Run as a program: erase somebody, and be killed (as by kill -9) right after one step of it."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from commands.identity import destroying, erasing
from commands.runtime.event_store import open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.streams import Streams
from domain.identity.naming import Naming
from tests.commands.identity.erasing import erased, erasing_in

# What is done when the process dies, in the order in which it is done.
POINTS = (
    "save",
    "put",
    "end_walks",
    "hold_messages",
    "step sandbox_messages",
    "step command_results",
    "step dead_letters",
    "step predictions",
    "step segment_lists",
    "step quarantine_entries",
    "step keys",
    "destroy",
    "_complete",
)


def _dying_after(act: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def dying(*given: Any, **named: Any) -> Any:
        await act(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    return dying


def _arm(point: str, works: erasing.Erasing) -> None:
    if point == "save":
        Streams.save = _dying_after(Streams.save)  # type: ignore[assignment, method-assign]  # it dies right after the decision
    elif point == "put":

        def put(_: object) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        works.receipts.put = put  # type: ignore[assignment, method-assign]  # it dies before the receipt lies there
    elif point == "step quarantine_entries":
        (place,) = works.copies.values()
        place.destroy_about = _dying_after(place.destroy_about)  # type: ignore[assignment, method-assign]  # before the commit
    elif point.startswith("step "):
        name = point.removeprefix("step ")
        if name == "keys":
            destroying._keys = _dying_after(destroying._keys)  # type: ignore[assignment]  # noqa: SLF001 - before the commit
        else:
            destroying._STEPS[name] = _dying_after(destroying._STEPS[name])  # noqa: SLF001 - before the commit
    else:
        setattr(erasing, point, _dying_after(getattr(erasing, point)))


async def _main(database: str, home: Path, point: str, customer_id: UUID) -> None:
    secrets = Secrets.load(home / "secrets.json")
    async with open_event_store(database, secrets.master_key, pool_size=4) as store:
        works = erasing_in(store, secrets, home / "lake", Naming(secrets.pepper))
        _arm(point, works)
        await erased(works, customer_id=customer_id)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], UUID(sys.argv[4])))
