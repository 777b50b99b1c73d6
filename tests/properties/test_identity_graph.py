"""The identity graph does not depend on the order in which its facts arrive, nor on how the log is cut into pages."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.identity.customer import Claim, Customer
from domain.identity.identifier import IdentifierType
from domain.identity.resolving import placed
from domain.identity.rule_book import UNTIL_ADOPTED, RuleBook, rule_book_stream
from domain.identity.rules import Guards, Limit, Strength
from domain.kernel.event import Event, Meta
from domain.kernel.stored import to_state
from projections.engine import schema
from projections.engine.connecting import connect
from projections.engine.page import Entry, Page
from projections.identity_graph.projector import PROJECTION
from tests.projections.log import NOON, customer_id

KINDS = (
    IdentifierType.MEMBER_CODE,
    IdentifierType.PHONE,
    IdentifierType.EMAIL,
    IdentifierType.DEVICE,
    IdentifierType.ANONYMOUS,
)
PEOPLE = [(f"{kind.value} {number}", kind) for kind in KINDS for number in range(3)]
NAMES = st.sampled_from(range(len(PEOPLE)))
# Who claims what, in one stream each; who is merged with whom; which merges and claims are taken back at the end.
CLAIMS = st.lists(st.tuples(NAMES, NAMES), max_size=18, unique=True)
MERGES = st.lists(st.tuples(NAMES, NAMES).filter(lambda pair: pair[0] != pair[1]), max_size=4, unique=True)

_ROWS = "SELECT customer_id, profile_id, hold FROM customer"
_EMPTY = "TRUNCATE customer, claim, merge, unbinding, rules"
Found = dict[UUID, tuple[UUID, str | None]]


def _tight(kind: IdentifierType) -> Limit:
    """Limits that few customers reach, and e-mail among the weak kinds."""
    if kind.rank < IdentifierType.PHONE.rank:
        return Limit(strength=Strength.CERTAIN, persons=None, links=4)
    is_strong = kind.rank < IdentifierType.EMAIL.rank
    return Limit(strength=Strength.STRONG if is_strong else Strength.WEAK, persons=1 + is_strong, links=3)


TIGHT = Guards(
    limits={str(kind): _tight(kind) for kind in IdentifierType},
    blocked=tuple(customer_id(name) for name in ("phone 2", "device 2")),
)


@pytest.fixture(scope="module")
async def graph(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Empty tables of the view, for pages made by hand."""
    connection = await connect(postgres_url, "identity_properties")
    await schema.create(connection, PROJECTION, "identity_properties")
    yield connection
    await schema.drop(connection, "identity_properties")
    await connection.close()


def _id(person: int) -> UUID:
    return customer_id(PEOPLE[person][0])


def _streams(claims: list[tuple[int, int]], merges: list[tuple[int, int]]) -> dict[int, list[Event]]:
    """Return what happens in each customer's own stream, in its order."""
    meta = Meta(occurred_at=NOON, recorded_at=NOON)
    streams: dict[int, list[Event]] = {}
    for person in sorted({person for pair in claims + merges for person in pair}):
        own = Claim(_id(person), PEOPLE[person][1].value)
        streams[person] = [Customer.Registered(named_by=own.type, claims=(own,), meta=meta)]
    for minute, (person, other) in enumerate(claims):
        claim, said = Claim(_id(other), PEOPLE[other][1].value), Meta(occurred_at=NOON + timedelta(minutes=minute))
        streams[person].append(Customer.Identified(claims=(claim,), meta=said))
    for person, other in merges:
        streams[person].append(Customer.Merged(other_id=_id(other), reason="", meta=meta))
    return streams


def _take_back(streams: dict[int, list[Event]], claims: list[tuple[int, int]], merges: list[tuple[int, int]]) -> None:
    for person, other in claims:
        withdrawn = (_id(other),)
        unmerged = Customer.Unmerged(other_id=_id(other), withdrawn=withdrawn, reason="", meta=Meta(occurred_at=NOON))
        streams[person].append(unmerged)
    for person, other in merges:
        unmerged = Customer.Unmerged(other_id=_id(other), withdrawn=(), reason="", meta=Meta(occurred_at=NOON))
        streams[person].append(unmerged)


def _cut(data: st.DataObject, streams: dict[int, list[Event]], claims: list[tuple[int, int]]) -> set[tuple[int, int]]:
    """Unbind some identifiers at some minute; return the claims that count no more."""
    cuts = (
        data.draw(st.dictionaries(st.sampled_from(sorted(streams)), st.integers(0, 18), max_size=2)) if streams else {}
    )
    for person, minute in cuts.items():
        place = data.draw(st.integers(1, len(streams[person])))
        streams[person].insert(place, Customer.Unbound(meta=Meta(occurred_at=NOON + timedelta(minutes=minute))))
    return {
        pair for at, pair in enumerate(claims) if pair[0] != pair[1] and any(at <= cuts.get(one, -1) for one in pair)
    }


def _interleaved(data: st.DataObject, streams: dict[int, list[Event]]) -> list[Entry]:
    """Return the streams' events in any order that keeps each stream's own."""
    left = {person: list(events) for person, events in streams.items()}
    entries: list[Entry] = []
    while left:
        person = data.draw(st.sampled_from(sorted(left)))
        event = left[person].pop(0)
        entries.append(Entry(len(entries) + 1, _id(person), 1, event.TOPIC, to_state(event, bytes)))
        if not left[person]:
            del left[person]
    return entries


def _with_rules(data: st.DataObject, entries: list[Entry]) -> tuple[list[Entry], Guards]:
    """Put adoptions of rules anywhere among the entries; return the rules in force at the end."""
    rules = data.draw(st.lists(st.sampled_from([TIGHT, UNTIL_ADOPTED]), max_size=2))
    for version, guards in enumerate(rules, start=1):
        place = data.draw(st.integers(0, len(entries)))
        event = RuleBook.Adopted(version=version, guards=guards, reason="", meta=Meta(occurred_at=NOON))
        entries.insert(place, Entry(0, rule_book_stream(), version, event.TOPIC, to_state(event, bytes)))
    adopted = [entry.version for entry in entries if entry.topic == RuleBook.Adopted.TOPIC]
    numbered = [msgspec.structs.replace(entry, position=at) for at, entry in enumerate(entries, start=1)]
    return numbered, rules[adopted[-1] - 1] if adopted else UNTIL_ADOPTED


async def _taken(graph: asyncpg.Connection, entries: list[Entry], per_page: int) -> Found:
    await graph.execute(_EMPTY)
    for start in range(0, len(entries), per_page):
        part = entries[start : start + per_page]
        async with graph.transaction():
            await PROJECTION.apply(graph, Page(part[0].position - 1, part[-1].position, part))
    return {row["customer_id"]: (row["profile_id"], row["hold"]) for row in await graph.fetch(_ROWS)}


def _expected(
    streams: dict[int, list[Event]], claims: set[tuple[int, int]], merges: set[tuple[int, int]], guards: Guards
) -> Found:
    nodes = {_id(person): PEOPLE[person][1].rank for person in streams}
    held = [(_id(a), _id(b)) for a, b in claims if a != b]
    found = placed(nodes, held, [(_id(a), _id(b)) for a, b in merges], guards)
    return {one: (at.profile_id, at.hold) for one, at in found.items()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), claims=CLAIMS, merges=MERGES, per_page=st.integers(1, 12))
async def test_any_order_of_the_same_facts_gives_the_same_profiles(
    graph: asyncpg.Connection,
    data: st.DataObject,
    claims: list[tuple[int, int]],
    merges: list[tuple[int, int]],
    per_page: int,
) -> None:
    """Customers are joined by what is known, not by when it became known; parting undoes exactly what it names."""
    streams = _streams(claims, merges)
    back_claims = data.draw(st.lists(st.sampled_from(claims), unique=True)) if claims else []
    back_merges = data.draw(st.lists(st.sampled_from(merges), unique=True)) if merges else []
    _take_back(streams, back_claims, back_merges)
    # Undoing a merge ends exactly that one; taking a claim back also ends the merge of the same two, if there is one.
    ended = set(back_merges) | set(back_claims)
    void = _cut(data, streams, claims)
    entries, guards = _with_rules(data, _interleaved(data, streams))

    found = await _taken(graph, entries, per_page)

    assert found == _expected(streams, set(claims) - set(back_claims) - void, set(merges) - ended, guards)


def test_the_events_are_the_ones_customers_record() -> None:
    """The stored form used here is that of the log."""
    event = _streams([(0, 1)], [])[0][0]
    assert msgspec.json.decode(to_state(event, bytes))["named_by"] == "member_code"
