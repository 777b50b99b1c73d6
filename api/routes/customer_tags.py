"""The tags of one customer: live values of the catalogue, with evidence, beside the words of sources."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, SkipValidation

from api.answers import read
from api.auth import needs
from api.openapi import READ_ONE
from api.positions import Positions
from api.routes.customers import UnknownCustomerError
from api.routes.segment_asking import instant
from api.routes.tag_reads import one_of
from api.tagging import ShownTag
from api.tagging import shown as shown_words
from commands.access.scope import Scope
from commands.identity.tag_catalogue import TagCatalogue
from projections.customer_tags.queries import tags_of
from projections.identity_graph.queries import members_of
from projections.live_tags.moving import PersonMoves, moved
from projections.live_tags.queries import Explained, TagValue, explained, live_tags
from projections.segment_members.everybody import Everybody
from projections.tag_catalogue.queries import catalogue

_ONE: Final[dict[str, Any]] = {"guards": (needs(Scope.READ),), "responses": READ_ONE}
_VIEWS: Final = ("identity_graph", "customer_tags", "products", "tag_catalogue")

All = NamedDependency[SkipValidation[Everybody]]
At = Annotated[datetime | None, QueryParameter(description="As of this instant, with its zone; now, if left out.")]
Since = Annotated[datetime, QueryParameter(description="The earlier instant, with its zone.")]
Until = Annotated[datetime | None, QueryParameter(description="The later instant, with its zone; now, if left out.")]
Keys = Annotated[list[str] | None, QueryParameter(name="key", description="Of these tags alone; several times.")]
Group = Annotated[str | None, QueryParameter(description="Of this group alone.")]


class CustomerTags(msgspec.Struct, frozen=True, kw_only=True):
    """A person's tags as of an instant: values of the catalogue (`missing` says how many have none), and `words`.

    `words` are the tags that sources say she has.
    """

    profile_id: UUID
    at: datetime
    tags: list[TagValue]
    missing: int
    words: list[ShownTag]


class CustomerTagReads(Controller):
    """Tags of customers."""

    path = "/api/v1/customers"
    tags = ("customers",)

    @get("/{customer_id:uuid}/tags", operation_id="GetCustomerTags", summary="Show a customer's tags", **_ONE)
    async def tags_of_customer(
        self,
        customer_id: FromPath[UUID],
        wait_for: NamedDependency[int | None],
        everybody: All,
        positions: NamedDependency[SkipValidation[Positions]],
        tag_catalogue: NamedDependency[SkipValidation[TagCatalogue]],
        at: At = None,
        keys: Keys = None,
        group: Group = None,
    ) -> Response[CustomerTags]:
        """Work out the tags of the catalogue from all that is known of her now, or was as of an instant."""
        position = await positions.reached(*_VIEWS, wanted=wait_for)
        names = await everybody.names()
        known = await catalogue(everybody.pool)
        chosen = [one_of(known, key).definition.key for key in keys] if keys else sorted(known.tags)
        chosen = [key for key in chosen if group in {None, known.tags[key].definition.group}]
        when = instant(at)
        found = await live_tags(everybody, known, names.definitions, customer_id, when, chosen)
        if found is None:
            raise UnknownCustomerError("there is no customer with this id")
        profile_id, values = found
        _, members = (await members_of(everybody.pool, [customer_id]))[customer_id]
        words = shown_words(await tags_of(everybody.pool, members), await tag_catalogue.now())
        there = values if keys else [one for one in values if one.value is not None]
        shown = CustomerTags(profile_id=profile_id, at=when, tags=there, missing=len(values) - len(there), words=words)
        return read(shown, position)

    @get(
        "/{customer_id:uuid}/tags/{key:str}",
        operation_id="ExplainCustomerTag",
        summary="Show where the value of a customer's tag comes from",
        **_ONE,
    )
    async def explain_tag(
        self,
        customer_id: FromPath[UUID],
        key: FromPath[str],
        wait_for: NamedDependency[int | None],
        everybody: All,
        positions: NamedDependency[SkipValidation[Positions]],
        at: At = None,
    ) -> Response[Explained]:
        """Show the value, and each part of its definition with the facts and words it came from."""
        position = await positions.reached(*_VIEWS, wanted=wait_for)
        names = await everybody.names()
        definition = one_of(await catalogue(everybody.pool), key).definition
        found = await explained(everybody, definition, names.definitions, customer_id, instant(at))
        if found is None:
            raise UnknownCustomerError("there is no customer with this id")
        return read(found, position)

    @get(
        "/{customer_id:uuid}/tag-moves",
        operation_id="CompareCustomerTags",
        summary="Show which of a customer's tags are others at a later instant",
        **_ONE,
    )
    async def tag_moves(
        self,
        customer_id: FromPath[UUID],
        wait_for: NamedDependency[int | None],
        everybody: All,
        positions: NamedDependency[SkipValidation[Positions]],
        since: Since,
        until: Until = None,
    ) -> Response[PersonMoves]:
        """Work all tags out at both instants from what was known then, and show those that are others."""
        position = await positions.reached(*_VIEWS, wanted=wait_for)
        names, known = await everybody.names(), await catalogue(everybody.pool)
        instants = instant(since, "since"), instant(until, "until")
        found = await moved(everybody, known, names.definitions, customer_id, instants, sorted(known.tags))
        if found is None:
            raise UnknownCustomerError("there is no customer with this id")
        return read(found, position)
