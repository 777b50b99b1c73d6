"""What would have been sent, read over HTTP."""

from uuid import UUID, uuid4

import httpx

from commands.runtime.event_store import open_pool
from tests.api.asking import a_name
from tests.api.campaigning import post
from tests.api.running import RunningKoi
from tests.builders import outgoing
from workers.gateways.sandbox import SandboxGateway


async def test_the_outbox_shows_a_customer_s_messages_the_newest_first(
    koi: RunningKoi, everything: httpx.AsyncClient
) -> None:
    """In pages, by channel, their words only for those who may see personal values; a repeat is no second message."""
    made = await post(everything, "/api/v1/customers", identifiers=[{"type": "member_code", "value": a_name()}])
    customer_id, ids = UUID(made["id"]), [uuid4() for _ in range(3)]
    async with await open_pool(koi.database, size=1) as pool:
        gateway = SandboxGateway(pool)
        for message_id, channel in zip(ids, ("email", "sms", "email"), strict=True):
            for _ in range(2):
                await gateway.send(outgoing(message_id=message_id, customer_id=customer_id, channel=channel))
    url, mine = "/api/v1/sandbox/messages", {"customer_id": made["id"]}
    first = await everything.get(url, params=mine | {"limit": "2"})
    rest = await everything.get(first.links["next"]["url"])
    listed = first.json()["items"] + rest.json()["items"]
    assert [one["message_id"] for one in listed] == [str(one) for one in reversed(ids)]
    by_channel = await everything.get(url, params=mine | {"channel": "sms"})
    assert [one["message_id"] for one in by_channel.json()["items"]] == [str(ids[1])]
    assert listed[0]["body"]
    async with koi.client("read") as reader:
        masked = (await reader.get(url, params=mine)).json()["items"]
    assert {(one["subject"], one["body"], one["parameters"]) for one in masked} == {(None, None, None)}
