"""The whole person: every customer joined with one, decided from their own streams."""

from collections.abc import Collection, Iterable
from uuid import UUID

from commands.identity.traces import Traces
from commands.identity.unmerge_customers import edges_of
from commands.runtime.streams import Streams
from domain.identity.customer import Customer


async def whole_person(start: Iterable[UUID], *, streams: Streams, traces: Traces) -> dict[UUID, Customer]:
    """Return the customers joined with these ids (which may be identifiers nobody was registered under).

    The views say where to look, again for whoever was found, until nobody new turns up; the edges are those of the
    streams.
    """
    beginning = frozenset(start)
    candidates: dict[UUID, Customer] = {}
    asked: set[UUID] = set()
    wanted = set(beginning)
    while wanted:
        asked |= wanted
        found = (await traces.joined_with(wanted)) | wanted
        loaded = await streams.load_many(Customer, found - candidates.keys())
        candidates |= {one: customer for one, customer in loaded.items() if customer.exists}
        reached = {end for customer in loaded.values() for end in _ends(customer)}
        wanted = (found | reached) - asked
    return {one: candidates[one] for one in _connected(beginning, candidates.values()) if one in candidates}


def _ends(customer: Customer) -> set[UUID]:
    return {customer.id, *customer.claims, *customer.merged_with}


def _connected(start: Collection[UUID], customers: Collection[Customer]) -> set[UUID]:
    neighbours: dict[UUID, set[UUID]] = {}
    # Whoever is claimed and has a history is among them, so what was cut from whom is known.
    unbound = {customer.id: customer.unbound_at for customer in customers if customer.unbound_at is not None}
    for customer in customers:
        for edge in edges_of(customer, unbound):
            neighbours.setdefault(edge.a, set()).add(edge.b)
            neighbours.setdefault(edge.b, set()).add(edge.a)
    seen, waiting = set(start), list(start)
    while waiting:
        for neighbour in neighbours.get(waiting.pop(), set()) - seen:
            seen.add(neighbour)
            waiting.append(neighbour)
    return seen
