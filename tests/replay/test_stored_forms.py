"""Every form an event was ever stored in stays readable: one golden file a topic, never rewritten."""

from pathlib import Path
from uuid import UUID

import pytest

from domain import history  # completes the register of topics
from domain.kernel.event import Event, type_of_topic, upcasters
from domain.kernel.stored import UnknownTopicError, from_state, to_state

GOLDEN = Path(__file__).parent / "golden"
STREAM = UUID(int=7)
# Tests may define events of their own; those of Koi live in its domain.
TOPICS = sorted(topic for topic, kind in type_of_topic.items() if kind.__module__.startswith("domain."))


__all__ = ["history"]


def stored(topic: str) -> bytes:
    """The stored form, as an auditor reads it."""
    return (GOLDEN / f"{topic}.json").read_bytes().strip()


def seal(clear: bytes) -> bytes:
    """The golden files' stand-in for encryption: backwards."""
    return clear[::-1]


@pytest.mark.parametrize("topic", TOPICS)
def test_an_event_of_the_past_is_read_as_it_was_written(topic: str) -> None:
    """Reading and writing it again gives the same text."""
    event: Event = from_state(topic, stored(topic), STREAM, 3, seal)
    assert type(event) is type_of_topic[topic]
    assert (event.originator_id, event.originator_version) == (STREAM, 3)
    assert event.meta.actor == "journeys"
    assert to_state(event, seal) == stored(topic)


def test_every_golden_file_has_an_event_or_an_upcaster() -> None:
    """A topic that was ever written is never forgotten."""
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(TOPICS) | upcasters.keys()


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if type_of_topic[topic].PERSONAL])
def test_an_event_of_an_erased_person_is_read_without_what_was_personal(topic: str) -> None:
    """The key is gone: the event stays, its personal values do not."""
    event = from_state(topic, stored(topic), STREAM, 3, lambda _: None)
    assert not event.is_personal


def test_an_event_of_a_newer_koi_is_refused_by_name() -> None:
    """Better to stop than to pass over what one does not understand."""
    with pytest.raises(UnknownTopicError, match=r"coupon\.teleported\.v1"):
        from_state("coupon.teleported.v1", b"{}", STREAM, 1)
