"""The graph of a journey: what begins it, and the steps a customer walks through. Data, with one JSON form."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from domain.journeys.conditions import Condition
from domain.kernel.errors import InvalidInputError

_DAY = 86_400


class GraphError(InvalidInputError):
    """The graph is not a journey; `field` names the faulty step (`nodes.<id>.<part>`)."""

    code = "journey.graph"


class _Node(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """What all steps share: the name of their kind in the field `type`."""


class After(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Enter again once this many seconds lie between the fact that began the last walk and the new one."""

    after_seconds: float


class Trigger(_Node, frozen=True, kw_only=True, tag="trigger"):
    """The fact that lets a customer enter; one older than `max_age_seconds` never does (late, imported history)."""

    event: str
    next: str | None
    where: tuple[Condition, ...] = ()
    max_age_seconds: float = _DAY
    reentry: Literal["always", "never"] | After = "always"


class Unless(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fact that ends a wait early, and the step that is then next."""

    event: str
    next: str | None
    where: tuple[Condition, ...] = ()


class Wait(_Node, frozen=True, kw_only=True, tag="wait"):
    """Do nothing for some seconds, unless something happens meanwhile."""

    seconds: float
    next: str | None
    unless: Unless | None = None


class Branch(_Node, frozen=True, kw_only=True, tag="branch"):
    """Go on at `yes` if all conditions hold for the fact that began the walk, else at `no`."""

    condition: tuple[Condition, ...]
    yes: str | None
    no: str | None


class IssueCoupon(_Node, frozen=True, kw_only=True, tag="issue_coupon"):
    """Give the customer a coupon; where none is left for him go on at `otherwise`, or end the walk."""

    offer_id: str
    next: str | None
    otherwise: str | None = None


class Send(_Node, frozen=True, kw_only=True, tag="send"):
    """Ask for a message; it is worth sending for `valid_seconds`."""

    channel: str
    template: str
    next: str | None = None
    purpose: Literal["marketing", "service"] = "marketing"
    valid_seconds: float = _DAY


class Exit(_Node, frozen=True, kw_only=True, tag="exit"):
    """Leave for a reason that reports can count."""

    reason: str


Node = Trigger | Wait | Branch | IssueCoupon | Send | Exit


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """The steps by id; exactly one of them is the trigger. A step whose `next` is null completes the journey."""

    nodes: dict[str, Node]

    @property
    def trigger(self) -> Trigger:
        """The step that begins the journey."""
        return next(node for node in self.nodes.values() if isinstance(node, Trigger))


def parse(data: Mapping[str, Any]) -> Graph:
    """Read the JSON form `{"nodes": {id: {"type": ...}}}`; raises `GraphError` naming the step that cannot be read."""
    nodes = data.get("nodes")
    if not isinstance(nodes, Mapping):
        raise GraphError('a journey is {"nodes": {id: step}}', field="nodes")
    return Graph(nodes={str(node_id): _parsed(str(node_id), node) for node_id, node in nodes.items()})


def exits(node: Node) -> Iterator[tuple[str, str | None]]:
    """Yield the parts of a step that name a next step, with what they name."""
    for part in ("next", "yes", "no", "otherwise"):
        if part in node.__struct_fields__:
            yield part, getattr(node, part)
    if isinstance(node, Wait) and node.unless:
        yield "unless.next", node.unless.next


def events_of(graph: Graph) -> set[str]:
    """Return the names of the facts the journey reacts to: nothing else needs to reach it."""
    awaited = {node.unless.event for node in graph.nodes.values() if isinstance(node, Wait) and node.unless}
    return awaited | {graph.trigger.event}


def properties_of(graph: Graph) -> set[str]:
    """Return the properties of the triggering fact that branches look at: they are kept with the walk."""
    branches = (node for node in graph.nodes.values() if isinstance(node, Branch))
    return {condition.property for node in branches for condition in node.condition}


def _parsed(node_id: str, node: object) -> Node:
    try:
        parsed: Node = msgspec.convert(node, Node)
    except msgspec.ValidationError as error:
        raise GraphError(f"step {node_id}: {error}", field=f"nodes.{node_id}") from None
    return parsed
