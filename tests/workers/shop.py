"""A whole Koi with one campaign live, and a shop that posts to it as trackers do: again until it is acknowledged."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from commands.campaigns.add_offer import AddOffer, add_offer
from commands.campaigns.create_campaign import CreateCampaign, create_campaign
from commands.campaigns.design_journey import DesignJourney, design_journey
from commands.campaigns.launching import LaunchCampaign, launch_campaign
from commands.runtime.context import Context
from commands.runtime.event_store import open_event_store
from domain.campaigns.offer import Offer
from tests.patience import PATIENCE, patiently
from tests.workers.seen import seen
from workers.bench.stack import Stack, running

_TEMPLATES = {"come-back": {"zh": {"subject": "购物车", "text": "送您 ${coupon_value} 元:${coupon_code}"}}}


def cart_journey(wait_seconds: float, channel: str = "sandbox") -> dict[str, Any]:
    """Return the journey of the demo: added to cart, wait, unless paid a coupon and a message."""
    paid = {"event": "order.completed", "next": "paid"}
    return {
        "nodes": {
            "begin": {"type": "trigger", "event": "cart.item_added", "next": "wait"},
            "wait": {"type": "wait", "seconds": wait_seconds, "unless": paid, "next": "coupon"},
            "coupon": {"type": "issue_coupon", "offer_id": "five-yuan", "next": "tell"},
            "tell": {"type": "send", "channel": channel, "template": "come-back", "next": None},
            "paid": {"type": "exit", "reason": "paid"},
        }
    }


class Shop:
    """The shop's side of a running Koi."""

    def __init__(self, stack: Stack, client: httpx.AsyncClient) -> None:
        self.stack = stack
        self.client = client
        self.acknowledged: set[str] = set()
        self.campaign_id = uuid4()

    async def launch(self, journey: dict[str, Any]) -> None:
        """Make a campaign with a 5-yuan offer and this journey, and launch it."""
        by = Context(actor="li")
        async with open_event_store(self.stack.settings.database_url, self.stack.secrets.master_key) as store:
            streams = store.streams
            create = CreateCampaign(campaign_id=self.campaign_id, name="购物车挽回", currency="CNY")
            await create_campaign(create, streams=streams, by=by)
            offer = Offer(
                offer_id="five-yuan",
                label="5 元券",
                value=500,
                threshold=0,
                currency="CNY",
                valid_seconds=86_400,
                stock=None,
                per_customer=1,
            )
            await add_offer(AddOffer(campaign_id=self.campaign_id, offer=offer), streams=streams, by=by)
            design = DesignJourney(campaign_id=self.campaign_id, journey=journey, templates=_TEMPLATES)
            await design_journey(design, streams=streams, by=by)
            await launch_campaign(LaunchCampaign(campaign_id=self.campaign_id), streams=streams, by=by)

    async def post(self, events: Sequence[dict[str, Any]]) -> int:
        """Post a batch until it is acknowledged, as SDKs do; returns its position in the log."""
        async with self._patience("a batch is not acknowledged"):
            while True:
                try:
                    answer = await self.client.post(
                        "/v1/batch", json={"batch": events}, auth=(self.stack.secrets.write_key, "")
                    )
                except httpx.TransportError:
                    await asyncio.sleep(0.05)  # the API is away: this is the SDK's pause before it tries again
                    continue
                if answer.status_code == httpx.codes.OK:
                    self.acknowledged.update(event["messageId"] for event in events)
                    return int(answer.headers["koi-position"])
                assert answer.status_code >= 500 or answer.status_code == 429, answer.text
                await asyncio.sleep(0.05)

    async def ask(self, query: str, *parameters: object) -> Any:
        """Ask the database, waiting for it to be back if need be."""
        async with self._patience("the database does not answer"):
            while True:
                try:
                    connection = await asyncpg.connect(self.stack.settings.database_url)
                except (OSError, asyncpg.PostgresError):
                    await asyncio.sleep(0.05)
                    continue
                try:
                    return await connection.fetchval(query, *parameters)
                finally:
                    await connection.close()

    @asynccontextmanager
    async def _patience(self, failing: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(PATIENCE):
                yield
        except TimeoutError:
            raise AssertionError(f"{failing}\n{await seen(self.stack)}") from None

    async def until(self, query: str, *parameters: object) -> None:
        """Return once the query's answer is true; else fail, and tell what the whole Koi looks like."""

        async def told(answer: object) -> str:
            return f"{query} with {parameters} says {answer}\n{await seen(self.stack)}"

        await patiently(lambda: self.ask(query, *parameters), told, step=0.05)


def track(event: str, member: str, message_id: str, **properties: object) -> dict[str, Any]:
    """Return a track message of a known member."""
    return {
        "type": "track",
        "messageId": message_id,
        "userId": member,
        "event": event,
        "properties": properties,
        "timestamp": datetime.now(UTC).isoformat(),
    }


@asynccontextmanager
async def open_shop(**settings: str) -> AsyncIterator[Shop]:
    """Start a Koi of its own and a client at its door."""
    async with (
        running(settings) as stack,
        httpx.AsyncClient(base_url=stack.settings.api_url, timeout=30) as client,
    ):
        yield Shop(stack, client)
