"""What the people of the made-up town did: orders with their lines, views, carts, live streams."""

from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from workers.scoring.simulation.people import HISTORY, Floats, Ints, People

# Festivals, in days before the instant, and how many orders more they bring everybody who is there.
FESTIVALS: Final = ((14.0, 0.6), (160.0, 0.5), (379.0, 0.6))
BABY: Final = ("formula", "nappies", "baby_food", "pram", "car_seat", "baby_care")
APPLIANCES: Final = ("air_conditioner", "fan", "heating", "large_appliance", "small_appliance")
OTHERS: Final = ("fruit", "vegetables", "meat", "snacks", "drinks", "dairy", "clothing", "shoes", "beauty", "books")
GROUPS: Final = (*BABY, *APPLIANCES, *OTHERS)
NAMES: Final = (
    "order.completed",
    "order.refunded",
    "product.viewed",
    "cart.item_added",
    "live_stream.entered",
    "live_stream.interacted",
    "coupon.redeemed",
)


class Happenings(msgspec.Struct, frozen=True, kw_only=True):
    """One row an event: who (a row of the people), how many days ago, what (a place in `NAMES`), its amount in fen.

    `line_*`: one row an item, of which event, its group (a place in `GROUPS`), amount and discounts in fen.
    """

    person: Ints
    ago: Floats
    name: Ints
    amount: Ints
    line_event: Ints
    line_group: Ints
    line_amount: Ints
    line_discount: Ints
    line_coupon: Ints


class _Times(msgspec.Struct):
    person: Ints
    ago: Floats


def happenings(town: People, random: np.random.Generator) -> Happenings:
    """Draw what everybody did until the instant."""
    regular = _times(town, town.orders, random)
    festive = [_festival(town, ago, more, random) for ago, more in FESTIVALS]
    large = np.flatnonzero((town.large > 0) & (town.large < HISTORY))
    orders = _Times(
        np.concatenate([regular.person, *(one.person for one in festive), large]),
        np.concatenate([regular.ago, *(one.ago for one in festive), town.large[large]]),
    )
    is_festive = np.zeros(orders.person.size, dtype=bool)
    is_festive[regular.person.size : orders.person.size - large.size] = True
    scale = np.exp(random.normal(0.0, 0.6, orders.person.size)) * town.amount[orders.person]
    if large.size:
        scale[-large.size :] = town.large_amount[large]
    return _told(town, orders, scale, is_festive, random)


def _told(
    town: People, orders: _Times, yuan: Floats, is_festive: NDArray[np.bool_], random: np.random.Generator
) -> Happenings:
    lines = 1 + random.poisson(1.5, orders.person.size)
    views, live = _times(town, town.visits, random), _times(town, town.live, random)
    talks = random.random(live.person.size) < 0.3
    carts = random.random(views.person.size) < 0.15
    back = random.random(orders.person.size) < 0.03
    event = np.repeat(np.arange(orders.person.size), lines)
    who = orders.person[event]
    discounted = random.random(event.size) < np.where(is_festive[event], 0.7, town.discount[who])
    by_coupon = random.random(orders.person.size) < town.coupon[orders.person]
    split = np.round(yuan * 100 / lines).astype(np.int64)[event]
    kinds = [orders, orders, views, views, live, live, orders]
    chosen: list[Any] = [slice(None), back, slice(None), carts, slice(None), talks, by_coupon]
    person = np.concatenate([kind.person[which] for kind, which in zip(kinds, chosen, strict=True)])
    ago = np.concatenate([kind.ago[which] for kind, which in zip(kinds, chosen, strict=True)])
    sizes = [kind.person[which].size for kind, which in zip(kinds, chosen, strict=True)]
    name = np.repeat(np.arange(len(NAMES)), sizes)
    total = np.bincount(event, weights=split, minlength=orders.person.size).astype(np.int64)
    amount = np.zeros(person.size, dtype=np.int64)
    amount[: sizes[0]], amount[sizes[0] : sizes[0] + sizes[1]] = total, total[back]
    viewed = np.arange(sum(sizes[:2]), sum(sizes[:3]))
    nothing = np.zeros(views.person.size, dtype=np.int64)
    return Happenings(
        person=person,
        ago=ago,
        name=name,
        amount=amount,
        line_event=np.concatenate([event, viewed]),
        line_group=np.concatenate([_groups(town, who, random), _groups(town, views.person, random)]),
        line_amount=np.concatenate([split, nothing]),
        line_discount=np.concatenate([np.where(discounted, split // 5, 0), nothing]),
        line_coupon=np.concatenate([np.where(by_coupon[event], split // 10, 0), nothing]),
    )


def _times(town: People, rate: Floats, random: np.random.Generator) -> _Times:
    """Draw when, at this rate a day: fully until the turn of her life, then what is left of it, never while away."""
    before = random.poisson(rate * (town.joined - np.minimum(town.turn, town.joined)))
    after = random.poisson(rate * town.left * np.minimum(town.turn, town.joined))
    person = np.concatenate([np.repeat(np.arange(rate.size), before), np.repeat(np.arange(rate.size), after)])
    share = random.random(person.size)
    early = np.arange(person.size) < before.sum()
    turn = np.minimum(town.turn, town.joined)[person]
    ago = np.where(early, turn + share * (town.joined[person] - turn), share * turn)
    return _there(town, person, ago)


def _festival(town: People, ago: float, more: float, random: np.random.Generator) -> _Times:
    there = (town.joined > ago) * np.where(town.turn > ago, town.left, 1.0)
    person = np.repeat(np.arange(there.size), random.poisson(more * there))
    return _there(town, person, ago + random.random(person.size) * 2.0)


def _there(town: People, person: Ints, ago: Floats) -> _Times:
    away = (ago < town.pause_since[person]) & (ago > town.pause_until[person])
    kept = ~away & (ago < HISTORY)
    return _Times(person[kept], ago[kept])


def _groups(town: People, who: Ints, random: np.random.Generator) -> Ints:
    """Draw what the goods are: of the person's own scenario as often as is her habit, else one of the others."""
    of_scene = random.random(who.size) < town.scene[who]
    baby = random.integers(0, len(BABY), who.size)
    appliance = random.integers(len(BABY), len(BABY) + len(APPLIANCES), who.size)
    other = random.integers(len(BABY) + len(APPLIANCES), len(GROUPS), who.size)
    return np.where(of_scene, np.where(town.is_baby[who], baby, appliance), other)
