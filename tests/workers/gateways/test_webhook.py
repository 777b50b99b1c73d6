"""Webhooks to a real receiver, and what its answers mean."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.utils import format_datetime

import pytest
from standardwebhooks import Webhook

from commands.channels.receivers import Receivers
from commands.runtime.clock import now
from commands.runtime.event_store import open_pool
from commands.runtime.secrets import Secrets
from domain.channels.outcome import Accepted, Outcome, Rejected, RetryLater
from tests.builders import outgoing
from tests.workers.gateways.servers import Receiver, http_server
from workers.gateways.webhook import WebhookGateway

SECRET = Secrets.generate().webhook_secret
MESSAGE = outgoing(channel="webhook", to=None)
ACCEPTED = Accepted(provider_id=f"msg_{MESSAGE.message_id}")


@asynccontextmanager
async def gateway(receiver: Receiver, *, seconds: float = 5) -> AsyncIterator[WebhookGateway]:
    """A gateway to this receiver."""
    with http_server(receiver) as url:
        opened = WebhookGateway(url, SECRET, timeout=seconds)
        yield opened
        await opened.close()


async def outcome_of(status: int, **headers: str) -> Outcome:
    """Send to a receiver that answers like this."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    async with gateway(Receiver((status, named))) as webhook:
        return await webhook.send(MESSAGE)


async def test_a_webhook_is_signed_so_that_the_receiver_can_trust_it() -> None:
    """The standard's own library verifies it with the shared secret."""
    receiver = Receiver((200, {}))
    async with gateway(receiver) as webhook:
        assert await webhook.send(MESSAGE) == ACCEPTED
    ((headers, body),) = receiver.requests
    Webhook(SECRET).verify(body, headers)
    document = json.loads(body)
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == f"msg_{MESSAGE.message_id}"
    assert document["type"] == "message.requested"
    assert document["data"] == {
        "message_id": str(MESSAGE.message_id),
        "customer_id": str(MESSAGE.customer_id),
        "channel": "webhook",
        "purpose": "marketing",
        "subject": MESSAGE.subject,
        "text": MESSAGE.text,
        "parameters": MESSAGE.parameters,
    }


async def test_a_repeat_carries_the_same_id_and_the_same_words() -> None:
    """That is how the receiver knows it for a repeat."""
    receiver = Receiver(None, (200, {}))
    async with gateway(receiver, seconds=0.2) as webhook:
        assert webhook.guards_duplicates
        assert await webhook.send(MESSAGE) == RetryLater(detail="no answer: TimeoutError")
        assert await webhook.send(MESSAGE) == ACCEPTED
    (first, body), (second, same) = receiver.requests
    assert first["webhook-id"] == second["webhook-id"]
    assert body == same


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_answer_of_success_accepts(status: int) -> None:
    """Receivers differ."""
    assert await outcome_of(status) == ACCEPTED


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
async def test_a_receiver_in_trouble_is_tried_again_on_our_schedule(status: int) -> None:
    """Or on its own, where it says one."""
    assert await outcome_of(status) == RetryLater(detail=f"the receiver answered {status}")
    asked = await outcome_of(status, retry_after="7")
    assert asked == RetryLater(detail=f"the receiver answered {status}", after=7.0)


async def test_a_pause_may_be_given_as_a_date_and_nonsense_is_ignored() -> None:
    """No receiver can make us wait more than a day, or go back in time."""
    date = await outcome_of(503, retry_after=format_datetime(now() + timedelta(seconds=100), usegmt=True))
    assert isinstance(date, RetryLater)
    assert date.after == pytest.approx(100, abs=3)
    for text, after in (("soon", None), ("-5", None), ("9999999", 86_400.0), ("Mon, 01 Jan 2001 00:00:00 GMT", 0.0)):
        assert await outcome_of(429, retry_after=text) == RetryLater(detail="the receiver answered 429", after=after)


@pytest.mark.parametrize("status", [301, 302, 400, 401, 403, 404, 413])
async def test_an_answer_that_will_not_change_rejects(status: int) -> None:
    """A redirect is not followed: the address is the operator's to change."""
    assert await outcome_of(status, location="http://127.0.0.1:1/") == Rejected(
        detail=f"the receiver answered {status}"
    )


async def test_a_receiver_that_is_gone_is_not_called_again() -> None:
    """410 disables at once."""
    receiver = Receiver((410, {}), (200, {}))
    async with gateway(receiver) as webhook:
        assert await webhook.send(MESSAGE) == Rejected(detail="the receiver is gone (410)")
        assert isinstance(await webhook.send(MESSAGE), Rejected)
    assert len(receiver.requests) == 1


async def test_a_receiver_that_is_gone_stays_gone_after_a_restart(database: str) -> None:
    """It is remembered under its address: another one is another receiver."""
    receiver = Receiver((410, {}), (200, {}))
    async with await open_pool(database, size=1) as pool:
        with http_server(receiver) as url:
            for address, outcome in ((url, Rejected), (url, Rejected), (f"{url}?again", Accepted)):
                opened = WebhookGateway(address, SECRET, receivers=Receivers(pool))
                assert isinstance(await opened.send(MESSAGE), outcome)
                await opened.close()
    assert len(receiver.requests) == 2


async def test_nobody_at_the_address_is_worth_a_retry() -> None:
    """The receiver may be starting anew."""
    with http_server(Receiver((200, {}))) as url:
        pass
    webhook = WebhookGateway(url, SECRET)
    assert await webhook.send(MESSAGE) == RetryLater(detail="no answer: ClientConnectorError")
    await webhook.close()


async def test_a_receiver_that_never_ends_its_answer_has_answered() -> None:
    """The status is all we asked for."""
    async with gateway(Receiver((200, {"content-length": "1000000"})), seconds=0.2) as webhook:
        assert await webhook.send(MESSAGE) == ACCEPTED
