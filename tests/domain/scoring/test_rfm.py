"""RFM of one person by stored cut points: as values of the rule language the same as by the batch's numbers."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.rules.history import History, Occurrence
from domain.kernel.rules.judging import value_of
from domain.kernel.rules.world import World
from domain.scoring.reasons import Reason, in_words
from domain.scoring.rfm import CutPoints, as_values, score_of

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
WORLD = World(zone=ZoneInfo("UTC"))
CUTS = CutPoints(
    recency=(3.0, 10.0, 10.0, 40.0),
    frequency=(1.0, 1.0, 2.0, 4.0),
    monetary=(0.0, 500.0, 900.0, 2_000.0),
    window_days=30,
)
ORDERS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 1_000), st.booleans()), max_size=8)


def person(orders: list[tuple[int, int, bool]]) -> History:
    """Somebody who bought (or brought back) so many days ago, for so much."""
    events = [
        Occurrence(
            occurred_at=NOW - timedelta(days=days),
            fact_id=number,
            name="order.refunded" if is_refund else "order.completed",
            fields={"orders": -1 if is_refund else 1, "net_amount": -fen if is_refund else fen, "amount": fen},
        )
        for number, (days, fen, is_refund) in enumerate(sorted(orders, reverse=True))
    ]
    return History(profile_id="1", events=events)


@given(ORDERS)
def test_live_scores_are_those_of_the_cut_points(orders: list[tuple[int, int, bool]]) -> None:
    """Ties, refunds, the border of the window, and nobody who never bought."""
    found = {name: value_of(value, person(orders), NOW, WORLD) for name, value in as_values(CUTS).items()}
    bought = [days for days, _, is_refund in orders if not is_refund]
    if not bought:
        assert set(found.values()) == {None}
        return
    inside = [(-1 if is_refund else 1, fen) for days, fen, is_refund in orders if days < 30]
    expected = {
        "recency": score_of(min(bought), CUTS.recency, less_is_better=True),
        "frequency": score_of(sum(sign for sign, _ in inside), CUTS.frequency),
        "monetary": score_of(sum(sign * fen for sign, fen in inside), CUTS.monetary),
    }
    assert found == expected | {"total": sum(expected.values())}


def test_reasons_are_said_in_both_languages() -> None:
    """Money in major units, shares in percent, nothing as nothing, and unknown features by their key."""
    said = [
        in_words(Reason(feature="spent_30d", value=12_350.0, effect=0.4)),
        in_words(Reason(feature="spent_30d", value=0.0)),
        in_words(Reason(feature="p_alive", value=0.126)),
        in_words(Reason(feature="days_since_last", value=47.0)),
        in_words(Reason(feature="shoe_size", value=None)),
    ]
    assert [one.zh for one in said] == [
        "近 30 天消费 123.5 元",
        "近 30 天没有消费",
        "仍活跃的概率 13%",
        "距上次购买 47 天",
        "shoe_size：-",
    ]
    assert said[3].en == "47 days since the last purchase"
    assert in_words(Reason(feature="days_since_last", value=0.0)).zh == "距上次购买 0 天"
