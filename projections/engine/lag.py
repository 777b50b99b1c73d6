"""How far each view is behind the log, for metrics and `koi projections status`."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from projections.engine.projection import Projection, Reading

# Counting stops at this many: beyond, the exact number tells nobody more.
MOST_COUNTED = 100_000
_HEAD = "SELECT coalesce(max(notification_id), 0) AS head, now() AS now FROM decision_log"
_STANDING = """
    SELECT p.name, p.version, p.position, p.updated_at,
           (SELECT count(*) FROM (SELECT FROM decision_log AS behind WHERE behind.notification_id > p.position
            LIMIT $2) AS counted) AS behind,
           (SELECT state FROM decision_log AS next WHERE next.notification_id > p.position
            ORDER BY next.notification_id LIMIT 1) AS next_state,
           (SELECT count(*) FROM dead_letter AS d WHERE d.projection = p.name AND d.replayed_at IS NULL) AS parked
    FROM projection_position AS p WHERE p.name = ANY($1)
"""


class _Envelope(msgspec.Struct):
    recorded_at: datetime


class _Recorded(msgspec.Struct):
    meta: _Envelope


class Lag(msgspec.Struct, frozen=True, kw_only=True):
    """Where a view stands: how many events it is behind, and for how many seconds the first of them has waited.

    `version` is that of the tables being served, `wanted_version` that of the code (they differ while a rebuild is
    due); `parked` counts open dead letters. A view that does not exist yet has version 0.
    """

    view: str
    version: int
    wanted_version: int
    position: int
    head: int
    behind: int
    age_seconds: float
    parked: int


_decode = msgspec.json.Decoder(_Recorded).decode


async def lag(connection: Reading, projections: Iterable[Projection]) -> list[Lag]:
    """Return where each view stands now."""
    wanted = {projection.name: projection.version for projection in projections}
    head = await connection.fetchrow(_HEAD)
    standing = {row["name"]: row for row in await connection.fetch(_STANDING, list(wanted), MOST_COUNTED)}
    found = []
    for name, version in wanted.items():
        row = standing.get(name)
        state = row["next_state"] if row else None
        age = (head["now"] - _decode(state).meta.recorded_at).total_seconds() if head and state else 0.0
        found.append(
            Lag(
                view=name,
                version=row["version"] if row else 0,
                wanted_version=version,
                position=row["position"] if row else 0,
                head=head["head"] if head else 0,
                behind=row["behind"] if row else 0,
                age_seconds=max(0.0, age),
                parked=row["parked"] if row else 0,
            )
        )
    return found
