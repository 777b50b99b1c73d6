"""The made-up town as the lake would hold it, so that it is asked by the same rules and values as real customers."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from domain.kernel.rules.world import World
from projections.batch.compiling.instants import micros
from projections.batch.directory import MEMBERS, TableDirectory
from projections.batch.lakehouse import Lakehouse
from projections.batch.staging.stage import Staged
from workers.scoring.simulation.happenings import GROUPS, NAMES, Happenings
from workers.scoring.simulation.people import Floats, Ints

ZONE: Final = ZoneInfo("Asia/Shanghai")
_DAY: Final = 86_400_000_000
# Spreads people over all parts, as the ids of real ones are.
_SPREAD: Final = 0x9E3779B97F4A7C15F39CC0605CEDC835
_IDS: Final = 2**128
_HOURS: Final = 8


def profile_ids(people: int) -> list[str]:
    """Return an id for each person of the town."""
    return [str(UUID(int=(number + 1) * _SPREAD % _IDS)) for number in range(people)]


def lakehouse(people: int, done: Happenings, now: datetime) -> Lakehouse:
    """Return a lake in which so many people did all this by `now`."""
    ids = profile_ids(people)
    at = micros(now - timedelta(microseconds=1)) - np.round(done.ago * _DAY).astype(np.int64)
    events = _rows(ids, done.person, at, np.arange(at.size), done.name)
    sign = np.where(done.name == NAMES.index("order.refunded"), -1, 1)
    is_order = np.isin(done.name, [NAMES.index("order.completed"), NAMES.index("order.refunded")])
    events |= {
        "f_amount": pa.array(done.amount, mask=~is_order),
        "f_net_amount": pa.array(done.amount * sign, mask=~is_order),
    }
    of = done.line_event
    items = _rows(ids, done.person[of], at[of], of, done.name[of])
    groups = pa.array(np.asarray(GROUPS)[done.line_group], pa.string())
    items |= {
        "f_category": groups,
        "f_category_group": groups,
        "f_amount": pa.array(done.line_amount),
        "f_discount": pa.array(done.line_discount),
        "f_coupon_discount": pa.array(done.line_coupon),
    }
    nothing = pa.table({"fact_id": pa.array([], pa.int64())})
    return Lakehouse(
        files={"events": {}, "items": {}},
        tail=Staged(events=pa.table(events), items=pa.table(items), withdrawn=nothing),
        directory=TableDirectory(pa.table([ids, ids], schema=MEMBERS)),
        world=World(zone=ZONE),
    )


def _rows(ids: list[str], who: Ints, at: Ints, fact: Ints, name: Ints) -> dict[str, Any]:
    days: Floats = np.floor((at + _HOURS * 3_600_000_000) / _DAY)
    return {
        "customer_id": pa.array(np.asarray(ids)[who], pa.string()),
        "fact_id": pa.array(fact),
        "at": pa.array(at),
        "day": pa.array(days.astype(np.int32)),
        "name": pa.array(np.asarray(NAMES)[name], pa.string()),
    }
