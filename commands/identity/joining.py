"""The whole person: every customer joined with one under the rules in force, decided from their own streams."""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

import msgspec

from commands.identity.traces import Traces
from commands.identity.unbinding import unbindings
from commands.identity.unmerge_customers import known_of
from commands.runtime.streams import Streams
from domain.identity.customer import Customer
from domain.identity.resolving import UNKNOWN_RANK, Hold, placed
from domain.identity.rule_book import RuleBook, rule_book_stream
from domain.identity.rules import Guards


class WholePerson(msgspec.Struct, frozen=True):
    """The customers that are one person, and every id that names nobody but her."""

    customers: Mapping[UUID, Customer]
    names: frozenset[UUID]


async def whole_person(start: Iterable[UUID], *, streams: Streams, traces: Traces) -> WholePerson:
    """Return the person whom these ids name (which may be identifiers nobody was registered under).

    The views say where to look and which identifiers join nobody (a store's phone, a shared tablet); who is joined is
    then decided from the streams. An identifier that several people use is not among her names.
    """
    beginning = frozenset(start)
    guards = (await streams.load(RuleBook, rule_book_stream())).guards
    candidates: dict[UUID, Customer] = {}
    holds: dict[UUID, Hold] = dict.fromkeys(guards.blocked, Hold.BLOCKED)
    asked: set[UUID] = set()
    wanted = set(beginning)
    while wanted:
        asked |= wanted
        found = (await traces.joined_with(wanted)) | wanted
        loaded = await streams.load_many(Customer, found - candidates.keys())
        candidates |= {one: customer for one, customer in loaded.items() if customer.exists}
        reached = {end for customer in loaded.values() for end in _ends(customer)}
        holds |= await traces.held_among(found | reached)
        wanted = (found | reached) - asked - holds.keys()
    return await _decided(beginning, candidates, guards, holds, streams)


async def _decided(
    start: Collection[UUID],
    candidates: Mapping[UUID, Customer],
    guards: Guards,
    holds: Mapping[UUID, Hold],
    streams: Streams,
) -> WholePerson:
    known = known_of(candidates.values(), await unbindings(streams, candidates.values()), holds)
    ranks = dict.fromkeys(start, UNKNOWN_RANK) | dict(known.ranks)
    claims = [(edge.a, edge.b) for edge in known.edges if edge.kind == "claim"]
    merges = [(edge.a, edge.b) for edge in known.edges if edge.kind == "merge"]
    at = placed(ranks, claims, merges, guards, {one: hold for one, hold in holds.items() if one in ranks})
    profiles = {at[one].profile_id for one in start}
    customers = {one: customer for one, customer in candidates.items() if at[one].profile_id in profiles}
    ends = {end for edge in known.edges if edge.a in customers for end in (edge.a, edge.b)}
    names = {one for one in {*start, *customers, *ends} if at[one].profile_id in profiles and at[one].hold is None}
    return WholePerson(customers, frozenset(names))


def _ends(customer: Customer) -> set[UUID]:
    return {customer.id, *customer.claims, *customer.merged_with}
