"""Coupons: issue one by hand, redeem one; one of them, or those of a customer."""

from typing import Annotated, Any, Final
from uuid import UUID

import asyncpg
import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation
from litestar.status_codes import HTTP_202_ACCEPTED

from api.answers import read
from api.auth import Caller, needs
from api.commanding import Change, Creation, Done
from api.members import person
from api.openapi import CHANGE, CREATE, READ, READ_ONE
from api.pages import Page, Paging
from api.positions import Positions
from commands.access.scope import Scope
from commands.coupons.issue_coupon import IssueCoupon, issue_coupon
from commands.coupons.redeem_coupon import RedeemCoupon, redeem_coupon
from commands.identity.customers import existing
from commands.runtime.clock import now
from commands.runtime.event_store import EventStore
from domain.coupons.coupon import CouponNotFoundError
from projections.coupon_ledger import queries
from projections.coupon_ledger.queries import LedgerCoupon

_READ: Final = (needs(Scope.READ),)
_COMMAND: Final = (needs(Scope.COMMAND),)
_CHANGE: Final[dict[str, Any]] = {"guards": _COMMAND, "responses": CHANGE, "status_code": HTTP_202_ACCEPTED}
_VIEW: Final = "coupon_ledger"


class NewCoupon(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which offer of which campaign, for whom, and why: the reason is what an auditor reads."""

    campaign_id: UUID
    offer_id: str
    customer_id: UUID
    reason: str


class Redemption(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The order, and its total before the discount in minor units (fen)."""

    order_ref: str
    amount: int
    currency: str = "CNY"


class Issued(Done, frozen=True, kw_only=True):
    """The coupon, and the code it is redeemed under at a till."""

    code: str


class CouponController(Controller):
    """Coupons."""

    path = "/api/v1/coupons"
    tags = ("coupons",)

    @get("/", operation_id="ListCoupons", summary="List coupons", guards=_READ, responses=READ)
    async def ledger(
        self,
        request: Request[Caller, Any, Any],
        wait_for: NamedDependency[int | None],
        pool: NamedDependency[SkipValidation[asyncpg.Pool]],
        positions: NamedDependency[SkipValidation[Positions]],
        paging: NamedDependency[SkipValidation[Paging]],
        *,
        customer_id: Annotated[UUID | None, QueryParameter(description="Those of this customer's profile.")] = None,
        campaign_id: Annotated[UUID | None, QueryParameter(description="Those of this campaign.")] = None,
        code: Annotated[str | None, QueryParameter(description="The one with this code.")] = None,
    ) -> Response[Page[LedgerCoupon]]:
        """List coupons, the newest first; codes are shown to keys with the scope `command` or `personal`."""
        position = await positions.reached(_VIEW, "identity_graph", wanted=wait_for)
        of = ("coupons", customer_id, campaign_id, code)
        found = await queries.coupons(
            pool,
            before=paging.after(of, int),
            customers=None if customer_id is None else await person(pool, customer_id),
            campaign_id=campaign_id,
            code=code,
            limit=paging.one_more,
        )
        return paging.page(of, [_shown(one, request.user) for one in found], lambda last: last.position, position)

    @get("/{coupon_id:uuid}", operation_id="GetCoupon", summary="Show a coupon", guards=_READ, responses=READ_ONE)
    async def show(
        self,
        request: Request[Caller, Any, Any],
        coupon_id: FromPath[UUID],
        wait_for: NamedDependency[int | None],
        pool: NamedDependency[SkipValidation[asyncpg.Pool]],
        positions: NamedDependency[SkipValidation[Positions]],
    ) -> Response[LedgerCoupon]:
        """Show a coupon and what became of it; `/api/v1/audit/why/{id}` tells why the customer got it."""
        position = await positions.reached(_VIEW, wanted=wait_for)
        found = await queries.coupon(pool, coupon_id)
        if found is None:
            raise CouponNotFoundError("there is no coupon with this id")
        return read(_shown(found, request.user), position, version=found.version)

    @post("/", operation_id="IssueCoupon", summary="Issue a coupon", guards=_COMMAND, responses=CREATE)
    async def issue(
        self,
        data: JSONBody[NewCoupon],
        creation: NamedDependency[SkipValidation[Creation]],
        store: NamedDependency[SkipValidation[EventStore]],
    ) -> Response[Issued]:
        """Give a customer the next coupon of an offer of a live campaign; needs an Idempotency-Key."""
        known_as = await person(store.pool, data.customer_id)
        if len(known_as) == 1:  # alone, or too new for the graph, or nobody
            await existing(store.streams, data.customer_id, field="customer_id")
        command = IssueCoupon(
            campaign_id=data.campaign_id,
            offer_id=data.offer_id,
            customer_id=known_as[0],
            reason=data.reason,
            now=now(),
        )
        return await creation.done(
            lambda by: issue_coupon(command, streams=store.streams, by=by),
            Issued,
            location="/api/v1/coupons/{id}",
            needs_key=True,
        )

    @post("/{coupon_id:uuid}/redeem", operation_id="RedeemCoupon", summary="Redeem a coupon", **_CHANGE)
    async def redeem(
        self,
        coupon_id: FromPath[UUID],
        data: JSONBody[Redemption],
        change: NamedDependency[SkipValidation[Change]],
        store: NamedDependency[SkipValidation[EventStore]],
    ) -> Response[Done]:
        """Take the coupon's value off an order, once; needs an Idempotency-Key."""
        command = RedeemCoupon(
            coupon_id=coupon_id,
            order_ref=data.order_ref,
            amount=data.amount,
            currency=data.currency,
            now=now(),
            expected_version=change.expected_version,
        )
        return await change.done(
            lambda by: redeem_coupon(command, streams=store.streams, by=by), Done, needs_key=True, subject=coupon_id
        )


def _shown(coupon: LedgerCoupon, caller: Caller) -> LedgerCoupon:
    # Who knows the code can spend it.
    if caller.sees_personal or Scope.COMMAND in caller.scopes:
        return coupon
    return msgspec.structs.replace(coupon, code=None)
