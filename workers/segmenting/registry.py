"""Whose profile each customer counts for, as membership was last judged, and what the identity graph says by now."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

import asyncpg
import msgspec

from projections.identity_graph import queries as identity_graph
from workers.segmenting.keeping import Known

_REMEMBERED = 200_000
_FIND = "SELECT customer_id, number, profile_id FROM segmenting.person WHERE customer_id = ANY($1)"
_OF_PROFILES = "SELECT customer_id, number, profile_id FROM segmenting.person WHERE profile_id = ANY($1)"
_NEXT = "SELECT coalesce(max(number) + 1, 0) FROM segmenting.person"
# An identifier that came to join nobody parts people about whom nothing was said.
_PARTED = """
    SELECT p.customer_id FROM identity_graph.customer AS k
    JOIN identity_graph.claim AS i ON i.identifier_id = k.customer_id
    JOIN identity_graph.customer AS c ON c.customer_id = i.customer_id
    JOIN segmenting.person AS p ON p.customer_id = i.customer_id
    WHERE k.customer_id = ANY($1) AND k.hold IS NOT NULL AND p.profile_id <> c.profile_id
"""
_MOVED = """
    SELECT p.customer_id FROM segmenting.person AS p JOIN identity_graph.customer AS c USING (customer_id)
    WHERE p.profile_id <> c.profile_id
"""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A person: her profile, the customers it is made of, and the profiles they counted for until now."""

    profile_id: UUID
    members: tuple[UUID, ...]
    formers: frozenset[UUID]

    @property
    def is_new(self) -> bool:
        """Whether nobody of it was known."""
        return not self.formers


class Registry:
    """The customers by number, the most recently asked for in memory."""

    def __init__(self, connection: asyncpg.Connection, next_number: int) -> None:
        """Take the connection to ask, and the first number that is free."""
        self._connection = connection
        self._next = next_number
        self._known: OrderedDict[UUID, Known] = OrderedDict()
        # Profiles registered in the step under way, which the database does not show yet.
        self._pending: dict[UUID, list[UUID]] = {}

    @classmethod
    async def open(cls, connection: asyncpg.Connection) -> "Registry":
        """Return the registry as stored."""
        return cls(connection, await connection.fetchval(_NEXT))

    async def find(self, customers: Collection[UUID]) -> dict[UUID, Known]:
        """Return those of the customers that are known."""
        missing = [one for one in customers if one not in self._known]
        if missing:
            self._remember(Known(*row) for row in await self._connection.fetch(_FIND, missing))
        return {one: self._known[one] for one in customers if one in self._known}

    def number(self, customer_id: UUID) -> int:
        """Return the number of a customer who was just found or registered."""
        return self._known[customer_id].number

    async def members(self, profiles: Collection[UUID]) -> dict[UUID, list[UUID]]:
        """Return the customers that count for each of the profiles."""
        stored = [one for one in profiles if one not in self._pending]
        found = {one: list(self._pending.get(one, ())) for one in profiles}
        for row in await self._connection.fetch(_OF_PROFILES, stored) if stored else ():
            found[row["profile_id"]].append(row["customer_id"])
        return found

    def register(self, group: Group, known: Mapping[UUID, Known]) -> list[Known]:
        """Let the customers of a group count for its profile; returns what has to be stored."""
        changed = []
        self._pending[group.profile_id] = [*dict.fromkeys((group.profile_id, *group.members))]
        for customer_id in dict.fromkeys((group.profile_id, *group.members)):
            before = known.get(customer_id)
            if before and before.profile_id == group.profile_id:
                continue
            changed.append(Known(customer_id, before.number if before else self._next, group.profile_id))
            self._next += before is None
        self._remember(changed)
        return changed

    async def resolve(self, customers: Collection[UUID]) -> tuple[list[Group], dict[UUID, Known]]:
        """Return the persons of the customers whose make-up has changed, and all that was known of their customers."""
        known: dict[UUID, Known] = {}
        graph: dict[UUID, tuple[UUID, tuple[UUID, ...]]] = {}
        asked = set(customers)
        while asked:
            placed = await identity_graph.members_of(self._connection, asked)
            graph |= {one: placed.get(one, (one, ())) for one in asked}
            around = {member for one in asked for member in (graph[one][0], *graph[one][1])}
            known |= await self.find(around | asked)
            formers = {known[one].profile_id for one in around | asked if one in known}
            parted = {one for group in (await self.members(formers)).values() for one in group}
            known |= await self.find(parted)
            asked = (around | parted) - graph.keys()
        members: dict[UUID, set[UUID]] = {}
        for profile_id, group in graph.values():
            members.setdefault(profile_id, set()).update(group)
        groups = [
            Group(
                profile_id=profile_id,
                members=tuple(sorted(group)),
                formers=frozenset(known[one].profile_id for one in (profile_id, *group) if one in known),
            )
            for profile_id, group in members.items()
        ]
        left = {known[one].profile_id for one in graph if one in known and known[one].profile_id != graph[one][0]}
        return [one for one in groups if one.profile_id in left or _has_changed(one, known)], known

    async def parted(self, identifiers: Collection[UUID]) -> list[UUID]:
        """Return the customers who are somebody else since these identifiers join nobody any more."""
        return [row["customer_id"] for row in await self._connection.fetch(_PARTED, list(identifiers))]

    async def moved(self) -> list[UUID]:
        """Return all customers who count for another profile by now."""
        return [row["customer_id"] for row in await self._connection.fetch(_MOVED)]

    def _remember(self, people: Iterable[Known]) -> None:
        for one in people:
            self._known[one.customer_id] = one

    def settled(self) -> None:
        """Know that all that was registered is stored."""
        self._pending.clear()
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


def _has_changed(group: Group, known: Mapping[UUID, Known]) -> bool:
    everyone = (group.profile_id, *group.members)
    if not group.members:  # nobody is left of it who has a history
        return not group.is_new
    return any(one not in known or known[one].profile_id != group.profile_id for one in everyone)
