"""What a coupon is good for, and when it is not."""

from datetime import timedelta
from uuid import uuid4

from hypothesis import given as whenever
from hypothesis import strategies as st

from domain.coupons import coupon as coupons
from domain.coupons.coupon import Because, Coupon, Terms, coupon_id
from domain.kernel.errors import InvalidInputError, KoiError
from tests.builders import CAMPAIGN, CUSTOMER, NOON, RUN, coupon_issued
from tests.spec import STREAM, given

TERMS = Terms(
    campaign_id=CAMPAIGN,
    offer_id="cart-5-off",
    customer_id=CUSTOMER,
    value=500,
    threshold=5_000,
    currency="CNY",
    valid_seconds=7 * 86_400,
)
BECAUSE = Because(run_id=RUN, node="five_off", visit=2, fact_id=4_711)
REDEEMED = Coupon.Redeemed(order_ref="T2100000000000000001", amount=5_000)


def issue(coupon: Coupon) -> None:
    """Promise it at noon."""
    coupon.issue(TERMS, code="7KQ2M9XRT4HA", because=BECAUSE, now=NOON)


def redeem(coupon: Coupon) -> None:
    """Use it at noon on an order of fifty yuan."""
    coupon.redeem(order_ref="T2100000000000000001", amount=5_000, currency="CNY", now=NOON)


def test_a_coupon_is_issued_to_a_customer_for_a_time() -> None:
    """The event says what was promised, until when, and why."""
    given(Coupon).when(issue).then(coupon_issued())


def test_a_coupon_is_issued_once() -> None:
    """A repeated request finds the coupon that it made the first time."""
    given(Coupon, coupon_issued()).when(issue).then_raises(coupons.CouponExistsError)


def test_a_coupon_is_redeemed_on_an_order() -> None:
    """An order of exactly the threshold is enough."""
    given(Coupon, coupon_issued()).when(redeem).then(REDEEMED)


def test_a_coupon_is_redeemed_once() -> None:
    """Two tills must not both take it."""
    given(Coupon, coupon_issued(), REDEEMED).when(redeem).then_raises(coupons.AlreadyRedeemedError)


def test_an_expired_coupon_is_refused_from_its_last_second_on() -> None:
    """The end of a coupon's time does not belong to it, whether noted already or not."""
    given(Coupon, coupon_issued(expires_at=NOON)).when(redeem).then_raises(coupons.CouponExpiredError)
    late = coupon_issued(expires_at=NOON + timedelta(microseconds=1))
    given(Coupon, late).when(redeem).then(REDEEMED)
    given(Coupon, coupon_issued(), Coupon.Expired()).when(redeem).then_raises(coupons.CouponExpiredError)


def test_an_order_below_the_threshold_is_told_by_how_much() -> None:
    """The customer may add something to the basket."""
    refused = (
        given(Coupon, coupon_issued())
        .when(lambda c: c.redeem(order_ref="T1", amount=4_900, currency="CNY", now=NOON))
        .then_raises(coupons.BelowThresholdError)
    )
    assert "100 minor units" in refused.detail


def test_an_order_in_another_currency_or_without_a_number_is_refused() -> None:
    """Five yuan are not five dollars."""
    given(Coupon, coupon_issued()).when(
        lambda c: c.redeem(order_ref="T1", amount=9_900, currency="USD", now=NOON)
    ).then_raises(coupons.WrongCurrencyError)
    given(Coupon, coupon_issued()).when(
        lambda c: c.redeem(order_ref=" ", amount=9_900, currency="CNY", now=NOON)
    ).then_raises(InvalidInputError)


def test_a_withdrawn_coupon_is_refused() -> None:
    """And one that was used cannot be withdrawn any more."""
    given(Coupon, coupon_issued()).when(lambda c: c.void("issued by mistake")).then(
        Coupon.Voided(reason="issued by mistake")
    )
    given(Coupon, coupon_issued(), Coupon.Voided(reason="fraud")).when(redeem).then_raises(coupons.CouponVoidError)
    given(Coupon, coupon_issued(), REDEEMED).when(lambda c: c.void("late")).then_raises(coupons.AlreadyRedeemedError)


def test_a_coupon_expires_no_earlier_than_promised() -> None:
    """A clock that is ahead does not take a coupon away."""
    given(Coupon, coupon_issued()).when(lambda c: c.expire(NOON)).then_raises(coupons.NotYetExpiredError)
    given(Coupon, coupon_issued()).when(lambda c: c.expire(NOON + timedelta(days=7))).then(Coupon.Expired())


def test_a_coupon_that_was_never_issued_is_good_for_nothing() -> None:
    """An invented id gets no discount."""
    given(Coupon).when(redeem).then_raises(coupons.CouponNotFoundError)


def test_the_same_promise_has_the_same_id() -> None:
    """Asking twice for a customer's first coupon names one coupon, and the second is another."""
    first = coupon_id(CAMPAIGN, "cart-5-off", CUSTOMER, 1)
    assert first == coupon_id(CAMPAIGN, "cart-5-off", CUSTOMER, 1)
    assert (
        len({first, coupon_id(CAMPAIGN, "cart-5-off", CUSTOMER, 2), coupon_id(CAMPAIGN, "cart-5-off", uuid4(), 1)}) == 3
    )


@whenever(st.lists(st.tuples(st.sampled_from(["redeem", "expire", "void"]), st.integers(-8, 8)), max_size=8))
def test_whatever_is_tried_a_coupon_is_used_at_most_once_and_never_after_its_time(tries: list[tuple[str, int]]) -> None:
    """Any order of redeeming, expiring and withdrawing leaves one end, in time."""
    coupon = Coupon.rebuilt(STREAM, [coupon_issued()])
    ended: list[tuple[str, int]] = []
    for what, days in tries:
        now = NOON + timedelta(days=days)
        try:
            match what:
                case "redeem":
                    coupon.redeem(order_ref="T1", amount=9_900, currency="CNY", now=now)
                case "expire":
                    coupon.expire(now)
                case _:
                    coupon.void("mistake")
        except KoiError:
            continue
        ended.append((what, days))
    assert len(ended) <= 1
    assert all(what != "redeem" or days < 7 for what, days in ended)
