"""What simulated shops sell: baskets of the real retail history, dated anew; without it, made-up ones."""

import random
from collections.abc import Iterator
from typing import Final

import duckdb
import msgspec

from workers.connectors.complete_journey import folder
from workers.connectors.errors import NoSuchFileError

_QUERY: Final = """
    SELECT household_id::text, store_id::text,
           list([product_id::text, quantity::text, round(sales_value * 100)::bigint::text])
    FROM read_parquet(?) WHERE quantity > 0 AND sales_value > 0
    GROUP BY basket_id, household_id, store_id HAVING count(*) <= 8 ORDER BY basket_id LIMIT ?
"""


class Line(msgspec.Struct, frozen=True):
    """One product of a basket; `fen` is what was paid for all of it."""

    product: str
    quantity: int
    fen: int


class Basket(msgspec.Struct, frozen=True):
    """What one buyer bought at once."""

    buyer: str
    store: str
    lines: tuple[Line, ...]

    @property
    def fen(self) -> int:
        """What all of it costs."""
        return sum(line.fen for line in self.lines)


def baskets(count: int) -> list[Basket]:
    """Return so many baskets; the same ones each time."""
    try:
        file = folder() / "transactions.parquet"
    except NoSuchFileError:
        return list(_made_up(count))
    with duckdb.connect() as engine:
        engine.execute("SET enable_progress_bar = false")
        rows = engine.execute(_QUERY, [str(file), count]).fetchall()
    return [Basket(buyer, store, tuple(Line(p, int(q), int(f)) for p, q, f in lines)) for buyer, store, lines in rows]


def _made_up(count: int) -> Iterator[Basket]:
    chance = random.Random(7)  # noqa: S311 - the same baskets each time is the point
    for _ in range(count):
        lines = tuple(
            Line(str(chance.randrange(100_000, 999_999)), chance.choice([1, 1, 1, 2, 3]), chance.randrange(490, 29_900))
            for _ in range(chance.choice([1, 1, 2, 2, 3, 5]))
        )
        yield Basket(str(chance.randrange(1, 2_000)), f"S{chance.randrange(1, 20):03d}", lines)
