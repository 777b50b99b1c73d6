"""The live segments a customer is in, since when and why, and how that came about."""

from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from api.answers import read
from api.auth import needs
from api.openapi import READ_ONE
from api.positions import Positions
from api.routes.customers import UnknownCustomerError
from commands.access.scope import Scope
from projections.identity_graph.queries import members_of
from projections.segment_membership import queries
from projections.segment_membership.queries import POSITION, Change, Membership

_ONE: Final[dict[str, Any]] = {"guards": (needs(Scope.READ),), "responses": READ_ONE}


class CustomerSegments(msgspec.Struct, frozen=True, kw_only=True):
    """A person's live segments, by their keys, and the last changes of them, the newest first."""

    profile_id: UUID
    segments: list[Membership]
    changes: list[Change]


class CustomerSegmentReads(Controller):
    """Segments of customers."""

    path = "/api/v1/customers"
    tags = ("customers",)

    @get(
        "/{customer_id:uuid}/segments",
        operation_id="GetCustomerSegments",
        summary="Show the live segments a customer is in, since when and why",
        **_ONE,
    )
    async def segments(
        self,
        customer_id: FromPath[UUID],
        wait_for: NamedDependency[int | None],
        pool: NamedDependency[SkipValidation[asyncpg.Pool]],
        positions: NamedDependency[SkipValidation[Positions]],
    ) -> Response[CustomerSegments]:
        """Return them as kept live, which follows each event and each window within a second.

        A `reason` is the name of the fact that brought her in, or time_passed, profile_changed,
        profiles_joined_or_parted, judged_anew. A membership without `since` began before the segment went live.
        """
        position = await positions.reached(POSITION, wanted=wait_for)
        found = (await members_of(pool, [customer_id])).get(customer_id)
        if found is None or not found[1]:
            raise UnknownCustomerError("there is no customer with this id")
        profile_id, members = found
        shown = CustomerSegments(
            profile_id=profile_id,
            segments=await queries.memberships(pool, profile_id, members),
            changes=await queries.changes(pool, members),
        )
        return read(shown, position)
