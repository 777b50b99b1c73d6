"""The spine end to end: from an event of a real tracker to a message, and back from the message to its cause."""

import asyncio
import sys

import httpx
import pytest

from tests.patience import PATIENCE
from tests.workers.gateways.servers import Mailbox, smtp_server
from tests.workers.shop import Shop, cart_journey, open_shop, track

_SDK = """
import sys
import segment.analytics as analytics
analytics.write_key, analytics.host = sys.argv[1], sys.argv[2]
analytics.on_error = lambda error, items: sys.exit(f"{error}")
analytics.identify("M1", {"email": "li.na@example.cn", "first_name": "Li Na"})
analytics.track("M1", "Product Added", {"product_id": "sku-7", "price": 19.9})
analytics.shutdown()
"""


async def _messages(shop: Shop) -> list[dict[str, object]]:
    answer = await shop.client.get(
        "/api/v1/sandbox/messages", headers={"Authorization": f"Bearer {shop.stack.secrets.admin_key}"}
    )
    assert answer.status_code == httpx.codes.OK, answer.text
    items: list[dict[str, object]] = answer.json()["items"]
    return items


@pytest.mark.slow
async def test_a_cart_left_alone_becomes_a_coupon_and_a_message_that_can_be_explained() -> None:
    """The real Segment SDK posts; half a second later the outbox has a coupon, and the log says why."""
    async with open_shop() as shop:
        await shop.launch(cart_journey(wait_seconds=0.5))
        key, url = shop.stack.secrets.write_key, shop.stack.settings.api_url
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", _SDK, key, url)
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
        await shop.until("SELECT count(*) = 1 FROM sandbox_outbox")
        (message,) = await _messages(shop)
        assert "送您 5 元" in str(message["body"])
        answer = await shop.client.get(
            f"/api/v1/audit/why/{message['message_id']}",
            headers={"Authorization": f"Bearer {shop.stack.secrets.admin_key}"},
        )
        assert answer.status_code == httpx.codes.OK, answer.text
        told = answer.text
        assert "cart.item_added" in told
        assert "购物车挽回" in told
        assert "li.na@example.cn" not in told


@pytest.mark.slow
async def test_who_pays_in_time_hears_nothing_and_a_repeated_event_changes_nothing() -> None:
    """Paying ends the wait; the same batch delivered again is known already."""
    async with open_shop() as shop:
        await shop.launch(cart_journey(wait_seconds=2.0))
        added = track("Product Added", "M1", "add-1", product_id="sku-1")
        await shop.post([added])
        await shop.post([added])
        await shop.post([track("Order Completed", "M1", "pay-1", order_id="o1", revenue=59.0)])
        await shop.post([track("Product Added", "M2", "add-2", product_id="sku-1")])
        await shop.until("SELECT count(*) = 1 FROM sandbox_outbox")
        await shop.until("SELECT count(*) = 1 FROM decision_log WHERE topic = 'journey.exited.v1'")
        assert await shop.ask("SELECT count(*) FROM fact_log") == 3
        assert await shop.ask("SELECT count(*) FROM decision_log WHERE topic = 'journey.entered.v1'") == 2


@pytest.mark.slow
async def test_an_anonymous_cart_is_forgotten_when_the_same_person_pays_under_her_name() -> None:
    """The cart was filled before the log-in, the order placed after it: one person, one journey, no message."""
    async with open_shop() as shop:
        await shop.launch(cart_journey(wait_seconds=2.0))
        cart = track("Product Added", "", "add-1", product_id="sku-1") | {"userId": None, "anonymousId": "browser-1"}
        login = {"type": "identify", "messageId": "login-1", "userId": "M1", "anonymousId": "browser-1"}
        await shop.post([cart])
        await shop.post([login])
        await shop.post([track("Order Completed", "M1", "pay-1", order_id="o1", revenue=59.0)])
        await shop.until("SELECT count(*) = 1 FROM decision_log WHERE topic = 'journey.exited.v1'")
        assert await shop.ask("SELECT count(*) FROM sandbox_outbox") == 0


async def _grant(shop: Shop, member: str, state: str) -> None:
    """Say yes or no to marketing by e-mail, in the member's name, over the API."""
    admin = {"Authorization": f"Bearer {shop.stack.secrets.admin_key}", "If-Match": "*"}
    found = await shop.client.get(
        "/api/v1/customers", params={"identifier": f"member_code:{member}", "wait_for": "1"}, headers=admin
    )
    words = {"channel": "email", "purpose": "marketing", "state": state, "text_version": "2026-11", "source": "app"}
    profile_id = found.json()["items"][0]["profile_id"]
    answer = await shop.client.post(f"/api/v1/customers/{profile_id}/consents", json=words, headers=admin)
    assert answer.is_success, answer.text


@pytest.mark.slow
async def test_an_email_goes_out_to_who_wants_it_when_it_is_sent_and_to_nobody_else() -> None:
    """One granted; one granted and took it back while the journey waited; one never said anything."""
    mailbox = Mailbox()
    async with smtp_server(mailbox) as port, open_shop(KOI_SMTP_URL=f"smtp://127.0.0.1:{port}") as shop:
        await shop.launch(cart_journey(wait_seconds=2.0, channel="email"))
        members = ["M1", "M2", "M3"]
        known = [
            {"type": "identify", "messageId": f"id-{one}", "userId": one, "traits": {"email": f"{one}@example.cn"}}
            for one in members
        ]
        position = await shop.post(known)
        await shop.until("SELECT min(position) >= $1 FROM projection_position WHERE name <> 'relay'", position)
        await _grant(shop, "M1", "granted")
        await _grant(shop, "M2", "granted")
        await shop.post([track("Product Added", one, f"add-{one}", product_id="sku-1") for one in members])
        await shop.until("SELECT count(*) = 3 FROM decision_log WHERE topic = 'journey.wait_started.v1'")
        await _grant(shop, "M2", "withdrawn")
        await shop.until("SELECT count(*) = 1 FROM decision_log WHERE topic = 'message.accepted.v1'")
        await shop.until("SELECT count(*) = 2 FROM decisions WHERE state->>'reason' = 'no_consent'")
        assert [one.lower() for one in mailbox.recipients] == ["m1@example.cn"]
        assert "送您 5 元" in str(mailbox.mails[0].get_content())
