"""The one-step journey of the benches: something happens, a message goes out by signed webhook."""

from uuid import uuid4

from commands.campaigns.create_campaign import CreateCampaign, create_campaign
from commands.campaigns.design_journey import DesignJourney, design_journey
from commands.campaigns.launching import LaunchCampaign, launch_campaign
from commands.runtime.context import Context
from commands.runtime.event_store import open_event_store
from workers.bench.stack import Stack

_JOURNEY = {
    "nodes": {
        "begin": {"type": "trigger", "event": "cart.item_added", "next": "tell"},
        "tell": {"type": "send", "channel": "webhook", "template": "hello", "purpose": "service", "next": None},
    }
}
_TEMPLATES = {"hello": {"zh": {"text": "您的购物车在等您 ${marker}"}}}


async def launch(stack: Stack) -> None:
    """Create, design and launch it."""
    by = Context(actor="bench")
    async with open_event_store(stack.settings.database_url, stack.secrets.master_key) as store:
        campaign_id = uuid4()
        create = CreateCampaign(campaign_id=campaign_id, name="bench", currency="CNY")
        await create_campaign(create, streams=store.streams, by=by)
        design = DesignJourney(campaign_id=campaign_id, journey=_JOURNEY, templates=_TEMPLATES)
        await design_journey(design, streams=store.streams, by=by)
        await launch_campaign(LaunchCampaign(campaign_id=campaign_id), streams=store.streams, by=by)


def added(marker: str) -> dict[str, object]:
    """Return the event that begins it, from a customer nobody has seen before."""
    return {
        "type": "track",
        "messageId": f"m-{marker}",
        "userId": f"member-{marker}",
        "anonymousId": f"device-{marker}",
        "event": "Product Added",
        "properties": {"product_id": "sku-1", "marker": marker},
    }
