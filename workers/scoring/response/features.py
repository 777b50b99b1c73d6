"""What a customer's response is predicted from: what she is known by, and how she answered campaigns before."""

from collections.abc import Mapping
from typing import Final

from domain.kernel.rules.tree import Arithmetic, Last, Measure, Value
from domain.scoring.core import core_features

RECEIVED: Final = "campaign.received"
REDEEMED: Final = "coupon.redeemed"
_QUARTER: Final = Last(amount=90)
_REDEMPTIONS: Final = Measure(events=(REDEEMED,))
_SENDINGS: Final = Measure(events=(RECEIVED,))

_ANSWERS: Final[Mapping[str, Value]] = {
    "redeemed": _REDEMPTIONS,
    "received": _SENDINGS,
    "redeemed_a_campaign": Arithmetic(op="divide", left=_REDEMPTIONS, right=_SENDINGS),
    "campaigns_redeemed": Measure(events=(REDEEMED,), take="distinct", field="campaign_id"),
    "days_since_redeemed": Measure(events=(REDEEMED,), take="days_since_last"),
    "received_90d": Measure(events=(RECEIVED,), within=_QUARTER),
    "departments_90d": Measure(
        events=("order.completed",), of="items", take="distinct", field="category", within=_QUARTER
    ),
}


def response_features() -> Mapping[str, Value]:
    """Return all features by name."""
    return {name: one.value for name, one in core_features().items()} | dict(_ANSWERS)
