"""Questions to history over HTTP."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx

from commands.campaigns.advance_journey import AdvanceJourney, advance_id, advance_journey
from commands.runtime.context import Context
from commands.runtime.event_store import open_event_store
from domain.campaigns.campaign import Campaign
from domain.coupons.coupon import coupon_id
from domain.journeys.run import JourneyRun, message_id, run_id
from domain.journeys.stimuli import FactHappened, TimerFired
from tests.api.asking import a_name, is_problem, profile, send, timeline, tracked
from tests.api.campaigning import a_live_campaign, post
from tests.api.running import RunningKoi


async def walked(koi: RunningKoi, campaign_id: UUID, customer_id: UUID, fact_id: int) -> UUID:
    """Let the customer walk through the cart journey as the worker would, and return the run's id."""
    run, now = run_id(campaign_id, customer_id), datetime.now(UTC)
    carted = FactHappened(name="Product Added", fact_id=fact_id, occurred_at=now, customer_id=customer_id)
    due = TimerFired(node="half_an_hour", visit=1)
    async with open_event_store(koi.database, koi.secrets.master_key, pool_size=2) as store:
        for stimulus, told_at in ((carted, now), (due, now + timedelta(minutes=30))):
            await advance_journey(
                AdvanceJourney(customer_id=customer_id, stimulus=stimulus, now=told_at),
                campaign=await store.streams.load(Campaign, campaign_id),
                run=await store.streams.load(JourneyRun, run),
                streams=store.streams,
                by=Context(actor="journeys", command_id=advance_id(run, stimulus)),
            )
    return run


async def test_why_she_got_this_coupon_is_told_back_to_the_click(
    koi: RunningKoi, everything: httpx.AsyncClient
) -> None:
    """Coupon, wait, entry, the fact that began it, the launch behind it: from events alone, in both languages."""
    name = a_name()
    live = await a_live_campaign(everything)
    position = await send(everything, tracked(name, "Product Added", properties={"name": "羽绒服"}))
    customer_id = UUID((await profile(everything, f"member_code:{name}", position))["profile_id"])
    (fact,) = [one for one in await timeline(everything, str(customer_id), position) if one["type"] == "fact"]
    campaign_id = UUID(live["id"])
    run = await walked(koi, campaign_id, customer_id, fact["fact_id"])
    given = coupon_id(campaign_id, "cart-5-off", customer_id, 1)
    chain = (await everything.get(f"/api/v1/audit/why/{given}")).json()
    assert [step["topic"] for step in chain["steps"]] == [
        "coupon.issued.v1",
        "journey.wait_ended.v1",
        "journey.wait_started.v1",
        "journey.entered.v1",
        fact["name"],
        "campaign.launched.v1",
        "campaign.created.v1",
    ]
    assert chain["steps"][5]["actor"].startswith("first administrator (key_")
    assert f"because of fact {fact['fact_id']}" in chain["en"]
    assert "5.00 CNY" in chain["en"]
    assert "购物车挽回" in chain["zh"]
    assert all(step["zh"] and step["en"] for step in chain["steps"])
    message = (await everything.get(f"/api/v1/audit/why/{message_id(run, 'tell', 3)}")).json()
    assert message["steps"][0]["topic"] == "message.requested.v1"
    assert "journey.coupon_requested.v1" in [step["topic"] for step in message["steps"]]
    assert message["steps"][-2:] == chain["steps"][-2:]
    entered = chain["steps"][3]["position"]
    by_position = (await everything.get(f"/api/v1/audit/why/{entered}")).json()
    assert by_position["steps"] == chain["steps"][3:]
    of_fact = (await everything.get(f"/api/v1/audit/why/fact:{fact['fact_id']}")).json()
    assert of_fact["steps"] == chain["steps"][4:5]


async def test_a_redemption_is_explained_with_the_coupon_behind_it(everything: httpx.AsyncClient) -> None:
    """Whoever gave it, and why, when it was given by hand."""
    live = await a_live_campaign(everything)
    customer = await post(everything, "/api/v1/customers", identifiers=[{"type": "member_code", "value": a_name()}])
    terms = {"campaign_id": live["id"], "offer_id": "cart-5-off", "customer_id": customer["id"]}
    coupon = await post(everything, "/api/v1/coupons", **terms, reason="an apology")
    done = await post(everything, f"/api/v1/coupons/{coupon['id']}/redeem", 1, order_ref="T-1", amount=9_900)
    chain = (await everything.get(f"/api/v1/audit/why/{done['position']}")).json()
    topics = [step["topic"] for step in chain["steps"]]
    assert topics == ["coupon.redeemed.v1", "coupon.issued.v1", "campaign.launched.v1", "campaign.created.v1"]
    assert "an apology" in chain["en"]
    assert coupon["code"] not in str(chain)


async def test_a_stream_shows_its_events_and_any_state_it_was_in(
    koi: RunningKoi, everything: httpx.AsyncClient
) -> None:
    """At a position or at a time; personal values only for those who may see them."""
    name = a_name()
    made = await post(
        everything,
        "/api/v1/customers",
        identifiers=[{"type": "member_code", "value": name}],
        attributes={"name": "王芳", "tier": "silver"},
    )
    url = f"/api/v1/audit/streams/{made['id']}"
    path = f"/api/v1/customers/{made['id']}"
    between = datetime.now(UTC)
    await post(everything, f"{path}/attributes", made["version"], attributes={"tier": "gold"})
    events = (await everything.get(url)).json()["items"]
    assert [event["topic"] for event in events] == [
        "customer.registered.v1",
        "customer.attributes_changed.v1",
        "customer.attributes_changed.v1",
    ]
    assert events[1]["payload"] == {"attributes": {"tier": "silver"}, "personal": {"name": "王芳"}}
    assert events[1]["meta"]["actor"].startswith("first administrator (key_")
    for at in (made["position"], between.isoformat()):
        then = (await everything.get(f"{url}/state", params={"at": at})).json()
        assert (then["kind"], then["version"]) == ("Customer", made["version"])
        assert then["state"]["attributes"]["tier"]["value"] == "silver"
    current = (await everything.get(f"{url}/state")).json()
    assert current["state"]["attributes"]["tier"]["value"] == "gold"
    async with koi.client("audit") as auditor:
        sealed = (await auditor.get(f"{url}/state")).json()
        page = await auditor.get(url, params={"limit": 2})
    assert sealed["state"]["attributes"]["name"]["value"] == "***"
    assert name not in str(sealed)
    assert page.json()["items"][1]["payload"]["personal"] == {"name": "***"}
    assert len((await everything.get(page.links["next"]["url"])).json()["items"]) == 1


async def test_what_never_happened_cannot_be_explained(everything: httpx.AsyncClient) -> None:
    """An unknown id is 404, a question that is none is 422, and a state before the beginning does not exist."""
    nothing = uuid4()
    is_problem(await everything.get(f"/api/v1/audit/streams/{nothing}"), 404, "stream.not_found")
    is_problem(await everything.get(f"/api/v1/audit/streams/{nothing}/state"), 404, "stream.not_found")
    for about in (nothing, 999_999_999, "fact:999999999"):
        is_problem(await everything.get(f"/api/v1/audit/why/{about}"), 404, "audit.nothing_there")
    for about in ("why", "fact:x", "9" * 30):
        is_problem(await everything.get(f"/api/v1/audit/why/{about}"), 422, "input.invalid")
    made = await post(everything, "/api/v1/customers", identifiers=[{"type": "member_code", "value": a_name()}])
    url = f"/api/v1/audit/streams/{made['id']}/state"
    is_problem(await everything.get(url, params={"at": "2020-01-01T00:00:00Z"}), 404, "stream.not_found")
    for wrong in ("yesterday", "2026-01-01T00:00:00", "9" * 30):
        is_problem(await everything.get(url, params={"at": wrong}), 422, "input.invalid")
