"""What the tests of marketplaces share: a shop that sells, and what of it became history."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from commands.runtime.clock import now
from commands.runtime.sources import Source, read_source
from workers.marketplaces.kind import Shops
from workers.marketplaces.simulator.baskets import Basket, Line
from workers.marketplaces.simulator.declaring import declared, name_of
from workers.marketplaces.simulator.gate import Gate
from workers.marketplaces.simulator.marketplaces import Marketplaces
from workers.marketplaces.simulator.shop import SimulatedOrder, SimulatedShop
from workers.sources.kind import Came, Means

PLATFORMS = ("taobao", "jd", "douyin", "youzan")


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The simulated platforms and a Koi beside them."""

    marketplaces: Marketplaces
    address: str
    means: Means
    kind: Shops = field(default_factory=Shops)

    def shop(self, kind: str) -> SimulatedShop:
        """The shop on a platform."""
        return self.marketplaces.shops[kind]

    def gate(self, kind: str) -> Gate:
        """The gate of a platform."""
        return self.marketplaces.gates[kind]

    def source(self, kind: str, **changed: Any) -> Source:
        """Declare the shop, some keys changed; its file lies in the sources folder."""
        text = declared(self.marketplaces, self.address, days=changed.pop("backfill_days", 2.0))[
            f"{name_of(kind)}.toml"
        ]
        folder = self.means.settings.sources_folder
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{name_of(kind)}.toml"
        file.write_text(_changed(text, {"pause_seconds": 0.01, "messages": False, **changed}), encoding="utf-8")
        return read_source(file)

    async def pull(self, source: Source) -> Came:
        """Run the source once."""
        return await self.kind.run(source, self.means)

    async def check(self, source: Source) -> Came:
        """Say what a run would do."""
        return await self.kind.check(source, self.means)

    async def facts(self, kind: str) -> list[tuple[str, str]]:
        """Return what of a shop became history: the name and the message id of every fact, in order."""
        rows = await self.means.store.pool.fetch(
            "SELECT name, body->'$'->>'message_id' AS told FROM fact_log WHERE source = $1 ORDER BY told, name",
            name_of(kind),
        )
        return [(row["name"], row["told"]) for row in rows]

    async def amount(self, kind: str, name: str) -> int:
        """Return the money of all facts of this name."""
        total = await self.means.store.pool.fetchval(
            "SELECT coalesce(sum(amount), 0) FROM fact_log WHERE source = $1 AND name = $2", name_of(kind), name
        )
        return int(total)

    async def quarantined(self) -> list[tuple[str, str]]:
        """Return the reasons and details of what was put aside."""
        rows = await self.means.store.pool.fetch("SELECT reason, detail FROM quarantine ORDER BY id")
        return [(row["reason"], row["detail"]) for row in rows]


def a_basket(number: int, *, lines: int = 2) -> Basket:
    """Return what buyer `number` buys."""
    return Basket(
        buyer=str(number % 50 + 1),
        store="SH-018",
        lines=tuple(Line(str(1_000 + number + place), place + 1, 1_990 + number) for place in range(lines)),
    )


def sell(shop: SimulatedShop, count: int, *, hours: float = 12.0, first: int = 0) -> list[SimulatedOrder]:
    """Let so many orders be placed and paid over the last hours, evenly; return them."""
    begin = now() - timedelta(hours=hours)
    step = timedelta(hours=hours) / (count + 1)
    orders = []
    for number in range(count):
        at = (begin + step * number).replace(microsecond=0)
        order = shop.place(a_basket(first + number), at)
        shop.pay(order, at + timedelta(seconds=1))
        orders.append(order)
    return orders


def number_of(kind: str, order: SimulatedOrder) -> str:
    """Return an order's number as its platform writes it."""
    return f"E{order.number}" if kind == "youzan" else str(order.number)


def expected(kind: str, orders: Iterable[SimulatedOrder]) -> list[tuple[str, str]]:
    """Return the facts that these orders are by what has happened to them."""
    facts = []
    for order in orders:
        happened = {
            "order.placed": order.created,
            "order.completed": order.paid,
            "order.shipped": order.shipped,
            "order.delivered": order.finished,
            "order.cancelled": order.closed,
        }
        facts += [(name, f"{number_of(kind, order)}:{name}") for name, at in happened.items() if at is not None]
    return sorted(facts, key=lambda fact: (fact[1], fact[0]))


def _changed(text: str, changed: dict[str, Any]) -> str:
    table = tomllib.loads(text) | changed
    nested = {key: value for key, value in table.items() if isinstance(value, dict)}
    lines = [f"{key} = {_toml(value)}" for key, value in table.items() if key not in nested]
    return "\n".join([*lines, *(f"{key} = {_toml(value)}" for key, value in nested.items())]) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{key}" = {_toml(item)}' for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')
