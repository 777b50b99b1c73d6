"""Read the live tags of a person: values, and for each the facts and words it came from."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.kernel.rules.explaining import Explainer
from domain.kernel.rules.history import History
from domain.kernel.rules.judging import Plan
from domain.kernel.rules.kinds import Known
from domain.kernel.rules.reasons import Reason, Why
from domain.kernel.rules.resolving import Definitions, resolve
from domain.kernel.rules.tree import Constant, Rule, Tag, Value
from domain.tags.definition import Definition, Freshness, Type, Words
from projections.identity_graph.queries import members_of
from projections.live_tags.surroundings import world_around
from projections.segment_members.everybody import Everybody
from projections.tag_catalogue.queries import Catalogue

_MOST_FACTS: Final = 10


class TagValue(msgspec.Struct, frozen=True, kw_only=True):
    """The value of a tag (null: missing), with its names; `label` is what the value is called."""

    key: str
    group: str
    name: Words
    type: Type
    unit: str
    value: Any
    label: Words | None
    freshness: Freshness
    version: int


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """The value of a tag of somebody as of an instant, and the evidence that it came from."""

    profile_id: UUID
    at: datetime
    tag: TagValue
    evidence: list[Why]


_State = tuple[frozenset[tuple[str, int]], Mapping[str, Rule | None]]


class Plans:
    """The tags of a catalogue made ready together, kept while the catalogue stays the same."""

    def __init__(self) -> None:
        """Begin with none."""
        self._ready: tuple[_State, frozenset[str], Plan] | None = None

    def of(self, catalogue: Catalogue, definitions: Definitions, keys: frozenset[str]) -> Plan:
        """Return what judges these tags."""
        versions = frozenset((key, one.definition.version) for key, one in catalogue.tags.items())
        state = (versions, definitions.segments)  # a tag may look at a segment, which changes without it
        if self._ready is None or self._ready[:2] != (state, keys):
            values: Mapping[str, Value] = {
                key: resolve(catalogue.tags[key].definition.value, definitions) for key in sorted(keys)
            }
            self._ready = (state, keys, Plan({}, values))
        return self._ready[2]


_PLANS: Final = Plans()


async def live_tags(
    everybody: Everybody,
    catalogue: Catalogue,
    definitions: Definitions,
    customer_id: UUID,
    at: datetime,
    keys: Collection[str],
) -> tuple[UUID, list[TagValue]] | None:
    """Return these tags of the person a customer belongs to as of an instant, None of a stranger."""
    history = await _history(everybody, customer_id)
    if history is None:
        return None
    world = await world_around(everybody.pool, history, everybody.world, everybody.calendar, at)
    plan = _PLANS.of(catalogue, definitions, frozenset(keys))
    moment = plan.person(history, world).at(at)
    values = [shown(catalogue.tags[key].definition, plan.value_of(key, moment)) for key in keys]
    return UUID(history.profile_id), values


async def explained(
    everybody: Everybody, definition: Definition, definitions: Definitions, customer_id: UUID, at: datetime
) -> Explained | None:
    """Return a tag of the person a customer belongs to as of an instant, and why; None of a stranger."""
    found = await explained_each(everybody, definition, definitions, [customer_id], at)
    return found[0] if found else None


async def explained_each(
    everybody: Everybody, definition: Definition, definitions: Definitions, people: Iterable[UUID], at: datetime
) -> list[Explained]:
    """Return a tag of each of these people (by any customer of theirs), in their order; strangers are left out."""
    groups = await members_of(everybody.pool, people := list(people))
    members = {groups[one][0]: groups[one][1] for one in people if one in groups and groups[one][1]}
    histories = await everybody.histories(members)
    explainer = Explainer(definition.value, definitions, _MOST_FACTS)
    found = []
    for profile_id in members:
        history = histories[profile_id]
        world = await world_around(everybody.pool, history, everybody.world, everybody.calendar, at)
        reason = explainer.explain(history, at, world)
        tag, evidence = shown(definition, reason.value), list(_parts(reason))
        found.append(Explained(profile_id=profile_id, at=at, tag=tag, evidence=evidence))
    return found


def shown(definition: Definition, value: Known) -> TagValue:
    """Return a value as it is shown."""
    return TagValue(
        key=definition.key,
        group=definition.group,
        name=definition.name,
        type=definition.type,
        unit=definition.unit,
        value=value,
        label=definition.labels.get(value) if isinstance(value, str) else None,
        freshness=definition.freshness,
        version=definition.version,
    )


def _parts(reason: Reason) -> Iterator[Why]:
    """Yield the parts that rest on something: facts, words, or a tag that is opened below."""
    if isinstance(reason.node, Constant):
        return
    if reason.total or reason.said or isinstance(reason.node, Tag) or not reason.parts:
        yield Why.of(reason)
    for part in reason.parts:
        yield from _parts(part)


async def _history(everybody: Everybody, customer_id: UUID) -> History | None:
    found = (await members_of(everybody.pool, [customer_id])).get(customer_id)
    if found is None or not found[1]:
        return None
    profile_id, members = found
    return (await everybody.histories({profile_id: members}))[profile_id]
