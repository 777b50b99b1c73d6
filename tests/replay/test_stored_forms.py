"""Every form an event was ever stored in stays readable: one golden file a topic, never rewritten."""

from pathlib import Path
from uuid import UUID

import pytest

from domain.campaigns.campaign import Campaign
from domain.channels.message import Message
from domain.coupons.coupon import Coupon
from domain.journeys.run import JourneyRun
from domain.kernel.event import Event, type_of_topic
from domain.kernel.stored import from_state, to_state

GOLDEN = Path(__file__).parent / "golden"
STREAM = UUID(int=7)
TOPICS = sorted(
    topic
    for topic, kind in type_of_topic.items()
    if kind.__qualname__.split(".")[0] in {one.__name__ for one in (Campaign, Coupon, JourneyRun, Message)}
)


def stored(topic: str) -> bytes:
    """The stored form, as an auditor reads it."""
    return (GOLDEN / f"{topic}.json").read_bytes().strip()


@pytest.mark.parametrize("topic", TOPICS)
def test_an_event_of_the_past_is_read_as_it_was_written(topic: str) -> None:
    """Reading and writing it again gives the same text."""
    event: Event = from_state(topic, stored(topic), STREAM, 3)
    assert type(event) is type_of_topic[topic]
    assert (event.originator_id, event.originator_version) == (STREAM, 3)
    assert event.meta.actor == "journeys"
    assert to_state(event) == stored(topic)
