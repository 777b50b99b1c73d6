"""Two hundred segments as a shop would have them, and the customers to judge: for `segment-live`."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, product
from random import Random
from typing import Any, Final

from domain.kernel.rules.tree import (
    All,
    AnyOf,
    Arithmetic,
    Attribute,
    Compare,
    Consented,
    Constant,
    Field,
    Last,
    Measure,
    Not,
    Rule,
    Sequence,
    Step,
    Tagged,
    Take,
    Unit,
)

SEGMENTS: Final = 200
CATEGORIES: Final = ("milk", "fruit", "snacks", "wine", "care", "baby", "pets", "home")
_CITIES: Final = ("上海", "杭州", "苏州", "南京")
_WINDOWS: Final[tuple[tuple[int, Unit], ...]] = (
    (30, "minute"),
    (24, "hour"),
    (7, "day"),
    (30, "day"),
    (90, "day"),
    (1, "year"),
)
_NAMES: Final = (
    "product.viewed",
    "product.viewed",
    "product.viewed",
    "cart.item_added",
    "order.completed",
    "page.viewed",
)
_BOUGHT: Final = ("order.completed",)
_YUAN: Final = 100


def rules() -> dict[str, Rule]:
    """Return the rules by key: counts, sums, means, recency, sequences, tags, attributes, consents, and mixtures."""
    kinds = [_often(), _of_category(), _spending(), _recent(), _mixed(), _left_carts(), _baskets()]
    found: list[Rule] = []
    while len(found) < SEGMENTS:
        found += [rule for kind in kinds for rule in islice(kind, 1)]
    return {f"bench_{number}": rule for number, rule in enumerate(found[:SEGMENTS])}


def activities(random: Random, count: int, until: datetime) -> list[tuple[datetime, str, int | None, dict[str, Any]]]:
    """Return what one customer did in two years: when, what, for how much money, and the rest."""
    instants = sorted(until - timedelta(days=730) * random.random() ** 2 for _ in range(count))
    return [(at, *activity(random)) for at in instants]


def activity(random: Random) -> tuple[str, int | None, dict[str, Any]]:
    """Return something a customer does."""
    name = random.choice(_NAMES)
    if name != "order.completed":
        return name, None, _line(random)
    lines = [_line(random) for _ in range(random.randint(1, 5))]
    return (
        name,
        sum(int(line["price"] * _YUAN) for line in lines),
        {"order_id": str(random.random()), "products": lines},
    )


def _line(random: Random) -> dict[str, Any]:
    category = random.choice(CATEGORIES)
    return {"product_id": f"{category}-{random.randrange(50)}", "category": category, "price": random.randrange(5, 200)}


def _measure(events: tuple[str, ...], window: tuple[int, Unit], take: Take = "count", **more: Any) -> Measure:
    return Measure(events=events, within=Last(amount=window[0], unit=window[1]), take=take, **more)


def _often() -> Iterator[Rule]:
    for window, name, least in product(_WINDOWS, dict.fromkeys(_NAMES), (1, 3, 10)):
        yield Compare(left=_measure((name,), window), op="gte", right=least)


def _of_category() -> Iterator[Rule]:
    for category, window, name in product(CATEGORIES, _WINDOWS, ("product.viewed", "order.completed")):
        where = Compare(left=Field(name="category"), right=category)
        yield Compare(left=_measure((name,), window, where=where, of="items"), op="gte", right=2)


def _spending() -> Iterator[Rule]:
    for window, yuan in product(_WINDOWS, (100, 300, 1_000, 3_000, 10_000)):
        yield Compare(left=_measure(_BOUGHT, window, "sum", field="amount"), op="gte", right=yuan * _YUAN)


def _recent() -> Iterator[Rule]:
    for name, low in product(dict.fromkeys(_NAMES), (0, 3, 7, 14, 30, 60, 90, 180)):
        yield Compare(left=Measure(events=(name,), take="days_since_last"), op="between", right=(low, low * 2 + 1))


def _mixed() -> Iterator[Rule]:
    for window, city, category in product(_WINDOWS, _CITIES, CATEGORIES):
        where = Compare(left=Field(name="category"), right=category)
        viewed = Compare(left=_measure(("product.viewed",), window, where=where), op="gte", right=1)
        bought = Compare(left=_measure(_BOUGHT, window), op="gte", right=1)
        there = Compare(left=Attribute(name="city"), right=city)
        known = AnyOf(of=(Tagged(key="vip"), Consented(channel="email"), there))
        yield All(of=(viewed, Not(of=bought), known))


def _left_carts() -> Iterator[Rule]:
    for window, minutes in product(_WINDOWS[1:], (15, 30, 60, 120, 240, 480)):
        unless = Step(events=_BOUGHT, limit_seconds=minutes * 60)
        within = Last(amount=window[0], unit=window[1])
        yield Sequence(steps=(Step(events=("cart.item_added",)),), within=within, unless=unless)


def _baskets() -> Iterator[Rule]:
    for window, yuan in product(_WINDOWS[2:], (50, 100, 150, 200, 250, 300, 400)):
        spent = _measure(_BOUGHT, window, "sum", field="amount")
        basket = Arithmetic(op="divide", left=spent, right=_measure(_BOUGHT, window))
        yield Compare(left=basket, op="gte", right=Constant(value=yuan * _YUAN))
