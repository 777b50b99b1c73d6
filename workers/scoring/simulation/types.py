"""The types of customers in the made-up town, and how each of them lives.

Every customer has one type, drawn first; her habits are drawn around her type's, wide enough that types overlap, and
what she does is drawn from her habits. The type is the truth; nobody who segments sees it. On purpose the town has what
makes rules of thumb err: pauses (holidays, illness), one large purchase of somebody modest, festivals when everybody
buys at a discount, gifts from another scenario, newcomers of every type, the lost who still open a page now and then.

The figures were written down before anything was measured on them, from no data: they rank methods, and promise nothing
about a shop. `varied` draws other towns, whose figures differ, to see that a method does not hang on these.
"""

from typing import Final

import msgspec
import numpy as np


class Type(msgspec.Struct, frozen=True, kw_only=True):
    """The habits of a type: means and the two parameters of beta distributions.

    `share` of the town; `orders` and `live` (visits to live streams) and `visits` (browsing) a day; `amount` the median
    order in yuan; `discount`, `coupon` and `scene`: how much of what they buy is discounted, paid with a coupon, or of
    their scenario (mother and baby, or home appliances).
    """

    share: float
    orders: float
    amount: float
    visits: float = 0.12
    live: float = 0.02
    discount: tuple[float, float] = (2.0, 5.0)
    coupon: tuple[float, float] = (1.0, 9.0)
    scene: tuple[float, float] = (1.0, 9.0)


TYPES: Final[dict[str, Type]] = {
    "high_value_repeat": Type(share=0.10, orders=0.10, amount=260.0, visits=0.25, discount=(2.0, 6.0)),
    "potential_new": Type(share=0.12, orders=0.012, amount=80.0, visits=0.4),
    "about_to_churn": Type(share=0.12, orders=0.07, amount=100.0),  # of their former life: see FORMER
    "price_sensitive": Type(share=0.16, orders=0.045, amount=70.0, discount=(6.0, 2.5), coupon=(4.0, 3.0)),
    "scenario_driven": Type(share=0.12, orders=0.04, amount=150.0, scene=(5.0, 3.0), visits=0.2),
    "live_stream_active": Type(share=0.10, orders=0.05, amount=95.0, live=0.35),
    "loyal_regular": Type(share=0.14, orders=0.075, amount=75.0, visits=0.15),
    "lost": Type(share=0.14, orders=0.05, amount=90.0),
}
# What the lost and those about to leave were before.
FORMER: Final = ("high_value_repeat", "price_sensitive", "scenario_driven", "live_stream_active", "loyal_regular")


def varied(seed: int) -> dict[str, Type]:
    """Return the types of another town, every figure some tens of per cent away from this one's; 0 is this one."""
    if seed == 0:
        return TYPES
    random = np.random.default_rng(seed)

    def off(spread: float) -> float:
        return float(np.exp(random.normal(0.0, spread)))

    towns = {
        name: Type(
            share=one.share * off(0.3),
            orders=one.orders * off(0.2),
            amount=one.amount * off(0.2),
            visits=one.visits * off(0.2),
            live=one.live * off(0.2),
            discount=(one.discount[0] * off(0.2), one.discount[1] * off(0.2)),
            coupon=(one.coupon[0] * off(0.2), one.coupon[1] * off(0.2)),
            scene=(one.scene[0] * off(0.2), one.scene[1] * off(0.2)),
        )
        for name, one in TYPES.items()
    }
    whole = sum(one.share for one in towns.values())
    return {name: msgspec.structs.replace(one, share=one.share / whole) for name, one in towns.items()}
