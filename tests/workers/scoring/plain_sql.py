"""What customers of the made-up town are known by, and what rules say of them, by plain SQL over what they did."""

from collections.abc import Mapping
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from workers.scoring.kind import Numbers
from workers.scoring.simulation.happenings import APPLIANCES, BABY, GROUPS, NAMES, Happenings

_BOUGHT: Final = "name = 'order.completed'"
_YEAR: Final = f"{_BOUGHT} AND ago < 365"
_LIVE: Final = "name = 'live_stream.entered'"
_SCENE: Final = f"item_group IN {BABY + APPLIANCES}"
_SEEN: Final = "name IN ('order.completed', 'product.viewed') AND ago < 365"
_NET: Final = "CASE name WHEN 'order.completed' THEN amount WHEN 'order.refunded' THEN -amount END"


def _count(test: str) -> str:
    return f"count(CASE WHEN {test} THEN 1 END)"


def _days(test: str) -> str:
    return f"count(DISTINCT CASE WHEN {test} THEN day END)"


def _share(part: str, whole: str) -> str:
    return f"{_count(f'{whole} AND {part}')} / nullif({_count(whole)}, 0)"


def _pace(days: int, of: str = "true") -> str:
    """Return how often it happened lately over how often since it first did."""
    since = f"max(CASE WHEN {of} THEN day END)"
    return f"{_count(f'{of} AND ago < {days}')} * {since} / nullif({days} * {_count(of)}, 0)"


EVENTS: Final[Mapping[str, str]] = {
    "orders_30d": _count(f"{_BOUGHT} AND ago < 30"),
    "orders_60d": _count(f"{_BOUGHT} AND ago < 60"),
    "orders_90d": _count(f"{_BOUGHT} AND ago < 90"),
    "orders_365d": _count(_YEAR),
    "orders_before_90d": _count(f"{_BOUGHT} AND ago >= 90 AND ago < 180"),
    "order_trend": f"3 * {_count(f'{_BOUGHT} AND ago < 60')} / "
    f"nullif({_count(f'{_BOUGHT} AND ago >= 60 AND ago < 240')}, 0)",
    "spent_90d": f"sum(CASE WHEN ago < 90 THEN {_NET} END)",
    "spent_365d": f"sum(CASE WHEN ago < 365 THEN {_NET} END)",
    "spent_before_90d": f"sum(CASE WHEN ago >= 90 AND ago < 180 THEN {_NET} END)",
    "order_value_365d": f"avg(CASE WHEN {_YEAR} THEN amount END)",
    "largest_order_365d": f"max(CASE WHEN {_YEAR} THEN amount END)",
    "usual_order_365d": f"(sum(CASE WHEN {_YEAR} THEN amount END) - max(CASE WHEN {_YEAR} THEN amount END)) / "
    f"nullif({_count(_YEAR)} - 1, 0)",
    "days_since_order": f"min(CASE WHEN {_BOUGHT} THEN day END)",
    "days_since_first_order": f"max(CASE WHEN {_BOUGHT} THEN day END)",
    "order_days_365d": _days(_YEAR),
    "overdue": f"min(CASE WHEN {_BOUGHT} THEN day END) * {_count(_BOUGHT)} / "
    f"nullif(max(CASE WHEN {_BOUGHT} THEN day END), 0)",
    "refunds_365d": _count("name = 'order.refunded' AND ago < 365"),
    "days_since_seen": "min(day)",
    "days_known": "max(day)",
    "visit_days_30d": _days("ago < 30"),
    "visit_days_60d": _days("ago < 60"),
    "visit_days_before_60d": _days("ago >= 30 AND ago < 90"),
    "visit_days_365d": _days("ago < 365"),
    "visit_trend": f"3 * {_days('ago < 60')} / nullif({_days('ago >= 60 AND ago < 240')}, 0)",
    "views_30d": _count("name = 'product.viewed' AND ago < 30"),
    "carts_30d": _count("name = 'cart.item_added' AND ago < 30"),
    "live_30d": _count(f"{_LIVE} AND ago < 30"),
    "live_60d": _count(f"{_LIVE} AND ago < 60"),
    "live_90d": _count(f"{_LIVE} AND ago < 90"),
    "live_talks_90d": _count("name = 'live_stream.interacted' AND ago < 90"),
    "live_share_365d": f"{_count(f'{_LIVE} AND ago < 365')} / nullif({_days('ago < 365')}, 0)",
    "coupons_90d": _count("name = 'coupon.redeemed' AND ago < 90"),
    "pace_30d": _pace(30),
    "pace_60d": _pace(60),
    "pace_90d": _pace(90),
    "order_pace_60d": _pace(60, _BOUGHT),
    "missed_60d": f"60 * count(*) / nullif(max(day), 0) - {_count('ago < 60')}",
    "orders_ever": _count(_BOUGHT),
    "orders_180d": _count(f"{_BOUGHT} AND ago < 180"),
}
ITEMS: Final[Mapping[str, str]] = {
    "discounted_share_365d": _share("discount > 0", _YEAR),
    "coupon_share_365d": _share("coupon > 0", _YEAR),
    "saved_share_365d": _share("(discount > 0 OR coupon > 0)", _YEAR),
    "baby_share_365d": _share(f"item_group IN {BABY}", _YEAR),
    "appliance_share_365d": _share(f"item_group IN {APPLIANCES}", _YEAR),
    "scene_share_365d": _share(_SCENE, _YEAR),
    "scene_seen_share_365d": _share(_SCENE, _SEEN),
    "scene_items_90d": _count(f"{_BOUGHT} AND ago < 90 AND {_SCENE}"),
    "scene_views_30d": _count(f"name = 'product.viewed' AND ago < 30 AND {_SCENE}"),
    "categories_365d": f"count(DISTINCT CASE WHEN {_YEAR} THEN item_group END)",
}
# In the order that rules are asked in.
RULES: Final[Mapping[str, str]] = {
    "lost": "days_since_seen >= 90",
    "potential_new": "days_since_seen < 30 AND orders_ever < 2",
    "about_to_churn": "orders_365d >= 3 AND days_since_order >= 45",
    "high_value_repeat": "spent_365d > 500000 AND orders_365d >= 2",
    "live_stream_active": "live_30d >= 3",
    "price_sensitive": "saved_share_365d >= 0.5 AND orders_365d >= 2",
    "scenario_driven": "scene_items_90d >= 3 OR scene_views_30d >= 3",
    "loyal_regular": "orders_180d >= 6",
}


def by_sql(people: int, done: Happenings, hours: int) -> dict[str, Numbers]:
    """Return every feature, and in `rule` the place of the first rule that holds (-1: none), a row a person.

    `hours` of the instant's day are over by its zone.
    """
    name, group = np.asarray(NAMES)[done.name], np.asarray(GROUPS)[done.line_group]
    day = np.floor(done.ago + 1 - hours / 24)
    of = done.line_event
    events = {"person": done.person, "ago": done.ago, "day": day, "name": name, "amount": done.amount}
    items = {"person": done.person[of], "ago": done.ago[of], "name": name[of], "item_group": group}
    items |= {"discount": done.line_discount, "coupon": done.line_coupon}
    cases = " ".join(f"WHEN {test} THEN {place}" for place, test in enumerate(RULES.values()))
    with duckdb.connect() as connection:
        connection.register("people", pa.table({"person": np.arange(people)}))
        connection.register("events", pa.table(events))
        connection.register("items", pa.table(items))
        table: Any = connection.sql(f"""
            SELECT *, CASE {cases} ELSE -1 END AS rule FROM people
            LEFT JOIN (SELECT person, {_columns(EVENTS)} FROM events GROUP BY person) USING (person)
            LEFT JOIN (SELECT person, {_columns(ITEMS)} FROM items GROUP BY person) USING (person)
            ORDER BY person
        """).to_arrow_table()
    return {one: np.asarray(table[one].to_numpy(zero_copy_only=False), np.float64) for one in table.column_names}


def _columns(told: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} AS {name}" for name, sql in told.items())
