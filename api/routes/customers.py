"""Customers as they are seen: one profile at a glance, the search by identifier, the list."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import asyncpg
import msgspec
from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, SkipValidation

from api.answers import read
from api.auth import Caller, needs
from api.inferred import ShownInference, Uncleaned, apart
from api.members import stream_of
from api.openapi import READ, READ_ONE
from api.pages import Page, Paging
from api.personal import Happened, Personal, ShownIdentifier
from api.positions import Positions
from api.tagging import ShownTag
from api.tagging import shown as shown_tags
from commands.access.scope import Scope
from commands.identity.describing import Describing
from commands.identity.tag_catalogue import TagCatalogue
from commands.runtime.clock import now
from commands.runtime.event_store import EventStore
from domain.identity.identifier import identifier
from domain.identity.naming import Naming
from domain.kernel.errors import InvalidInputError, NotFoundError
from projections.customer_360 import queries as customer_360
from projections.customer_tags.queries import tags_of
from projections.event_timeline import queries as event_timeline
from projections.event_timeline.queries import Place
from projections.history.queries import version_at
from projections.identity_graph import queries as identity_graph
from projections.inferred_attributes.queries import inferred_of

_GUARDS: Final = (needs(Scope.READ),)
_ONE: Final[dict[str, Any]] = {"guards": _GUARDS, "responses": READ_ONE}
_LIST: Final[dict[str, Any]] = {"guards": _GUARDS, "responses": READ}
_FIRST: Final = UUID(int=0)
_VIEWS: Final = ("identity_graph", "customer_360", "customer_tags", "inferred_attributes")


class UnknownCustomerError(NotFoundError):
    """No profile has this id, and no customer of a profile has it."""

    code = "customer.not_found"


class CustomerProfile(msgspec.Struct, frozen=True, kw_only=True):
    """One person as far as Koi knows; `customers` are the histories joined into it.

    `attributes` were said; `inferred` follow from something else and go when the real value comes; `uncleaned` could
    not be understood. Amounts are minor units (fen). `windows` count orders and money of the last days (`days` null: of
    all time).
    """

    profile_id: UUID
    customers: tuple[UUID, ...]
    identifiers: list[ShownIdentifier]
    attributes: dict[str, Any]
    inferred: dict[str, ShownInference]
    uncleaned: dict[str, Uncleaned]
    consents: tuple[customer_360.Consent, ...]
    events: int
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    last_order_at: datetime | None
    purchase_interval_days: float | None
    windows: tuple[customer_360.Window, ...]
    activities: tuple[customer_360.Activities, ...]
    tags: list[ShownTag]


class CustomerReads(Controller):
    """Reads about customers."""

    path = "/api/v1/customers"
    tags = ("customers",)

    @get("/{customer_id:uuid}", operation_id="GetCustomer", summary="Show a customer at a glance", **_ONE)
    async def show(
        self,
        request: Request[Caller, Any, Any],
        customer_id: FromPath[UUID],
        wait_for: NamedDependency[int | None],
        store: NamedDependency[SkipValidation[EventStore]],
        positions: NamedDependency[SkipValidation[Positions]],
        tag_catalogue: NamedDependency[SkipValidation[TagCatalogue]],
        describing: NamedDependency[SkipValidation[Describing]],
    ) -> Response[CustomerProfile]:
        """Show the profile that a customer belongs to, under the id of any of its customers.

        Personal values are masked unless the key has the scope `personal`. The ETag is the version of the history that
        commands to this id are told to.
        """
        position = await positions.reached(*_VIEWS, wanted=wait_for)
        found = (await identity_graph.members_of(store.pool, [customer_id])).get(customer_id)
        if found is None or not found[1]:
            raise UnknownCustomerError("there is no customer with this id")
        profile_id, members = found
        personal = Personal(store.keyring, in_clear=request.user.sees_personal)
        seen = await customer_360.profile(store.pool, profile_id, members, now())
        attributes, uncleaned = apart(seen.attributes, await personal.attributes(seen.attributes))
        known = {*attributes, *(["purchase_interval_days"] if seen.purchase_interval_days is not None else [])}
        inferred = await inferred_of(store.pool, members, known, now())
        shown = CustomerProfile(
            profile_id=profile_id,
            customers=members,
            identifiers=await personal.identifiers(await identity_graph.identifiers_of(store.pool, profile_id)),
            attributes=attributes,
            inferred=await personal.inferred(inferred, describing.inference),
            uncleaned=uncleaned,
            consents=seen.consents,
            events=seen.events,
            first_seen_at=seen.first_seen_at,
            last_seen_at=seen.last_seen_at,
            last_order_at=seen.last_order_at,
            purchase_interval_days=seen.purchase_interval_days,
            windows=seen.windows,
            activities=seen.activities,
            tags=shown_tags(await tags_of(store.pool, members), await tag_catalogue.now()),
        )
        version = await version_at(store.pool, await stream_of(store.pool, customer_id), position)
        return read(shown, position, version=version)

    @get("/", operation_id="ListCustomers", summary="Search a customer by identifier, or list all", **_LIST)
    async def search(
        self,
        wait_for: NamedDependency[int | None],
        pool: NamedDependency[SkipValidation[asyncpg.Pool]],
        positions: NamedDependency[SkipValidation[Positions]],
        naming: NamedDependency[SkipValidation[Naming]],
        paging: NamedDependency[SkipValidation[Paging]],
        named: Annotated[
            str | None, QueryParameter(name="identifier", description="As in `phone:+8613800000000`.")
        ] = None,
    ) -> Response[Page[identity_graph.Profile]]:
        """Return the profile known under an identifier (`type:value`), or every profile in the order of the ids."""
        position = await positions.reached("identity_graph", wanted=wait_for)
        of = ("customers", named)
        if named is not None:
            return paging.answer(of, await _named(pool, naming, named), None, position)
        after = paging.after(of, UUID) or _FIRST
        found = await identity_graph.profiles(pool, after=after, limit=paging.one_more)
        return paging.page(of, found, lambda last: last.profile_id, position)

    @get(
        "/{customer_id:uuid}/timeline",
        operation_id="GetTimeline",
        summary="Show what happened to a customer",
        **_ONE,
    )
    async def timeline(
        self,
        request: Request[Caller, Any, Any],
        customer_id: FromPath[UUID],
        wait_for: NamedDependency[int | None],
        store: NamedDependency[SkipValidation[EventStore]],
        positions: NamedDependency[SkipValidation[Positions]],
        paging: NamedDependency[SkipValidation[Paging]],
    ) -> Response[Page[Happened]]:
        """Show what was decided about a customer and what she did, the newest first."""
        position = await positions.reached("identity_graph", "event_timeline", wanted=wait_for)
        members = await _members(store.pool, customer_id)
        of = ("timeline", customer_id)
        found = await event_timeline.timeline(store.pool, members, beyond=paging.after(of, Place), limit=paging.limit)
        personal = Personal(store.keyring, in_clear=request.user.sees_personal)
        return paging.answer(of, await personal.happened(found.items), found.next, position)


async def _named(pool: asyncpg.Pool, naming: Naming, named: str) -> list[identity_graph.Profile]:
    """Return the one profile known under the identifier, or none."""
    kind, separator, value = named.partition(":")
    if not separator:
        raise InvalidInputError("an identifier is given as type:value, as in phone:+8613800000000", field="identifier")
    profile_id = await identity_graph.find_by_identifier(pool, naming.customer_id(identifier(kind, value)))
    return [] if profile_id is None else await identity_graph.profiles(pool, after=_before(profile_id), limit=1)


def _before(profile_id: UUID) -> UUID:
    return UUID(int=max(0, profile_id.int - 1))


async def _members(pool: asyncpg.Pool, customer_id: UUID) -> tuple[UUID, ...]:
    found = (await identity_graph.members_of(pool, [customer_id])).get(customer_id)
    if found is None or not found[1]:
        raise UnknownCustomerError("there is no customer with this id")
    return found[1]
