"""When identifiers were cut from everybody: read from their own histories, since an unbinding is recorded there."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from commands.runtime.streams import Streams
from domain.identity.customer import Customer
from domain.identity.graph import is_void


async def unbindings(
    streams: Streams, customers: Iterable[Customer], *, of_types: Collection[str | None] = ()
) -> dict[UUID, datetime]:
    """Return when the customers and the identifiers they claim (of some types, if given) were unbound, if ever."""
    known = {customer.id: customer for customer in customers}
    claimed = {
        claim for one in known.values() for claim, kind in one.claims.items() if not of_types or kind in of_types
    }
    if others := claimed - known.keys():
        known |= await streams.load_many(Customer, others)
    return {one.id: one.unbound_at for one in known.values() if one.unbound_at is not None}


async def held(streams: Streams, customers: Iterable[Customer]) -> set[UUID]:
    """Return the identifiers that these customers claim and that were not cut from them since."""
    asking = list(customers)
    unbound = await unbindings(streams, asking)
    return {
        claim
        for customer in asking
        for claim, claimed_at in customer.claimed_at.items()
        if not is_void(customer.id, claim, claimed_at, unbound)
    }
