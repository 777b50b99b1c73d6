"""Campaigns and coupons over HTTP."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx

from tests.api.asking import a_name, is_problem
from tests.api.campaigning import OFFER, a_live_campaign, post
from tests.api.running import RunningKoi

ANY = {"If-Match": "*"}


async def a_customer(client: httpx.AsyncClient) -> dict[str, Any]:
    """Register somebody."""
    return await post(client, "/api/v1/customers", identifiers=[{"type": "member_code", "value": a_name()}])


async def test_a_launched_campaign_shows_what_it_offers(everything: httpx.AsyncClient) -> None:
    """Every step names the version it was decided on, and the last one is what the overview shows."""
    live = await a_live_campaign(everything, stock=10)
    wait = {"wait_for": live["position"]}
    shown = await everything.get(f"/api/v1/campaigns/{live['id']}", params=wait)
    campaign = shown.json()
    assert (campaign["name"], campaign["standing"], campaign["live_version"]) == ("购物车挽回", "live", 1)
    assert campaign["offers"][0] | OFFER == campaign["offers"][0]
    assert (campaign["offers"][0]["stock"], campaign["offers"][0]["left"]) == (10, 10)
    assert shown.headers["etag"] == f'"v{live["version"]}"'
    listed = await everything.get("/api/v1/campaigns", params=wait | {"limit": 200})
    assert campaign in listed.json()["items"]
    paused = await post(everything, f"/api/v1/campaigns/{live['id']}/pause", live["version"])
    shown = await everything.get(f"/api/v1/campaigns/{live['id']}", params={"wait_for": paused["position"]})
    assert shown.json()["standing"] == "paused"


async def test_a_coupon_issued_by_hand_can_be_redeemed_once(everything: httpx.AsyncClient) -> None:
    """It is found at the till by its code, and a second order does not get it."""
    live, customer = await a_live_campaign(everything, stock=10), await a_customer(everything)
    terms = {"campaign_id": live["id"], "offer_id": "cart-5-off", "customer_id": customer["id"]}
    coupon = await post(everything, "/api/v1/coupons", **terms, reason="an apology")
    wait = {"wait_for": coupon["position"]}
    listed = await everything.get("/api/v1/coupons", params=wait | {"customer_id": customer["id"]})
    by_code = await everything.get("/api/v1/coupons", params=wait | {"code": coupon["code"]})
    assert listed.json() == by_code.json()
    (found,) = by_code.json()["items"]
    assert (found["id"], found["status"], found["value"]) == (coupon["id"], "issued", 500)
    assert found["because"] == {"reason": "an apology"}
    url, order = f"/api/v1/coupons/{coupon['id']}/redeem", {"order_ref": "T-1", "amount": 9_900}
    small = await everything.post(url, json=order | {"amount": 4_999}, headers=ANY | {"Idempotency-Key": "a"})
    is_problem(small, 409, "coupon.below_threshold")
    done = await post(everything, url, coupon["version"], **order)
    shown = await everything.get(f"/api/v1/coupons/{coupon['id']}", params={"wait_for": done["position"]})
    assert (shown.json()["status"], shown.json()["order_ref"], shown.json()["amount"]) == ("redeemed", "T-1", 9_900)
    twice = await everything.post(url, json=order | {"order_ref": "T-2"}, headers=ANY | {"Idempotency-Key": "b"})
    is_problem(twice, 409, "coupon.already_redeemed")
    overview = await everything.get(f"/api/v1/campaigns/{live['id']}", params={"wait_for": done["position"]})
    assert overview.json()["offers"][0]["left"] == 9


async def test_two_tills_cannot_both_redeem(everything: httpx.AsyncClient) -> None:
    """At the same moment, under keys of their own: one of them gets it, the other learns why not."""
    live, customer = await a_live_campaign(everything), await a_customer(everything)
    terms = {"campaign_id": live["id"], "offer_id": "cart-5-off", "customer_id": customer["id"]}
    coupon = await post(everything, "/api/v1/coupons", **terms, reason="a gift")
    url = f"/api/v1/coupons/{coupon['id']}/redeem"

    async def redeemed(order: str) -> httpx.Response:
        headers = ANY | {"Idempotency-Key": order}
        return await everything.post(url, json={"order_ref": order, "amount": 9_900}, headers=headers)

    answers = await asyncio.gather(*(redeemed(f"T-{number}") for number in range(8)))
    refused = [answer for answer in answers if answer.status_code != 202]
    assert len(refused) == 7
    for answer in refused:
        is_problem(answer, 409, "coupon.already_redeemed")


async def test_a_coupon_asked_for_twice_under_one_key_is_one_coupon(everything: httpx.AsyncClient) -> None:
    """A till that lost the answer gets the same code again."""
    live, customer = await a_live_campaign(everything), await a_customer(everything)
    body = {"campaign_id": live["id"], "offer_id": "cart-5-off", "customer_id": customer["id"], "reason": "a gift"}
    key = {"Idempotency-Key": a_name()}
    first = await everything.post("/api/v1/coupons", json=body, headers=key)
    again = await everything.post("/api/v1/coupons", json=body, headers=key)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    other = await everything.post("/api/v1/coupons", json=body, headers={"Idempotency-Key": a_name()})
    is_problem(other, 409, "coupon.limit_reached")


async def test_what_does_not_exist_or_is_not_live_is_refused_with_the_reason(everything: httpx.AsyncClient) -> None:
    """Unknown campaigns, offers, customers and coupons; a campaign without a journey; a graph with a hole."""
    customer = await a_customer(everything)
    made = await post(everything, "/api/v1/campaigns", name="draft")
    url, nobody = f"/api/v1/campaigns/{made['id']}", str(uuid4())
    key = {"Idempotency-Key": "k", **ANY}
    is_problem(await everything.post(f"{url}/launch", headers=key), 409, "campaign.no_journey")
    is_problem(await everything.post(f"{url}/launch", headers=ANY), 400, "idempotency.key_missing")
    is_problem(await everything.post(f"{url}/pause", headers=ANY), 409, "campaign.not_live")
    hole = {"nodes": {"a": {"type": "trigger", "event": "x", "next": "b"}}}
    answer = await everything.post(f"{url}/design", json={"journey": hole}, headers=ANY)
    assert answer.status_code == 422, answer.text
    worthless = await everything.post(f"{url}/offers", json=OFFER | {"value": 0}, headers=ANY)
    assert is_problem(worthless, 422, "offer.terms")["errors"][0]["field"] == "value"
    body = {"campaign_id": made["id"], "offer_id": "x", "customer_id": customer["id"], "reason": "x"}
    is_problem(await everything.post("/api/v1/coupons", json=body, headers=key), 409, "campaign.not_live")
    to_nobody = await everything.post("/api/v1/coupons", json=body | {"customer_id": nobody}, headers=key)
    is_problem(to_nobody, 404, "customer.not_found")
    is_problem(await everything.get(f"/api/v1/campaigns/{nobody}"), 404, "campaign.not_found")
    is_problem(await everything.get(f"/api/v1/coupons/{nobody}"), 404, "coupon.not_found")
    order = {"order_ref": "T", "amount": 1}
    redeem = await everything.post(f"/api/v1/coupons/{nobody}/redeem", json=order, headers=key)
    is_problem(redeem, 404, "coupon.not_found")


async def test_a_code_is_shown_to_those_who_could_redeem_it(koi: RunningKoi, everything: httpx.AsyncClient) -> None:
    """Whoever knows a code can spend it."""
    live, customer = await a_live_campaign(everything), await a_customer(everything)
    terms = {"campaign_id": live["id"], "offer_id": "cart-5-off", "customer_id": customer["id"]}
    coupon = await post(everything, "/api/v1/coupons", **terms, reason="a gift")
    url = f"/api/v1/coupons/{coupon['id']}?wait_for={coupon['position']}"
    async with koi.client("read") as reader, koi.client("read", "command") as till:
        assert (await reader.get(url)).json()["code"] is None
        assert (await till.get(url)).json()["code"] == coupon["code"]
