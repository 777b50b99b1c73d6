"""The campaign: offers, versions of its journey, and whether customers may enter."""

from collections import Counter
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from domain.campaigns import errors
from domain.campaigns.offer import Offer, OfferTermsError, checked
from domain.kernel import money
from domain.kernel.aggregate import Aggregate
from domain.kernel.event import Event

Standing = Literal["draft", "scheduled", "live", "paused", "ended"]


class Design(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the journey as data, and the wordings of its messages by template key and language."""

    journey: dict[str, Any]
    templates: dict[str, Any]


class Campaign(Aggregate):
    """One campaign. A launched version stays what customers entered; a new design is a new version."""

    class Created(Event, frozen=True, kw_only=True):
        TOPIC = "campaign.created.v1"
        name: str
        currency: str
        description: str = ""
        starts_at: datetime | None = None
        ends_at: datetime | None = None
        external_id: str | None = None

    class Designed(Event, frozen=True, kw_only=True):
        TOPIC = "campaign.designed.v1"
        journey_version: int
        journey: dict[str, Any]
        templates: dict[str, Any]

    class OfferAdded(Event, frozen=True, kw_only=True):
        TOPIC = "campaign.offer_added.v1"
        offer_id: str
        label: str
        value: int
        threshold: int
        currency: str
        valid_seconds: int
        stock: int | None
        per_customer: int
        product_ids: tuple[str, ...] | None = None

    class Launched(Event, frozen=True, kw_only=True):
        TOPIC = "campaign.launched.v1"
        journey_version: int

    class Paused(Event, frozen=True, kw_only=True):
        TOPIC = "campaign.paused.v1"

    class OfferReserved(Event, frozen=True, kw_only=True):
        TOPIC = "campaign.offer_reserved.v1"
        offer_id: str
        coupon_id: UUID
        customer_id: UUID

    def __init__(self, stream_id: UUID) -> None:
        """Begin before the campaign is created."""
        super().__init__(stream_id)
        self.name = ""
        self.currency = ""
        self.starts_at: datetime | None = None
        self.ends_at: datetime | None = None
        self.offers: dict[str, Offer] = {}
        self.reserved: Counter[str] = Counter()
        self.designs: dict[int, Design] = {}
        self.live_version: int | None = None
        self.is_paused = False

    def create(
        self,
        *,
        name: str,
        currency: str,
        description: str = "",
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        external_id: str | None = None,
    ) -> None:
        """Begin a campaign that runs from `starts_at` until before `ends_at` (UTC), where they are given."""
        if self.exists:
            raise errors.CampaignExistsError("the campaign exists already: use another id, or change this one")
        _check_terms(name, starts_at, ends_at)
        self.record(
            Campaign.Created,
            name=name.strip(),
            currency=money.currency(currency),
            description=description,
            starts_at=starts_at,
            ends_at=ends_at,
            external_id=external_id,
        )

    def add_offer(self, offer: Offer) -> None:
        """Add terms for coupons; raises `OfferTermsError` or `OfferExistsError`."""
        self._require_existence()
        offer = msgspec.structs.replace(checked(offer), currency=money.currency(offer.currency))
        if offer.offer_id in self.offers:
            raise errors.OfferExistsError("the campaign has this offer: choose another offer_id", field="offer_id")
        if offer.currency != self.currency:
            detail = f"the campaign is in {self.currency}, so its offers are too"
            raise OfferTermsError(detail, field="currency")
        self.record(Campaign.OfferAdded, **msgspec.structs.asdict(offer))

    def design(self, journey: dict[str, Any], templates: dict[str, Any]) -> int:
        """Keep a checked journey as the next version and return its number; what is live does not change."""
        self._require_existence()
        version = len(self.designs) + 1
        self.record(Campaign.Designed, journey_version=version, journey=journey, templates=templates)
        return version

    def launch(self) -> int:
        """Let customers enter the latest version of the journey, also after a pause; return that version."""
        self._require_existence()
        version = len(self.designs)
        if version == 0:
            raise errors.NothingToLaunchError("the campaign has no journey yet: design one, then launch")
        if version == self.live_version and not self.is_paused:
            detail = f"version {version} is live already: design a new version to change it, or pause the campaign"
            raise errors.AlreadyLaunchedError(detail)
        self.record(Campaign.Launched, journey_version=version)
        return version

    def pause(self) -> None:
        """Stop entries, coupons and messages until it is launched again."""
        self._require_existence()
        if self.live_version is None or self.is_paused:
            raise errors.NotLiveError("the campaign is not live, so there is nothing to pause")
        self.record(Campaign.Paused)

    def reserve(self, offer_id: str, *, coupon_id: UUID, customer_id: UUID) -> None:
        """Take one coupon from the stock of the offer, if it has one; raises `SoldOutError` when none is left."""
        offer = self.offer(offer_id)
        if offer.stock is None:
            return
        if self.left_of(offer_id) == 0:
            raise errors.SoldOutError(f"all {offer.stock} coupons of this offer are given away", field="offer_id")
        self.record(Campaign.OfferReserved, offer_id=offer_id, coupon_id=coupon_id, customer_id=customer_id)

    def offer(self, offer_id: str) -> Offer:
        """Return the terms of an offer; raises `OfferNotFoundError`."""
        try:
            return self.offers[offer_id]
        except KeyError:
            known = ", ".join(sorted(self.offers)) or "none"
            detail = f"the campaign has no such offer; its offers: {known}"
            raise errors.OfferNotFoundError(detail, field="offer_id") from None

    def left_of(self, offer_id: str) -> int | None:
        """How many coupons the stock of an offer still holds; None where there is no limit."""
        stock = self.offer(offer_id).stock
        return None if stock is None else max(0, stock - self.reserved[offer_id])

    def standing(self, at: datetime) -> Standing:
        """Say whether customers may enter and be given coupons at this time (`live`), or why not."""
        if self.live_version is None:
            return "draft"
        if self.ends_at is not None and at >= self.ends_at:
            return "ended"
        if self.is_paused:
            return "paused"
        return "scheduled" if self.starts_at is not None and at < self.starts_at else "live"

    def _require_existence(self) -> None:
        if not self.exists:
            raise errors.CampaignNotFoundError("there is no campaign with this id: create it first")

    def evolve(self, event: Event) -> None:
        match event:
            case Campaign.Created():
                self.name, self.currency = event.name, event.currency
                self.starts_at, self.ends_at = event.starts_at, event.ends_at
            case Campaign.Designed():
                design = Design(journey=event.journey, templates=event.templates)
                self.designs[event.journey_version] = design
            case Campaign.OfferAdded():
                terms = {name: getattr(event, name) for name in Offer.__struct_fields__}
                self.offers[event.offer_id] = Offer(**terms)
            case Campaign.Launched():
                self.live_version, self.is_paused = event.journey_version, False
            case Campaign.Paused():
                self.is_paused = True
            case Campaign.OfferReserved():
                self.reserved[event.offer_id] += 1
            case _:
                pass


def _check_terms(name: str, starts_at: datetime | None, ends_at: datetime | None) -> None:
    if not name.strip():
        raise errors.CampaignTermsError("a campaign needs a name", field="name")
    for field, moment in (("starts_at", starts_at), ("ends_at", ends_at)):
        if moment is not None and moment.tzinfo is None:
            raise errors.CampaignTermsError("a time needs its zone, such as 2026-11-23T09:00:00Z", field=field)
    if starts_at is not None and ends_at is not None and starts_at >= ends_at:
        raise errors.CampaignTermsError("a campaign ends after it starts", field="ends_at")
