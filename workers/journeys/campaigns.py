"""The campaigns whose journeys react to facts, as this process knows them."""

from collections.abc import Collection, Iterator
from uuid import UUID

import asyncpg
import msgspec

from commands.runtime.streams import Streams
from domain.campaigns.campaign import Campaign
from domain.journeys import graph

_CHANGED = """
    SELECT coalesce(max(notification_id), $1) AS head,
           array_agg(DISTINCT originator_id) FILTER (
               WHERE topic LIKE 'campaign.%' AND topic NOT LIKE 'campaign.offer_reserved.%') AS changed
    FROM decision_log WHERE notification_id > $1
"""


class Reacting(msgspec.Struct, frozen=True):
    """A campaign and the names of the facts any version of its journey reacts to."""

    campaign: Campaign
    events: frozenset[str]


class Campaigns:
    """All campaigns that were ever launched; brought up to a position of the log when a worker needs them there."""

    def __init__(self, pool: asyncpg.Pool, streams: Streams) -> None:
        """Begin with nothing known."""
        self._pool = pool
        self._streams = streams
        self._position = -1
        self._reacting: dict[UUID, Reacting] = {}

    async def come_to(self, position: int) -> None:
        """Know every change of a campaign up to this position."""
        if position <= self._position:
            return
        news = await self._pool.fetchrow(_CHANGED, self._position)
        changed = (news and news["changed"]) or ()
        for campaign_id, campaign in (await self._load(changed)).items():
            self._reacting.pop(campaign_id, None)
            if campaign.live_version is not None:
                self._reacting[campaign_id] = Reacting(campaign, _events(campaign))
        self._position = news["head"] if news else position

    async def _load(self, changed: Collection[UUID]) -> dict[UUID, Campaign]:
        return await self._streams.load_many(Campaign, changed) if changed else {}

    def reacting_to(self, name: str) -> Iterator[Campaign]:
        """Yield the campaigns with a journey that this fact may begin, or whose walks it may concern."""
        for reacting in self._reacting.values():
            if name in reacting.events:
                yield reacting.campaign

    async def get(self, campaign_id: UUID) -> Campaign:
        """Return the campaign as known, or from the log."""
        reacting = self._reacting.get(campaign_id)
        return reacting.campaign if reacting else await self._streams.load(Campaign, campaign_id)


def _events(campaign: Campaign) -> frozenset[str]:
    graphs = (graph.parse(design.journey) for design in campaign.designs.values())
    return frozenset(name for journey in graphs for name in graph.events_of(journey))
