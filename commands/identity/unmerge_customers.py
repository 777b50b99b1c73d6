"""Un-merge two customers: withdraw exactly what joins them, so that both are what they were."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from commands.identity.customers import Changed, CustomerNotFoundError, expect, saved
from commands.identity.unbinding import unbindings
from commands.runtime.context import Context
from commands.runtime.streams import Streams
from domain.identity.customer import Customer
from domain.identity.graph import Edge, Known, is_void, unmerge_plan
from domain.identity.identifier import IdentifierType
from domain.identity.resolving import UNKNOWN_RANK, Hold
from domain.identity.rule_book import RuleBook, rule_book_stream
from domain.kernel.errors import InvalidInputError
from domain.kernel.plain_words import plain_words


class UnmergeCustomers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The customer who parts from the one addressed, and why, in words that name nobody."""

    other_id: UUID
    reason: str


async def unmerge_customers(
    command: UnmergeCustomers,
    *,
    customer_id: UUID,
    members: Iterable[UUID],
    holds: Mapping[UUID, Hold],
    expected_version: int | None,
    by: Context,
    streams: Streams,
) -> Changed:
    """Part the two.

    `members` are the customers of their profile and `holds` the identifiers next to them that join nobody, as far as
    known: where to look, while what joins them is decided from their own histories. Raises `NotJoinedError`, or
    `StillJoinedError` where a third customer keeps them together.
    """
    if not command.reason.strip():
        raise InvalidInputError("say why they are two persons", field="reason")
    customer, *others = await part(
        customer_id,
        command.other_id,
        members=members,
        holds=holds,
        reason=plain_words(command.reason, "reason"),
        streams=streams,
        expected_version=expected_version,
    )
    return await saved(customer, *others, by=by, streams=streams)


async def part(
    customer_id: UUID,
    other_id: UUID,
    *,
    members: Iterable[UUID],
    holds: Mapping[UUID, Hold],
    reason: str,
    streams: Streams,
    expected_version: int | None = None,
) -> tuple[Customer, Customer]:
    """Return the two as they are once parted, to be saved."""
    customers = await streams.load_many(Customer, {*members, customer_id, other_id})
    customer, other = customers[customer_id], customers[other_id]
    if not customer.exists:
        raise CustomerNotFoundError("there is no customer with this id")
    if not other.exists:
        raise CustomerNotFoundError("there is no customer with this id", field="other_id")
    expect(customer, expected_version)
    book = await streams.load(RuleBook, rule_book_stream())
    known = known_of(customers.values(), await unbindings(streams, customers.values()), holds)
    for edge_owner, withdrawn in _by_owner(unmerge_plan(customer_id, other_id, known, book.guards)).items():
        partner = other_id if edge_owner == customer_id else customer_id
        customers[edge_owner].unmerge(partner, withdrawn, reason)
    return customer, other


def known_of(customers: Iterable[Customer], unbound: Mapping[UUID, datetime], holds: Mapping[UUID, Hold]) -> Known:
    """Return what these customers' own histories say about who they are one person with."""
    ranks: dict[UUID, int] = {}
    edges: list[Edge] = []
    for customer in customers:
        ranks[customer.id] = _rank(customer.named_by)
        ranks |= {claim: _rank(kind) for claim, kind in customer.claims.items()}
        edges += edges_of(customer, unbound)
    ends = {end for edge in edges for end in (edge.a, edge.b)}
    ranks = dict.fromkeys(ends, UNKNOWN_RANK) | ranks
    return Known(ranks, tuple(edges), {one: hold for one, hold in holds.items() if one in ranks})


def edges_of(customer: Customer, unbound: Mapping[UUID, datetime]) -> list[Edge]:
    """Return what joins this customer to others, from its own history and when identifiers were unbound."""
    claims = [
        Edge(customer.id, claim, "claim")
        for claim, claimed_at in customer.claimed_at.items()
        if claim != customer.id and not is_void(customer.id, claim, claimed_at, unbound)
    ]
    return claims + [Edge(customer.id, other, "merge") for other in sorted(customer.merged_with)]


def _rank(kind: str) -> int:
    return IdentifierType(kind).rank if kind else UNKNOWN_RANK


def _by_owner(plan: Iterable[Edge]) -> dict[UUID, tuple[UUID, ...]]:
    """Return the claims to withdraw of each customer; none where only a merge has to end."""
    owned: dict[UUID, tuple[UUID, ...]] = {}
    for edge in plan:
        owned[edge.a] = owned.get(edge.a, ()) + ((edge.b,) if edge.kind == "claim" else ())
    return owned
