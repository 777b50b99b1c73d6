"""What was inferred over time: which inferences held from when to when, and which of them was the surest."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from projections.customer_360.folding import Sealed
from projections.profile_history.decisions import INFERENCES_WITHDRAWN, INFERRED, Decision


class Holding(msgspec.Struct, kw_only=True):
    """An inference that held from `since` to before `until` (None: it still does); `value` may be sealed."""

    attribute: str
    name: str
    rule: str
    confidence: int
    customer_id: UUID
    value: Any
    since: datetime
    until: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether it held at an instant."""
        return self.since <= at and (self.until is None or at < self.until)

    def end(self, at: datetime) -> None:
        """Let it hold no longer than until then."""
        self.until = at if self.until is None else min(at, self.until)


def holdings(decisions: Iterable[Decision], names: Collection[str]) -> list[Holding]:
    """Return all inferences about the customers of a profile; of the sealed ones those of these attributes alone."""
    found: list[Holding] = []
    last: dict[tuple[UUID, str], Holding] = {}
    for one in decisions:
        if one.topic == INFERENCES_WITHDRAWN:
            for name in one.said.names:
                if (held := last.pop((one.customer_id, name), None)) is not None:
                    held.end(one.occurred_at)
        elif one.topic == INFERRED:
            for held in _inferred(one, names):
                if (before := last.get((one.customer_id, held.name))) is not None:
                    before.end(held.since)
                last[one.customer_id, held.name] = held
                found.append(held)
    return found


def surest_over_time(holding: Collection[Holding]) -> list[tuple[datetime, Holding | None]]:
    """Return the inference that counted from each instant on: the surest, then that of the greater name."""
    instants = {one.since for one in holding} | {one.until for one in holding if one.until is not None}
    return [(at, _surest(one for one in holding if one.holds(at))) for at in sorted(instants)]


def _surest(holding: Iterable[Holding]) -> Holding | None:
    # The same order in which inferred_attributes shows them.
    ordered = sorted(holding, key=lambda one: one.customer_id)
    return max(ordered, key=lambda one: (one.confidence, one.name), default=None)


def _inferred(decision: Decision, names: Collection[str]) -> Iterable[Holding]:
    said = decision.said
    for name, grounds in said.grounds.items():
        if name in said.attributes:
            value = said.attributes[name]
        elif name in said.personal and grounds.attribute in names:
            value = Sealed(decision.customer_id, said.personal[name])
        else:
            continue
        yield Holding(
            attribute=grounds.attribute,
            name=name,
            rule=grounds.rule,
            confidence=grounds.confidence,
            customer_id=decision.customer_id,
            value=value,
            since=grounds.occurred_at,
            until=grounds.expires_at,
        )
