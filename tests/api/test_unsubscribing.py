"""The way out of marketing mails: looking changes nothing, a click withdraws, and no address can be made up."""

import uuid

import httpx

from commands.channels.unsubscribing import WaysOut
from commands.runtime.context import Context
from commands.runtime.event_store import open_event_store
from domain.channels.message import Message
from tests.api.asking import a_name, is_problem
from tests.api.campaigning import post
from tests.api.running import RunningKoi
from tests.builders import a_message

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


async def test_one_click_withdraws_and_looking_does_not(koi: RunningKoi, everything: httpx.AsyncClient) -> None:
    """Scanners follow links; a click counts once, and again after the person has come back."""
    made = await post(everything, "/api/v1/customers", identifiers=[{"type": "member_code", "value": a_name()}])
    message = Message(uuid.uuid4())
    message.ask(a_message(customer_id=uuid.UUID(made["id"])))
    async with open_event_store(koi.database, koi.secrets.master_key) as store:
        await store.streams.save(message, by=Context(actor="test"))
    address = f"/u/{WaysOut(koi.secrets.master_key).token(message.id)}"
    grant = {"channel": "email", "purpose": "marketing", "state": "granted", "text_version": "1", "source": "shop"}
    consents = f"/api/v1/customers/{made['id']}/consents"
    async with koi.client() as mailbox:
        granted = await everything.post(consents, json=grant, headers={"If-Match": "*"})
        assert granted.status_code == 202, granted.text
        shown = await mailbox.get(address)
        assert (shown.status_code, "退订" in shown.text) == (200, True)
        assert await _state(everything, made["id"], granted) == "granted"
        clicked = await mailbox.post(address, data=ONE_CLICK)
        assert (clicked.status_code, clicked.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert await _state(everything, made["id"], clicked) == "withdrawn"
        again = await mailbox.post(address, data=ONE_CLICK)
        assert (again.status_code, "koi-position" in again.headers) == (200, False)
        await everything.post(consents, json=grant, headers={"If-Match": "*"})
        parts = await mailbox.post(address, files={"List-Unsubscribe": (None, "One-Click")})
        assert await _state(everything, made["id"], parts) == "withdrawn"


async def test_an_address_that_was_not_made_here_is_nobodys(koi: RunningKoi) -> None:
    """Another installation's, a shortened one, a message that was never asked for."""
    never_sent = WaysOut(koi.secrets.master_key).token(uuid.uuid4())
    for token in (WaysOut(b"x" * 32).token(uuid.uuid4()), never_sent[:-4], "x", never_sent):
        async with koi.client() as stranger:
            is_problem(await stranger.post(f"/u/{token}", data=ONE_CLICK), 404, "message.not_found")


async def _state(client: httpx.AsyncClient, customer: str, after: httpx.Response) -> str:
    headers = {"Koi-Wait-For": after.headers["koi-position"]}
    known = (await client.get(f"/api/v1/customers/{customer}", headers=headers)).json()
    (word,) = known["consents"]
    return str(word["state"])
