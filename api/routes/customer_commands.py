"""Commands about customers: register, link, describe, consent, merge, un-merge."""

from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import Body, FromPath, JSONBody, SkipValidation
from litestar.status_codes import HTTP_202_ACCEPTED

from api.auth import needs
from api.commanding import Change, Creation, Done
from api.members import stream_of
from api.openapi import CHANGE, CREATE
from commands.access.scope import Scope
from commands.identity.change_consent import ChangeConsent, change_consent
from commands.identity.describe_customer import DescribeCustomer, describe_customer
from commands.identity.describing import Describing
from commands.identity.link_identifiers import LinkIdentifiers, link_identifiers
from commands.identity.merge_customers import MergeCustomers, merge_customers
from commands.identity.register_customer import RegisterCustomer, register_customer
from commands.identity.unmerge_customers import UnmergeCustomers, unmerge_customers
from commands.runtime.event_store import EventStore
from domain.identity.naming import Naming
from projections.identity_graph.queries import holds_around, members_of

_REGISTER: Final = Example(
    value={
        "identifiers": [{"type": "member_code", "value": "10086"}, {"type": "phone", "value": "13800138000"}],
        "attributes": {"city": "杭州", "name": "王芳"},
    }
)
_CONSENT: Final = Example(
    value={
        "channel": "sms",
        "purpose": "marketing",
        "state": "granted",
        "text_version": "2026-09",
        "source": "mini-program",
    }
)


_GUARDS: Final = (needs(Scope.COMMAND),)
_CREATE: Final[dict[str, Any]] = {"guards": _GUARDS, "responses": CREATE}
_CHANGE: Final[dict[str, Any]] = {"guards": _GUARDS, "responses": CHANGE, "status_code": HTTP_202_ACCEPTED}

Making = NamedDependency[SkipValidation[Creation]]
Changing = NamedDependency[SkipValidation[Change]]
Store = NamedDependency[SkipValidation[EventStore]]
Rules = NamedDependency[SkipValidation[Describing]]


class CustomerCommands(Controller):
    """Writes about customers; every one answers the new version and the position to wait for."""

    path = "/api/v1/customers"
    tags = ("customers",)

    @post("/", operation_id="RegisterCustomer", summary="Register a customer", **_CREATE)
    async def register(
        self,
        data: Annotated[RegisterCustomer, Body(examples=[_REGISTER])],
        creation: Making,
        store: Store,
        naming: NamedDependency[SkipValidation[Naming]],
        describing: Rules,
    ) -> Response[Done]:
        """Begin the history of a customer, who is named by the strongest of the identifiers."""
        return await creation.done(
            lambda by: register_customer(data, by=by, streams=store.streams, naming=naming, describing=describing),
            Done,
            location="/api/v1/customers/{id}",
        )

    @post("/{customer_id:uuid}/identifiers", operation_id="LinkIdentifiers", summary="Link identifiers", **_CHANGE)
    async def link(
        self,
        customer_id: FromPath[UUID],
        data: JSONBody[LinkIdentifiers],
        change: Changing,
        store: Store,
        naming: NamedDependency[SkipValidation[Naming]],
        describing: Rules,
    ) -> Response[Done]:
        """Add identifiers under which the customer is known as well; this may join two profiles."""
        told = await told_to(customer_id, change, store)
        return await change.done(
            lambda by: link_identifiers(data, naming=naming, describing=describing, by=by, **told), Done
        )

    @post("/{customer_id:uuid}/attributes", operation_id="DescribeCustomer", summary="Set attributes", **_CHANGE)
    async def describe(
        self,
        customer_id: FromPath[UUID],
        data: JSONBody[DescribeCustomer],
        change: Changing,
        store: Store,
        describing: Rules,
    ) -> Response[Done]:
        """Set attributes as of a time, the last word wins; personal ones are sealed."""
        told = await told_to(customer_id, change, store)
        return await change.done(lambda by: describe_customer(data, by=by, describing=describing, **told), Done)

    @post("/{customer_id:uuid}/consents", operation_id="ChangeConsent", summary="Grant or withdraw consent", **_CHANGE)
    async def consent(
        self,
        customer_id: FromPath[UUID],
        data: Annotated[ChangeConsent, Body(examples=[_CONSENT])],
        change: Changing,
        store: Store,
    ) -> Response[Done]:
        """Record what the person said about a channel and a purpose, with the proof of it."""
        told = await told_to(customer_id, change, store)
        return await change.done(lambda by: change_consent(data, by=by, **told), Done)

    @post("/{customer_id:uuid}/merge", operation_id="MergeCustomers", summary="Merge with another customer", **_CHANGE)
    async def merge(
        self, customer_id: FromPath[UUID], data: JSONBody[MergeCustomers], change: Changing, store: Store
    ) -> Response[Done]:
        """Declare two customers one person; both histories stay as they are."""
        told = await told_to(customer_id, change, store)
        return await change.done(lambda by: merge_customers(data, by=by, **told), Done)

    @post(
        "/{customer_id:uuid}/unmerge", operation_id="UnmergeCustomers", summary="Part from another customer", **_CHANGE
    )
    async def unmerge(
        self, customer_id: FromPath[UUID], data: JSONBody[UnmergeCustomers], change: Changing, store: Store
    ) -> Response[Done]:
        """Withdraw exactly what joins the two, so that both are what they were before."""
        told = await told_to(customer_id, change, store)
        found = await members_of(store.pool, [customer_id])
        members = [one for _, group in found.values() for one in group]
        holds = await holds_around(store.pool, members)
        return await change.done(lambda by: unmerge_customers(data, members=members, holds=holds, by=by, **told), Done)


async def told_to(customer_id: UUID, change: Change, store: EventStore) -> dict[str, Any]:
    """Return what every command to a customer is told: whom it concerns, at which version, and where."""
    return {
        "customer_id": await stream_of(store.pool, customer_id),
        "expected_version": change.expected_version,
        "streams": store.streams,
    }
