"""What a build is made of beside people: where it is another than before, nothing can be carried over."""

import hashlib
from datetime import datetime
from io import BytesIO
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from projections.batch.columns import Build
from projections.batch.compiling.asking import asked_of
from projections.batch.compiling.compiled import LEVELS
from projections.batch.compiling.instants import micros
from projections.batch.lakehouse import Lakehouse
from projections.batch.tables import DAY_FIELDS, DAY_MICROS, days_table

# Raised where the same definitions come to other values than before, or columns are kept in another way.
_VERSION: Final = "1"
# So many days back the calendar is compared: half a century, less the time there may be between two builds.
_DAYS: Final = 17_900


def surroundings(build: Build, at: datetime) -> dict[str, str]:
    """Return the marks of everything, as it counts for a build as of an instant. Blocks."""
    lakehouse = build.lakehouse
    nodes = list(build.columns.nodes.values())
    uses_days = any(asked_of(nodes, level).fields & DAY_FIELDS for level in LEVELS)
    return {
        **lakehouse.marks,
        "version": _VERSION,
        "zone": lakehouse.world.zone.key,
        "vocabulary": _digest("\n".join(sorted(lakehouse.world.told)).encode()),
        "products": "" if lakehouse.products is None else _of_table(lakehouse.products.sort_by("product_id")),
        "calendar": _calendar(lakehouse, at) if uses_days else "",
        "parts": str(lakehouse.digits),
    }


def _calendar(lakehouse: Lakehouse, at: datetime) -> str:
    last = micros(at) // DAY_MICROS
    table = days_table(lakehouse, micros(at))
    return _of_table(table.filter((pc.field("day") > last - _DAYS) & (pc.field("day") <= last)))


def _of_table(table: pa.Table) -> str:
    sink = BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return _digest(sink.getvalue())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
