"""Staging reads facts as live does: the SQL and the Python hold the same fields, whatever a body says."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from domain.activity.fields import declared
from domain.activity.occurrences import Fact, Knowing, occurring
from domain.activity.vocabulary import Vocabulary
from domain.activity.withdrawing import WITHDRAWN
from domain.kernel.rules.history import Occurrence
from projections.batch.staging.extracting import AT_RUN, staged_columns
from projections.batch.staging.stage import Stager
from projections.lake.reading import FACTS

ZONE = ZoneInfo("America/New_York")
FIELDS = declared()
KNOWING = Knowing(zone=ZONE, fields=FIELDS, vocabulary=Vocabulary.load())
STAGER = Stager(FIELDS, Vocabulary.load(), ZONE)
NAMES = ("order.completed", "order.refunded", "cart.item_added", "page.viewed", "custom.quiz")

_numbers = st.one_of(
    st.integers(-5, 5_000),
    st.sampled_from((19.9, 0.005, 1.005, -0.0, 2**53, -(2**53), 2**53 - 1, 2**63, 1e15, 1e300, 1e-7, 3.0)),
    st.floats(allow_nan=False, allow_infinity=False),
)
_scalars = st.one_of(
    _numbers,
    st.booleans(),
    st.none(),
    st.sampled_from(("", "茶", "19.90", "-3", "1e3", " 5", "１", "0.1234567890", "9" * 16, "a'b\"c\\d", "null")),
    st.text(max_size=5).filter(lambda text: "\0" not in text),
)
_words = sorted({path[0] for of in (FIELDS.events, FIELDS.items) for one in of.values() for path in one.steps} - {"$"})
_plain = st.dictionaries(st.sampled_from(_words), _scalars, max_size=6)
_contexts = st.fixed_dictionaries(
    {},
    optional={
        "os": st.one_of(_scalars, st.fixed_dictionaries({"name": _scalars})),
        "page": st.one_of(_scalars, st.fixed_dictionaries({}, optional={"path": _scalars, "title": _scalars})),
        "campaign": st.fixed_dictionaries({"source": _scalars}),
        "device": st.fixed_dictionaries({"type": _scalars}),
    },
)
_origins = st.one_of(
    st.none(),
    st.sampled_from(("x", 5, [])),
    st.fixed_dictionaries(
        {"message_id": st.sampled_from(("m-1", "2100:order.completed", "2100:order.refunded:7", 5, None))},
        optional={"context": _contexts, "minor": st.sampled_from((True, False, "true", None))},
    ),
)
_lines = st.one_of(_scalars, st.lists(st.one_of(_plain, _scalars), max_size=3), _plain)


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """Bodies as sources send them, and worse."""
    body: dict[str, Any] = dict(draw(_plain))
    for name in draw(st.sampled_from(((), (), ("products",), ("items",), ("products", "lines")))):
        body[name] = draw(_lines)
    if (origin := draw(_origins)) is not None:
        body["$"] = origin
    return body


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    """Facts of any time and kind."""
    at = draw(st.datetimes(datetime(1969, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds are naive
    amount = draw(st.none() | st.integers(0, 10**9))
    body = msgspec.json.decode(msgspec.json.encode(draw(bodies())))
    return Fact(1, at, draw(st.sampled_from(NAMES)), "shop", amount, None if amount is None else "CNY", body)


def table_of(told: list[Fact]) -> pa.Table:
    """The facts as the log has them, numbered."""
    rows = [
        {
            **{name: getattr(fact, name) for name in ("occurred_at", "name", "source", "amount", "currency")},
            "fact_id": number,
            "recorded_at": fact.occurred_at,
            "customer_id": "c",
            "body": msgspec.json.encode(fact.body).decode(),
            "sealed": None,
        }
        for number, fact in enumerate(told)
    ]
    return pa.Table.from_pylist(rows, schema=FACTS)


def fields_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a staged row says."""
    return {name.removeprefix("f_"): row[name] for name in row if name.startswith("f_") and row[name] is not None}


def said_by(occurrence: Occurrence) -> dict[str, Any]:
    """What live says."""
    return {name: value for name, value in occurrence.fields.items() if name not in AT_RUN}


@given(st.lists(facts(), min_size=1, max_size=40))
@settings(max_examples=10, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_batch_reads_what_live_reads(told: list[Fact]) -> None:
    """Every field of every event and item, at the same time, on the same day."""
    staged = STAGER.staged(table_of(told))
    events = {row["fact_id"]: row for row in staged.events.to_pylist()}
    items: dict[int, list[dict[str, Any]]] = {}
    for row in staged.items.to_pylist():
        items.setdefault(row["fact_id"], []).append(fields_of(row))
    for number, fact in enumerate(told):
        live = occurring(fact, KNOWING)
        assert fields_of(events[number]) == said_by(live.event), fact
        assert items.get(number, []) == [said_by(item) for item in live.items], fact
        assert events[number]["day"] == (fact.occurred_at.astimezone(ZONE).date() - datetime(1970, 1, 1).date()).days  # noqa: DTZ001 - a date


def test_withdrawals_are_no_events() -> None:
    """They only say what counts no more."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    told = [Fact(1, at, WITHDRAWN, "shop", None, None, {"fact_id": 7, "name": "order.completed"})]
    staged = STAGER.staged(table_of(told))
    assert staged.events.num_rows == staged.items.num_rows == 0
    assert staged.withdrawn["fact_id"].to_pylist() == [7]


def test_columns_are_those_of_the_fields() -> None:
    """In one order, so that files of any age are read together."""
    staged = STAGER.staged(table_of([]))
    assert staged.events.column_names == staged_columns("events", FIELDS)
    assert staged.items.column_names == staged_columns("items", FIELDS)
