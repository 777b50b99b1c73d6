"""The made-up town for benches: what is known of it, and as large a crowd of its like as is wanted."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import msgspec
import numpy as np

from domain.scoring.core import core_features, core_segments
from projections.batch.lakehouse import Lakehouse
from workers.scoring.clusters.fitting import Labels
from workers.scoring.core.kind import CORE
from workers.scoring.core.learning import Known
from workers.scoring.kind import Numbers
from workers.scoring.simulation.happenings import happenings
from workers.scoring.simulation.people import people
from workers.scoring.simulation.staged import lakehouse, profile_ids
from workers.scoring.simulation.types import varied
from workers.scoring.source import LakeSource

AT: Final = datetime(2026, 11, 25, tzinfo=UTC)
_PEOPLE: Final = 10_000
# How far one of a crowd is from the one she resembles: a few per cent.
_UNLIKE: Final = 0.05


class Town(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the people who ever did anything, and the truth."""

    known: Known
    truth: Labels


def town(number: int, count: int = _PEOPLE, spread: float = 1.0) -> Town:
    """Return a made-up town (0: the declared one), asked by the rule language as a real lake is.

    `spread` is how far its people stray from their types, as `people` says.
    """
    random = np.random.default_rng(1_000 + number)
    drawn = people(varied(number), count, random, spread=spread)
    keys = tuple(core_segments())
    with _source(lakehouse(count, happenings(drawn, random), AT)) as source:
        known = CORE.known(source, AT)
        column = core_features()["days_known"].value
        seen = source.values({"seen": column}, AT)
    seen = seen.filter(seen["seen"].is_valid())
    places = {one: place for place, one in enumerate(profile_ids(count))}
    rows = np.array([places[str(one)] for one in seen["profile_id"].to_pylist()])
    return Town(known=known, truth=np.array([keys.index(name) for name in drawn.names])[drawn.kind][rows])


def crowd(count: int, of: Town | None = None) -> dict[str, Numbers]:
    """Return the features of so many customers like those of the town, each a few per cent unlike any of them."""
    of = of or town(0)
    values = of.known.values
    chosen = likeness(count, of)
    random = np.random.default_rng(6)
    return {
        name: column[chosen] * (1.0 + _UNLIKE * random.standard_normal(count, dtype=np.float32))
        for name, column in values.items()
    }


def likeness(count: int, of: Town) -> Labels:
    """Return whom of the town each of a crowd resembles."""
    return np.random.default_rng(5).integers(0, of.truth.size, count)


@contextmanager
def _source(of: Lakehouse) -> Iterator[LakeSource]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield LakeSource(of, loop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
