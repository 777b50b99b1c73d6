"""Events: one topic each for ever, old versions read as new ones, personal values never stored in clear."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from domain.kernel.aggregate import Aggregate
from domain.kernel.event import Event, Meta, type_of_topic, upcast, upcasters
from domain.kernel.stored import from_state, to_state

STREAM = UUID(int=9)
NOON = datetime(2026, 11, 11, 12, tzinfo=UTC)


class Weighed(Event, frozen=True, kw_only=True):
    """A parcel was weighed, in grams."""

    TOPIC = "parcel.weighed.v3"
    PERSONAL = ("recipient",)
    grams: int
    scale: str = "unknown"
    recipient: dict[str, str] = {}


class Parcel(Aggregate):
    """A parcel knows its weight."""

    grams = 0

    def weigh(self, grams: int, at: datetime) -> None:
        """Put it on the scales."""
        self.record(Weighed, occurred_at=at, grams=grams)

    def evolve(self, event: Event) -> None:
        """Assign the weight."""
        if isinstance(event, Weighed):
            self.grams = event.grams


@pytest.fixture
def older_versions() -> Iterator[None]:
    """The parcel was once weighed in pounds, then in kilograms."""

    def from_pounds(state: dict[str, Any]) -> dict[str, Any]:
        return {**state, "kilograms": state.pop("pounds") / 2}

    def from_kilograms(state: dict[str, Any]) -> dict[str, Any]:
        return {**state, "grams": round(state.pop("kilograms") * 1000)}

    upcasters["parcel.weighed.v1"] = ("parcel.weighed.v2", from_pounds)
    upcast("parcel.weighed.v2", to=Weighed)(from_kilograms)
    yield
    del upcasters["parcel.weighed.v1"], upcasters["parcel.weighed.v2"]


@pytest.mark.usefixtures("older_versions")
def test_an_event_of_any_version_is_read_as_the_newest() -> None:
    """From version to version, as often as it takes; what is stored stays as it was."""
    read = from_state("parcel.weighed.v1", b'{"meta":{},"pounds":5}', STREAM, 1)
    assert isinstance(read, Weighed)
    assert (read.grams, read.originator_id) == (2500, STREAM)


def test_two_events_cannot_share_a_topic() -> None:
    """A topic is stored for ever: whose it is must never be in doubt."""
    with pytest.raises(TypeError, match=r"parcel\.weighed\.v3"):
        type("Impostor", (Event,), {"TOPIC": "parcel.weighed.v3", "__annotations__": {}})
    assert type_of_topic["parcel.weighed.v3"] is Weighed


def test_personal_values_are_stored_sealed_or_not_at_all() -> None:
    """Without a seal the event is refused; with one the text shows nothing, and unsealing gives it back."""
    event = Weighed(grams=1, recipient={"name": "Li Na"})
    with pytest.raises(ValueError, match="must be sealed"):
        to_state(event)
    state = to_state(event, lambda clear: clear[::-1])
    assert b"Li Na" not in state
    assert from_state(Weighed.TOPIC, state, STREAM, 1, lambda sealed: sealed[::-1]) == Weighed(
        originator_id=STREAM, originator_version=1, grams=1, recipient={"name": "Li Na"}
    )


def test_an_aggregate_hands_over_its_events_once_and_keeps_their_business_time() -> None:
    """The envelope of the command is put around them; a time of their own stays."""
    parcel = Parcel(STREAM)
    parcel.weigh(1200, NOON)
    parcel.weigh(1300, NOON)
    events = parcel.collect_events()
    assert [event.originator_version for event in events] == [1, 2]
    assert parcel.collect_events() == []
    stamped = events[0].inside(Meta(occurred_at=datetime.now(UTC), actor="scales"))
    assert (stamped.meta.occurred_at, stamped.meta.actor) == (NOON, "scales")
    assert Parcel.rebuilt(STREAM, events).grams == parcel.grams == 1300
