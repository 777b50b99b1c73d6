"""A message at the moment of sending: consent, address, words, and what became of it."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.campaigns.launching import PauseCampaign, pause_campaign
from commands.channels.dispatch_message import DispatchMessage, dispatch_message
from commands.channels.record_outcome import RecordOutcome, record_outcome
from commands.runtime.clock import now
from commands.runtime.context import Context
from commands.runtime.streams import Streams
from domain.channels.message import Message, MessageNotFoundError
from domain.channels.outcome import Accepted, OptedOut, Outcome, RetryLater
from domain.channels.outgoing import Outgoing
from domain.identity.customer import ConsentState, Customer, Observed
from domain.kernel.errors import StaleVersionError
from domain.kernel.ids import derived
from tests.builders import NOON, a_message
from tests.commands.launched import OPERATOR, a_launched_campaign

DELIVERY = Context(actor="delivery")
WORDS = {"coupon_code": "7KQ2M9XRT4HA", "coupon_value": "5", "coupon_threshold": "50", "name": "羽绒服"}


async def a_member(
    streams: Streams, code: str, *, email: str | None = None, consent: str = "granted", **personal: str
) -> UUID:
    """A member who may be reached by e-mail, and what she said about marketing."""
    member = Customer(derived("member", code, uuid4()))
    identifiers = [Observed(member.id, "member_code", code)]
    if email:
        identifiers.append(Observed(derived("email", email), "email", email))
    member.register(tuple(identifiers))
    if personal:
        member.describe({}, dict(personal), NOON)
    if consent:
        member.change_consent(
            "email", "marketing", ConsentState(consent), text_version="1", source="app", occurred_at=NOON
        )
    await streams.save(member, by=OPERATOR)
    return member.id


async def a_requested_message(streams: Streams, customer_id: UUID, **parts: object) -> UUID:
    """A message of a launched campaign's journey."""
    campaign_id = await a_launched_campaign(streams)
    message = Message(uuid4())
    fields: dict[str, Any] = {"campaign_id": campaign_id, "customer_id": customer_id, "parameters": WORDS}
    message.ask(a_message(**(fields | parts)))
    await streams.save(message, by=OPERATOR)
    return message.id


async def dispatched(
    streams: Streams, message_id: UUID, *members: UUID, guarded: bool = False, now: datetime = NOON
) -> Outgoing | None:
    """What the delivery worker is given to send."""
    command = DispatchMessage(message_id=message_id, members=members, guards_duplicates=guarded, now=now)
    return await dispatch_message(command, streams=streams, by=DELIVERY)


async def noted(streams: Streams, message_id: UUID, outcome: Outcome) -> bool:
    """Whether the provider's answer is news."""
    command = RecordOutcome(message_id=message_id, outcome=outcome, now=NOON)
    return await record_outcome(command, streams=streams, by=DELIVERY) is not None


async def reason(streams: Streams, message_id: UUID) -> str:
    """Why the message was not sent."""
    last = (await streams.history([message_id]))[-1]
    assert isinstance(last, Message.Suppressed | Message.Failed)
    return last.reason if isinstance(last, Message.Suppressed) else last.detail


async def test_a_message_goes_out_in_the_members_words_to_her_address(streams: Streams) -> None:
    """The log keeps which endpoint it was, never the address."""
    li = await a_member(streams, "M1", email="li@example.cn", language="en")
    message_id = await a_requested_message(streams, li)
    outgoing = await dispatched(streams, message_id, li)
    assert outgoing
    assert (outgoing.to, outgoing.subject) == ("li@example.cn", "Your 羽绒服 is waiting")
    assert outgoing.text == "5 yuan off with 7KQ2M9XRT4HA"
    assert "li@" not in repr(outgoing)
    last = (await streams.history([message_id]))[-1]
    assert last == Message.Dispatched(
        originator_id=message_id,
        originator_version=2,
        meta=last.meta,
        attempt=1,
        endpoint_id=derived("email", "li@example.cn"),
    )


async def test_an_address_that_was_unbound_is_nobodys(streams: Streams) -> None:
    """It may be a stranger's by now: no message goes there until she claims it anew, and then it does."""
    li, endpoint = await a_member(streams, "M1", email="li@example.cn"), derived("email", "li@example.cn")
    own = Observed(endpoint, "email", "li@example.cn")
    cut = Customer(endpoint)
    cut.register((own,), NOON)
    cut.unbind(now() + timedelta(minutes=1))
    await streams.save(cut, by=OPERATOR)
    message_id = await a_requested_message(streams, li, purpose="service")
    assert await dispatched(streams, message_id, li) is None
    assert await reason(streams, message_id) == "no_endpoint"
    member = await streams.load(Customer, li)
    member.bind((own,), now() + timedelta(minutes=2))
    await streams.save(member, by=OPERATOR)
    assert await dispatched(streams, await a_requested_message(streams, li, purpose="service"), li) is not None


async def test_without_consent_nothing_is_sent(streams: Streams) -> None:
    """Neither withdrawn nor never asked."""
    for consent in ("withdrawn", ""):
        li = await a_member(streams, "M1", email="li@example.cn", consent=consent)
        message_id = await a_requested_message(streams, li)
        assert await dispatched(streams, message_id, li) is None
        assert await reason(streams, message_id) == "no_consent"


async def test_a_message_of_service_is_sent_without_consent(streams: Streams) -> None:
    """She waits for her parcel."""
    li = await a_member(streams, "M1", email="li@example.cn", consent="")
    message_id = await a_requested_message(streams, li, purpose="service")
    assert await dispatched(streams, message_id, li) is not None


async def test_consent_and_address_are_those_of_the_whole_person(streams: Streams) -> None:
    """The address one of her customers brought; the withdrawal another one said at the same time."""
    anonymous = await a_member(streams, "web", consent="")
    li = await a_member(streams, "M1", email="li@example.cn")
    message_id = await a_requested_message(streams, anonymous)
    outgoing = await dispatched(streams, message_id, anonymous, li)
    assert outgoing
    assert outgoing.to == "li@example.cn"
    withdrawn = await a_member(streams, "till", consent="withdrawn")
    message_id = await a_requested_message(streams, anonymous)
    assert await dispatched(streams, message_id, anonymous, li, withdrawn) is None
    assert await reason(streams, message_id) == "no_consent"


async def test_without_an_address_nothing_is_sent(streams: Streams) -> None:
    """A member known by her card only."""
    li = await a_member(streams, "M1")
    message_id = await a_requested_message(streams, li)
    assert await dispatched(streams, message_id, li) is None
    assert await reason(streams, message_id) == "no_endpoint"


async def test_a_channel_that_needs_no_address_gets_none(streams: Streams) -> None:
    """The sandbox, with the customer's id alone."""
    li = await a_member(streams, "M1", consent="")
    message_id = await a_requested_message(streams, li, channel="sandbox")
    outgoing = await dispatched(streams, message_id, li, guarded=True)
    assert outgoing
    assert (outgoing.to, outgoing.customer_id) == (None, li)


async def test_a_message_that_lost_its_point_is_not_sent(streams: Streams) -> None:
    """Too late, or the campaign was stopped."""
    li = await a_member(streams, "M1", email="li@example.cn")
    late = await a_requested_message(streams, li)
    assert await dispatched(streams, late, li, now=NOON + timedelta(days=1)) is None
    assert await reason(streams, late) == "expired"
    stopped = await a_requested_message(streams, li)
    request = (await streams.load(Message, stopped)).request
    assert request
    await pause_campaign(PauseCampaign(campaign_id=request.campaign_id), streams=streams, by=OPERATOR)
    assert await dispatched(streams, stopped, li) is None
    assert await reason(streams, stopped) == "campaign_paused"


async def test_a_message_that_cannot_be_put_into_words_fails_and_says_what_is_missing(streams: Streams) -> None:
    """The operator can repair the template."""
    li = await a_member(streams, "M1", email="li@example.cn")
    message_id = await a_requested_message(streams, li, parameters={"name": "羽绒服"})
    assert await dispatched(streams, message_id, li) is None
    assert "coupon_code" in await reason(streams, message_id)


async def test_two_workers_never_both_send(streams: Streams) -> None:
    """One is refused by the log; and who comes later finds nothing to do."""
    li = await a_member(streams, "M1", email="li@example.cn")
    message_id = await a_requested_message(streams, li)
    told = await asyncio.gather(*(dispatched(streams, message_id, li) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(one, Outgoing) for one in told) == 1
    assert all(one is None or isinstance(one, Outgoing | StaleVersionError) for one in told)
    await noted(streams, message_id, Accepted(provider_id="1"))
    assert await dispatched(streams, message_id, li) is None


async def test_after_a_crash_an_email_becomes_unknown_and_a_guarded_channel_is_tried_again(streams: Streams) -> None:
    """Between handing it over and writing down the answer."""
    li = await a_member(streams, "M1", email="li@example.cn")
    mail = await a_requested_message(streams, li)
    assert await dispatched(streams, mail, li)
    assert await dispatched(streams, mail, li) is None
    assert (await streams.load(Message, mail)).status == "unknown"
    hook = await a_requested_message(streams, li, channel="webhook", purpose="service")
    assert await dispatched(streams, hook, li, guarded=True)
    assert await dispatched(streams, hook, li, guarded=True)
    assert (await streams.load(Message, hook)).attempt == 2


async def test_a_retry_goes_out_when_its_time_has_come(streams: Streams) -> None:
    """Under the same id."""
    li = await a_member(streams, "M1", email="li@example.cn")
    message_id = await a_requested_message(streams, li)
    await dispatched(streams, message_id, li)
    assert await noted(streams, message_id, RetryLater(detail="451 at RCPT", after=60))
    assert await dispatched(streams, message_id, li) is None
    again = await dispatched(streams, message_id, li, now=NOON + timedelta(seconds=60))
    assert again
    assert again.message_id == message_id


async def test_who_tells_the_provider_to_stop_is_not_written_to_again(streams: Streams) -> None:
    """An opt-out arrives as an outcome, and is a withdrawal of consent."""
    li = await a_member(streams, "M1", email="li@example.cn")
    message_id = await a_requested_message(streams, li)
    await dispatched(streams, message_id, li)
    assert await noted(streams, message_id, OptedOut(detail="user block"))
    word = (await streams.load(Customer, li)).consents["email", "marketing"]
    assert word.state == "withdrawn"
    following = await a_requested_message(streams, li)
    assert await dispatched(streams, following, li) is None
    assert await reason(streams, following) == "no_consent"


async def test_an_outcome_told_twice_is_recorded_once(streams: Streams) -> None:
    """And one for a message nobody asked for is refused."""
    li = await a_member(streams, "M1", email="li@example.cn")
    message_id = await a_requested_message(streams, li)
    await dispatched(streams, message_id, li)
    assert await noted(streams, message_id, Accepted(provider_id="1"))
    assert not await noted(streams, message_id, Accepted(provider_id="1"))
    with pytest.raises(MessageNotFoundError):
        await noted(streams, uuid4(), Accepted(provider_id="1"))
    with pytest.raises(MessageNotFoundError):
        await dispatched(streams, uuid4())
