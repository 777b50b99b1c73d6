"""Two versions of a tag beside each other: for whom the value is another."""

from collections import Counter
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.kernel.rules.resolving import Definitions, resolve
from domain.tags.definition import Definition
from projections.tag_catalogue.counting import KINDS

if TYPE_CHECKING:
    from projections.batch.lakehouse import Lakehouse

_SHOWN: Final = 20
_MOST: Final = 10_000


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """So many people have this value by one version and that by the other."""

    before: Any
    after: Any
    people: int


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How many of all people have another value, and the most frequent moves."""

    people: int
    changed: int
    moves: list[Move]


async def difference(
    lakehouse: "Lakehouse", before: Definition, after: Definition, definitions: Definitions, at: datetime
) -> Difference:
    """Return for how many people two versions say something else as of an instant."""
    from projections.batch.running import parts_of

    values = {"before": resolve(before.value, definitions), "after": resolve(after.value, definitions)}
    kinds = {"before": KINDS[before.type], "after": KINDS[after.type]}
    people = changed = 0
    moves = Counter[tuple[Any, Any]]()
    async with aclosing(parts_of(lakehouse, at, values=values, kinds=kinds)) as parts:
        async for part in parts:
            people += part.table.num_rows
            pairs = zip(part.table["before"].to_pylist(), part.table["after"].to_pylist(), strict=True)
            others = [pair for pair in pairs if pair[0] != pair[1]]
            changed += len(others)
            moves.update(others)
            if len(moves) > _MOST:
                moves = Counter(dict(moves.most_common(_MOST)))
    shown = [Move(before=b, after=a, people=n) for (b, a), n in moves.most_common(_SHOWN)]
    return Difference(people=people, changed=changed, moves=shown)
