"""Campaigns: create, design, offer, launch, pause; one at a glance, or all."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import asyncpg
import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import Body, FromPath, JSONBody, SkipValidation
from litestar.status_codes import HTTP_202_ACCEPTED

from api.answers import read
from api.auth import needs
from api.commanding import Change, Creation, Done
from api.idempotency import Asked
from api.openapi import CHANGE, CREATE, READ, READ_ONE
from api.pages import Page, Paging
from api.positions import Positions
from commands.access.scope import Scope
from commands.campaigns.add_offer import AddOffer, add_offer
from commands.campaigns.create_campaign import CreateCampaign, create_campaign
from commands.campaigns.design_journey import DesignJourney, design_journey
from commands.campaigns.launching import LaunchCampaign, PauseCampaign, launch_campaign, pause_campaign
from commands.runtime.clock import now
from commands.runtime.streams import Streams
from domain.campaigns.errors import CampaignNotFoundError
from domain.campaigns.offer import Offer
from domain.kernel.ids import derived
from projections.campaign_overview import queries
from projections.campaign_overview.queries import CampaignOverview

_READ: Final = (needs(Scope.READ),)
_COMMAND: Final = (needs(Scope.COMMAND),)
_CHANGE: Final[dict[str, Any]] = {"guards": _COMMAND, "responses": CHANGE, "status_code": HTTP_202_ACCEPTED}
_VIEW: Final = "campaign_overview"
_OFFER: Final = Example(
    value={"offer_id": "cart-5-off", "label": "满 20 减 5", "value": 500, "threshold": 2000, "currency": "CNY"}
)

Changing = NamedDependency[SkipValidation[Change]]
With = NamedDependency[SkipValidation[Streams]]


class NewCampaign(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A campaign's name, its currency, and when it runs (times with their zone)."""

    name: str
    currency: str = "CNY"
    description: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    external_id: str | None = None


class Design(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A journey's graph, and the wordings of its messages by key and language."""

    journey: dict[str, Any]
    templates: dict[str, Any] = {}


class Versioned(Done, frozen=True, kw_only=True):
    """It is done, and concerns this version of the journey."""

    journey_version: int


class CampaignController(Controller):
    """Campaigns."""

    path = "/api/v1/campaigns"
    tags = ("campaigns",)

    @get("/", operation_id="ListCampaigns", summary="List campaigns", guards=_READ, responses=READ)
    async def overview(
        self,
        wait_for: NamedDependency[int | None],
        pool: NamedDependency[SkipValidation[asyncpg.Pool]],
        positions: NamedDependency[SkipValidation[Positions]],
        paging: NamedDependency[SkipValidation[Paging]],
    ) -> Response[Page[CampaignOverview]]:
        """List every campaign with its offers, the newest first."""
        position = await positions.reached(_VIEW, wanted=wait_for)
        of = ("campaigns",)
        found = await queries.campaigns(pool, now(), before=paging.after(of, int), limit=paging.one_more)
        return paging.page(of, found, lambda last: last.position, position)

    @get("/{campaign_id:uuid}", operation_id="GetCampaign", summary="Show a campaign", guards=_READ, responses=READ_ONE)
    async def show(
        self,
        campaign_id: FromPath[UUID],
        wait_for: NamedDependency[int | None],
        pool: NamedDependency[SkipValidation[asyncpg.Pool]],
        positions: NamedDependency[SkipValidation[Positions]],
    ) -> Response[CampaignOverview]:
        """Show what a campaign offers, which version of its journey is live, and how many customers entered."""
        position = await positions.reached(_VIEW, wanted=wait_for)
        found = await queries.campaign(pool, campaign_id, now())
        if found is None:
            raise CampaignNotFoundError("there is no campaign with this id")
        return read(found, position, version=found.version)

    @post("/", operation_id="CreateCampaign", summary="Create a campaign", guards=_COMMAND, responses=CREATE)
    async def create(
        self,
        data: JSONBody[NewCampaign],
        asked: NamedDependency[Asked],
        creation: NamedDependency[SkipValidation[Creation]],
        streams: With,
    ) -> Response[Done]:
        """Begin a campaign; it does nothing before it has a journey and is launched."""
        campaign_id = derived("campaign", asked.command_id)
        command = CreateCampaign(campaign_id=campaign_id, **msgspec.structs.asdict(data))
        return await creation.done(
            lambda by: create_campaign(command, streams=streams, by=by),
            Done,
            location="/api/v1/campaigns/{id}",
            subject=campaign_id,
        )

    @post("/{campaign_id:uuid}/design", operation_id="DesignJourney", summary="Design the journey", **_CHANGE)
    async def design(
        self, campaign_id: FromPath[UUID], data: JSONBody[Design], change: Changing, streams: With
    ) -> Response[Versioned]:
        """Check a graph with its wordings and keep it as the next version; customers enter it after a launch."""
        command = DesignJourney(
            campaign_id=campaign_id,
            journey=data.journey,
            templates=data.templates,
            expected_version=change.expected_version,
        )
        return await change.done(
            lambda by: design_journey(command, streams=streams, by=by), Versioned, subject=campaign_id
        )

    @post("/{campaign_id:uuid}/offers", operation_id="AddOffer", summary="Add an offer", **_CHANGE)
    async def offer(
        self,
        campaign_id: FromPath[UUID],
        data: Annotated[Offer, Body(examples=[_OFFER])],
        change: Changing,
        streams: With,
    ) -> Response[Done]:
        """Add terms under which coupons can be issued; they are promised, so they never change."""
        command = AddOffer(campaign_id=campaign_id, offer=data, expected_version=change.expected_version)
        return await change.done(lambda by: add_offer(command, streams=streams, by=by), Done, subject=campaign_id)

    @post("/{campaign_id:uuid}/launch", operation_id="LaunchCampaign", summary="Launch a campaign", **_CHANGE)
    async def launch(self, campaign_id: FromPath[UUID], change: Changing, streams: With) -> Response[Versioned]:
        """Let customers enter the latest version of the journey, also after a pause; needs an Idempotency-Key."""
        command = LaunchCampaign(campaign_id=campaign_id, expected_version=change.expected_version)
        return await change.done(
            lambda by: launch_campaign(command, streams=streams, by=by), Versioned, needs_key=True, subject=campaign_id
        )

    @post("/{campaign_id:uuid}/pause", operation_id="PauseCampaign", summary="Pause a campaign", **_CHANGE)
    async def pause(self, campaign_id: FromPath[UUID], change: Changing, streams: With) -> Response[Done]:
        """Stop entries, coupons and messages until it is launched again."""
        command = PauseCampaign(campaign_id=campaign_id, expected_version=change.expected_version)
        return await change.done(lambda by: pause_campaign(command, streams=streams, by=by), Done, subject=campaign_id)
