"""The real history: every count as its publisher states it, whole, once, and true to the days of the shops."""

from io import StringIO

import pytest
from rich.console import Console

from commands.activity.import_campaigns import campaign_id
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.campaigns.campaign import Campaign
from projections.campaign_overview.projector import PROJECTION as CAMPAIGN_OVERVIEW
from projections.customer_360.projector import PROJECTION as CUSTOMER_360
from tests.projections.following import current
from tests.workers.connectors.delivering import Delivery
from workers.connectors.demo import MAPPINGS, import_demo
from workers.connectors.demo_counts import counted
from workers.connectors.demo_journey import CAMPAIGN_ID, WAIT_SETTING, launch_cart_journey

_NAMES = "SELECT name, count(*) AS facts, count(DISTINCT customer_id) AS households FROM fact_log GROUP BY name"
_RECEIPTS = """
    SELECT count(*) AS lines, sum((line ->> 'amount')::bigint) AS amount
    FROM fact_log f, json_array_elements(f.body -> 'products') AS line WHERE f.name = 'order.completed'
"""
_TOPICS = "SELECT topic, count(*) AS events FROM decision_log GROUP BY topic"
# A redemption by a household that was sent the campaign, within its days, with a coupon of it.
_TRUE_REDEMPTIONS = """
    WITH campaigns AS (
        SELECT state ->> 'external_id' AS id, (state ->> 'starts_at')::timestamptz AS starts_at,
               (state ->> 'ends_at')::timestamptz AS ends_at, stream_id
        FROM decisions WHERE topic = 'campaign.created.v1'
    ), offers AS (
        SELECT stream_id, state ->> 'offer_id' AS id FROM decisions WHERE topic = 'campaign.offer_added.v1'
    ), sent AS (
        SELECT DISTINCT customer_id, body ->> 'campaign_id' AS id FROM fact_log WHERE name = 'campaign.received'
    )
    SELECT count(*) FROM fact_log r
    JOIN campaigns c ON c.id = r.body ->> 'campaign_id' AND r.occurred_at >= c.starts_at AND r.occurred_at < c.ends_at
    JOIN sent s ON s.customer_id = r.customer_id AND s.id = c.id
    JOIN offers o ON o.stream_id = c.stream_id AND o.id = r.body ->> 'offer_id'
    WHERE r.name = 'coupon.redeemed'
"""


@pytest.mark.slow
async def test_the_real_history_is_all_there_once(delivery: Delivery, settings: Settings, secrets: Secrets) -> None:
    """Receipts to the cent, households, campaigns, coupons, redemptions; a second import finds everything known."""
    told = StringIO()
    report = await import_demo(settings, Console(file=told), secrets)
    rows = dict(zip(MAPPINGS, report.files, strict=True))
    assert (rows["transactions"].rows, rows["transactions"].customers) == (1_469_307, 2_469)
    assert (rows["coupons"].rows, rows["coupons"].duplicates, rows["coupons"].items) == (116_204, 4_872, 1_197)
    assert rows["campaign_descriptions"].items == 27
    assert rows["demographics"].items == 801
    assert sum(one.quarantined for one in report.files) == 0
    facts = {row["name"]: (row["facts"], row["households"]) for row in await delivery.pool.fetch(_NAMES)}
    assert facts == {
        "order.completed": (155_848, 2_469),
        "campaign.received": (6_589, 1_559),
        "coupon.redeemed": (2_102, 410),
    }
    receipts = await delivery.pool.fetchrow(_RECEIPTS)
    assert receipts is not None
    assert dict(receipts) == {"lines": 1_469_307, "amount": 459_603_958}
    assert await delivery.pool.fetchval("SELECT sum(amount) FROM fact_log") == 459_603_958
    assert await delivery.pool.fetchval(_TRUE_REDEMPTIONS) == 2_102
    topics = {row["topic"]: row["events"] for row in await delivery.pool.fetch(_TOPICS)}
    assert (topics["customer.registered.v1"], topics["customer.attributes_changed.v1"]) == (2_469, 801)
    # The demo's own campaign, and its one offer, beside those of the study.
    assert (topics["campaign.created.v1"], topics["campaign.offer_added.v1"]) == (27 + 1, 1_197 + 1)
    assert await delivery.is_sealed_truly()
    position = await delivery.pool.fetchval("SELECT max(notification_id) FROM decision_log")
    await current(settings.database_url, position, CUSTOMER_360, CAMPAIGN_OVERVIEW)
    assert [one.what for one in await counted(delivery.pool) if not one.is_right] == []
    before = await delivery.count("decision_log")
    again = await import_demo(settings, Console(file=told), secrets)
    assert {one.outcome for one in again.files} == {"known"}
    assert await delivery.count("decision_log") == before
    assert "155,848 receipts" in told.getvalue()
    assert "all there" in told.getvalue()


async def test_an_imported_campaign_keeps_its_name_in_its_own_system(delivery: Delivery) -> None:
    """So that its offers, and what is told of it later, find it."""
    assert campaign_id("complete-journey", "26") == campaign_id("complete-journey", "26")
    assert campaign_id("complete-journey", "26") != campaign_id("crm", "26")
    assert await delivery.count("decision_log") == 0


async def test_the_cart_journey_is_live_and_stays_as_people_left_it(delivery: Delivery) -> None:
    """Only another wait asked for by the setting makes a new version; a pause is not undone by a restart."""
    streams, by = delivery.into.store.streams, delivery.into.by
    for _ in range(2):
        await launch_cart_journey(streams, by=by, env={})
    campaign = await streams.load(Campaign, CAMPAIGN_ID)
    assert (campaign.live_version, len(campaign.designs), list(campaign.offers)) == (1, 1, ["cart-5-off"])
    campaign.pause()
    await streams.save(campaign, by=by)
    await launch_cart_journey(streams, by=by, env={})
    assert (await streams.load(Campaign, CAMPAIGN_ID)).is_paused
    for _ in range(2):
        await launch_cart_journey(streams, by=by, env={WAIT_SETTING: "5"})
    campaign = await streams.load(Campaign, CAMPAIGN_ID)
    assert (campaign.live_version, campaign.is_paused) == (2, False)
    assert campaign.designs[2].journey["nodes"]["wait"]["seconds"] == 5.0
