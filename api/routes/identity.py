"""Why customers are one person, and the rules that decide it."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation
from litestar.status_codes import HTTP_202_ACCEPTED

from api.answers import read
from api.auth import Caller, needs
from api.commanding import Creation
from api.openapi import CREATE, READ, READ_ONE
from api.personal import Personal, ShownIdentifier
from api.positions import Positions
from api.routes.customers import UnknownCustomerError
from commands.access.scope import Scope
from commands.identity.rules import AdoptedRules, AdoptRules, adopt_rules
from commands.runtime.event_store import EventStore
from domain.identity.naming import Naming
from domain.identity.rules import Guards, Name, read_rules
from projections.identity_graph import comparing, explaining
from projections.identity_graph.queries import members_of

_GRAPH: Final = "identity_graph"
_READ: Final = (needs(Scope.READ),)
_ADMIN: Final = (needs(Scope.ADMIN),)


class ShownEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What joins two customers: the identifier, masked without the scope `personal`; null for a decision."""

    customer_id: UUID
    other_id: UUID
    identifier: ShownIdentifier | None
    since: datetime
    rule: Name


class ShownGuard(msgspec.Struct, frozen=True, kw_only=True):
    """An identifier that joins nobody (`hold`: blocked, crowded or shared), and whom it might have joined (some)."""

    customer_id: UUID
    identifier: ShownIdentifier
    since: datetime
    hold: str
    rule: Name
    others: tuple[UUID, ...]


class WhyOnePerson(msgspec.Struct, frozen=True, kw_only=True):
    """Why these customers are one person, and what keeps others apart from them."""

    profile_id: UUID
    rules_version: int
    joined_by: list[ShownEvidence]
    kept_apart_by: list[ShownGuard]


class RulesInForce(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of each kind of identifier; `blocked` counts the values that name nobody. Version 0 comes with Koi."""

    version: int
    limits: Guards
    blocked: int


class GivenRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules as the text of a TOML file."""

    rules: str


class IdentityController(Controller):
    """Identity."""

    path = "/api/v1"
    tags = ("identity",)

    @get(
        "/customers/{customer_id:uuid}/identity",
        operation_id="ExplainIdentity",
        summary="Show why a profile is one person",
        guards=_READ,
        responses=READ_ONE,
    )
    async def explain(
        self,
        request: Request[Caller, Any, Any],
        customer_id: FromPath[UUID],
        wait_for: NamedDependency[int | None],
        store: NamedDependency[SkipValidation[EventStore]],
        positions: NamedDependency[SkipValidation[Positions]],
    ) -> Response[WhyOnePerson]:
        """Show the chain of evidence of a customer's profile, and the guards that keep others apart from it."""
        position = await positions.reached(_GRAPH, wanted=wait_for)
        found = (await members_of(store.pool, [customer_id])).get(customer_id)
        if found is None:
            raise UnknownCustomerError("there is no customer with this id")
        why = await explaining.explain(store.pool, found[0])
        personal = Personal(store.keyring, in_clear=request.user.sees_personal)
        return read(await _shown(why, personal), position)

    @get(
        "/identity/rules",
        operation_id="GetIdentityRules",
        summary="Show the rules in force",
        guards=_READ,
        responses=READ,
    )
    async def rules(
        self,
        wait_for: NamedDependency[int | None],
        store: NamedDependency[SkipValidation[EventStore]],
        positions: NamedDependency[SkipValidation[Positions]],
    ) -> Response[RulesInForce]:
        """Show how far each kind of identifier is trusted."""
        position = await positions.reached(_GRAPH, wanted=wait_for)
        version, guards = await explaining.rules_of(store.pool)
        shown = Guards(limits=guards.limits)
        return read(RulesInForce(version=version, limits=shown, blocked=len(guards.blocked)), position)

    @post(
        "/identity/rules/compare",
        operation_id="CompareIdentityRules",
        summary="Show what other rules would do",
        guards=_ADMIN,
        responses=READ,
        status_code=200,
    )
    async def compare(
        self,
        data: JSONBody[GivenRules],
        pool: NamedDependency[SkipValidation[asyncpg.Pool]],
        naming: NamedDependency[SkipValidation[Naming]],
    ) -> comparing.Comparison:
        """Work other rules out over the whole history, aside; nothing changes."""
        return await comparing.compare(pool, read_rules(data.rules).guards(naming.customer_id))

    @post(
        "/identity/rules/adopt",
        operation_id="AdoptIdentityRules",
        summary="Put rules in force",
        guards=_ADMIN,
        responses=CREATE,
        status_code=HTTP_202_ACCEPTED,
    )
    async def adopt(
        self,
        data: JSONBody[AdoptRules],
        creation: NamedDependency[SkipValidation[Creation]],
        store: NamedDependency[SkipValidation[EventStore]],
        naming: NamedDependency[SkipValidation[Naming]],
    ) -> Response[AdoptedRules]:
        """Put rules, or those of an earlier version, in force over the whole history."""
        return await creation.done(
            lambda by: adopt_rules(data, by=by, streams=store.streams, naming=naming), AdoptedRules
        )


async def _shown(why: explaining.Explanation, personal: Personal) -> WhyOnePerson:
    known = [one.known for one in why.joined_by if one.known] + [one.known for one in why.kept_apart_by]
    shown = {one.names: one for one in await personal.identifiers(known)}
    return WhyOnePerson(
        profile_id=why.profile_id,
        rules_version=why.rules_version,
        joined_by=[
            ShownEvidence(
                customer_id=one.customer_id,
                other_id=one.other_id,
                identifier=shown[one.known.identifier_id] if one.known else None,
                since=one.since,
                rule=one.rule,
            )
            for one in why.joined_by
        ],
        kept_apart_by=[
            ShownGuard(
                customer_id=one.customer_id,
                identifier=shown[one.known.identifier_id],
                since=one.since,
                hold=one.hold,
                rule=one.rule,
                others=one.others,
            )
            for one in why.kept_apart_by
        ],
    )
