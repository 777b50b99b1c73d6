"""How much SQL an expression comes to: ibis keeps what several places name once, SQL spells it out at each of them."""

from typing import Any, Final

import ibis.expr.operations as ops

from domain.kernel.rules.resolving import TooLargeError
from projections.batch.compiling.known import Column

# The largest tag that comes with Koi has about 600 parts; some ten thousand take DuckDB seconds to make ready.
_MOST_PARTS: Final = 30_000


def bounded(column: Column) -> Column:
    """Return the column, if it is no more than can be asked; raises `TooLargeError`."""
    if parts(column) > _MOST_PARTS:
        raise TooLargeError(
            f"it comes to more than {_MOST_PARTS} parts of SQL: nest fewer cases and scores in each other"
        )
    return column


def parts(column: Column) -> int:
    """Return of how many functions, fields and values the SQL of a column is made."""

    def counted(node: Any, sizes: dict[Any, int], **_: object) -> int:
        return 1 + sum(sizes.get(one, 0) for one in node.__children__)

    whole = column.op()
    sizes: dict[Any, int] = whole.map(counted, filter=ops.Value)
    return sizes[whole]
