"""The coupon: one promise to one customer, redeemed at most once."""

from datetime import datetime, timedelta
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from domain.kernel.aggregate import Aggregate
from domain.kernel.errors import AlreadyExistsError, DomainError, InvalidInputError, NotFoundError
from domain.kernel.event import Event
from domain.kernel.ids import derived

# Without 0 and O, 1 and I and L: read aloud at a till, they are the same.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 12  # 31^12 is about 2^59: not to be guessed at a till or over the API


class CouponNotFoundError(NotFoundError):
    """There is no coupon with this id or code."""

    code: ClassVar[str] = "coupon.not_found"


class CouponExistsError(AlreadyExistsError):
    """The coupon was issued before."""

    code: ClassVar[str] = "coupon.exists"


class AlreadyRedeemedError(DomainError):
    """A coupon is good for one order."""

    code: ClassVar[str] = "coupon.already_redeemed"


class CouponExpiredError(DomainError):
    """The coupon's time is over."""

    code: ClassVar[str] = "coupon.expired"


class CouponVoidError(DomainError):
    """The coupon was withdrawn."""

    code: ClassVar[str] = "coupon.void"


class BelowThresholdError(DomainError):
    """The order is too small for the coupon."""

    code: ClassVar[str] = "coupon.below_threshold"


class WrongCurrencyError(InvalidInputError):
    """The order is in another currency than the coupon."""

    code: ClassVar[str] = "coupon.wrong_currency"


class NotYetExpiredError(DomainError):
    """The coupon is still good."""

    code: ClassVar[str] = "coupon.not_yet_expired"


class Because(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why the coupon was issued: the step of a journey and the fact that began it, or the reason a person gave."""

    run_id: UUID | None = None
    node: str | None = None
    visit: int | None = None
    fact_id: int | None = None
    reason: str | None = None


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What is promised to whom: `value` off an order of at least `threshold` (minor units), for `valid_seconds`."""

    campaign_id: UUID
    offer_id: str
    customer_id: UUID
    value: int
    threshold: int
    currency: str
    valid_seconds: int
    product_ids: tuple[str, ...] | None = None


def coupon_id(campaign_id: UUID, offer_id: str, customer_id: UUID, nth: int) -> UUID:
    """Name the customer's `nth` coupon (from 1) of an offer: asking twice names the same coupon."""
    return derived("coupon", campaign_id, offer_id, customer_id, nth)


class Coupon(Aggregate):
    """One coupon; `status` is `unissued` until it is issued, amounts are minor units (fen)."""

    class Issued(Event, frozen=True, kw_only=True):
        TOPIC = "coupon.issued.v1"
        campaign_id: UUID
        offer_id: str
        customer_id: UUID
        code: str
        value: int
        threshold: int
        currency: str
        expires_at: datetime
        because: Because
        product_ids: tuple[str, ...] | None = None

    class Redeemed(Event, frozen=True, kw_only=True):
        TOPIC = "coupon.redeemed.v1"
        order_ref: str
        amount: int

    class Expired(Event, frozen=True, kw_only=True):
        TOPIC = "coupon.expired.v1"

    class Voided(Event, frozen=True, kw_only=True):
        TOPIC = "coupon.voided.v1"
        reason: str

    def __init__(self, stream_id: UUID) -> None:
        """Begin before the coupon is issued."""
        super().__init__(stream_id)
        self.status: Literal["unissued", "issued", "redeemed", "expired", "voided"] = "unissued"
        self.issued: Coupon.Issued | None = None

    def issue(self, terms: Terms, *, code: str, because: Because, now: datetime) -> None:
        """Promise it to the customer from `now` on; raises `CouponExistsError`."""
        if self.exists:
            raise CouponExistsError("this coupon was issued before")
        self.record(
            Coupon.Issued,
            campaign_id=terms.campaign_id,
            offer_id=terms.offer_id,
            customer_id=terms.customer_id,
            code=code,
            value=terms.value,
            threshold=terms.threshold,
            currency=terms.currency,
            expires_at=now + timedelta(seconds=terms.valid_seconds),
            because=because,
            product_ids=terms.product_ids,
        )

    def redeem(self, *, order_ref: str, amount: int, currency: str, now: datetime) -> None:
        """Take the coupon's value off an order of `amount` before the discount, in minor units of `currency`."""
        terms = self._usable()
        if now >= terms.expires_at:
            raise CouponExpiredError(f"the coupon was good until {terms.expires_at.isoformat()}")
        if not order_ref.strip():
            raise InvalidInputError("name the order that the coupon is redeemed on", field="order_ref")
        if currency != terms.currency:
            raise WrongCurrencyError(f"the coupon is in {terms.currency}", field="currency")
        if amount < terms.threshold:
            detail = f"the order is {terms.threshold - amount} minor units below the threshold of {terms.threshold}"
            raise BelowThresholdError(detail, field="amount")
        self.record(Coupon.Redeemed, order_ref=order_ref, amount=amount)

    def expire(self, now: datetime) -> None:
        """Note that its time is over; raises `NotYetExpiredError` before that."""
        terms = self._usable()
        if now < terms.expires_at:
            raise NotYetExpiredError(f"the coupon is good until {terms.expires_at.isoformat()}")
        self.record(Coupon.Expired)

    def void(self, reason: str) -> None:
        """Withdraw a coupon that was not used."""
        self._usable()
        self.record(Coupon.Voided, reason=reason)

    def _usable(self) -> "Coupon.Issued":
        """Return the terms of a coupon that is still open; raises the error that says why it is not."""
        if self.issued is None:
            raise CouponNotFoundError("there is no such coupon")
        if self.status == "redeemed":
            raise AlreadyRedeemedError("the coupon was redeemed already; a coupon is good for one order")
        if self.status == "expired":
            raise CouponExpiredError(f"the coupon was good until {self.issued.expires_at.isoformat()}")
        if self.status == "voided":
            raise CouponVoidError("the coupon was withdrawn")
        return self.issued

    def evolve(self, event: Event) -> None:
        match event:
            case Coupon.Issued():
                self.status, self.issued = "issued", event
            case Coupon.Redeemed():
                self.status = "redeemed"
            case Coupon.Expired():
                self.status = "expired"
            case Coupon.Voided():
                self.status = "voided"
            case _:
                pass
