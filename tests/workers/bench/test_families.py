"""Each family says the same traffic in its own words."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from domain.activity.vocabulary import Vocabulary
from domain.ingestion import cloudevents, posthog, segment
from domain.ingestion.body import decoded
from domain.ingestion.refusal import Parsed
from workers.bench.families import FAMILIES
from workers.bench.traffic import batches, happenings

_VOCABULARY: Final = Vocabulary.load()
_READ: Final[dict[str, Callable[[bytes], Parsed]]] = {
    "segment": lambda body: segment.parse(body, kind="batch", **_given()),
    "posthog": lambda body: posthog.parse(body, **_given()),
    "cloudevents": lambda body: cloudevents.parse(body, headers={}, **_given()),
}


def _given() -> dict[str, Any]:
    return {"source": "web", "received_at": datetime.now(UTC) + timedelta(seconds=1), "vocabulary": _VOCABULARY}


@pytest.mark.parametrize("family", sorted(_READ))
def test_the_same_purchases_whoever_tells_them(family: str) -> None:
    """So that the benches of the families compare."""
    happened = happenings(500, 20, name="run")
    read: list[tuple[str, int | None, datetime, str]] = []
    for batch in batches(happened, 50):
        body = decoded(FAMILIES[family].body(batch, "key"), None, max_bytes=1_000_000)
        parsed = _READ[family](body)
        assert parsed.refused == []
        read += [(one.name, one.amount, one.occurred_at, one.identifiers[0].value) for one in parsed.accepted]
    bought = {one.at: one for one in happened if one.name == "Order Completed"}
    assert len(read) == len(happened)
    assert {at for name, _, at, _ in read if name == "order.completed"} == bought.keys()
    for name, amount, at, customer in read:
        if name == "order.completed":
            assert amount == round(bought[at].properties["revenue"] * 100)
            assert customer == f"member-{bought[at].customer}"


def test_only_posthog_and_sensors_say_their_key_beside_the_headers() -> None:
    """As their SDKs do."""
    assert {name for name, family in FAMILIES.items() if not family.in_header} == {"posthog", "sensors"}
    body = decoded(FAMILIES["posthog"].body(happenings(1, 1, name="run"), "key"), None, max_bytes=1_000_000)
    assert json.loads(body)["api_key"] == "key"
