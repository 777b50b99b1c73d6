"""Personal values for a reader: in clear with the scope `personal`, else just enough to recognise them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from api.inferred import ShownInference, shown_inference
from commands.runtime.keyring import KeyRing
from domain.identity.identifier import Identifier, IdentifierType, masked
from domain.inference.rules import InferenceRules
from projections.customer_360.folding import Attribute, Sealed
from projections.event_timeline import queries as event_timeline
from projections.event_timeline.queries import Decision
from projections.identity_graph.queries import Known
from projections.inferred_attributes.queries import Inferred

HIDDEN: Final = "***"


class ShownIdentifier(msgspec.Struct, frozen=True, kw_only=True):
    """An identifier of a profile; `value` is null where it is not kept, or can no longer be read."""

    type: str
    value: str | None
    names: UUID


class Fact(msgspec.Struct, frozen=True, kw_only=True, tag="fact"):
    """Something the customer did; `amount` in minor units. `personal` is shown to keys with that scope only."""

    customer_id: UUID
    occurred_at: datetime
    fact_id: int
    recorded_at: datetime
    name: str
    source: str
    amount: int | None
    currency: str | None
    body: dict[str, Any]
    personal: dict[str, Any] | None


Happened = Decision | Fact


class Personal:
    """Shows sealed values to one reader."""

    def __init__(self, keyring: KeyRing, *, in_clear: bool) -> None:
        self._keyring = keyring
        self._in_clear = in_clear

    async def identifiers(self, known: Iterable[Known]) -> list[ShownIdentifier]:
        """Return each identifier once, the most reliable kinds first."""
        by_id: dict[UUID, Known] = {}
        for one in known:
            if one.identifier_id not in by_id or by_id[one.identifier_id].sealed is None:
                by_id[one.identifier_id] = one
        await self._keyring.load(one.customer_id for one in by_id.values() if one.sealed)
        shown = [
            ShownIdentifier(type=one.type, value=self._identifier(one), names=one.identifier_id)
            for one in by_id.values()
        ]
        return sorted(shown, key=lambda one: (IdentifierType(one.type).rank, one.names))

    async def attributes(self, attributes: Iterable[Attribute]) -> dict[str, Any]:
        """Return the attributes by name; those that can no longer be read are left out."""
        found = list(attributes)
        await self._keyring.load(part.customer_id for one in found for part in one.sealed_parts)
        shown: dict[str, Any] = {}
        for one in found:
            if not (parts := one.sealed_parts):
                shown[one.key] = one.value
            elif (clear := self._opened(parts)) is not None:
                shown[one.key] = one.whole(clear) if self._in_clear else HIDDEN
        return shown

    async def inferred(self, inferred: Iterable[Inferred], rules: InferenceRules) -> dict[str, ShownInference]:
        """Return what was inferred by attribute, each with the words of its rule."""
        found = list(inferred)
        await self._keyring.load(one.customer_id for one in found if one.sealed)
        shown: dict[str, ShownInference] = {}
        for one in found:
            value = one.value
            if one.sealed is not None:
                clear = self._keyring.unseal(one.customer_id, one.sealed)
                if clear is None:
                    continue
                value = msgspec.json.decode(clear) if self._in_clear else HIDDEN
            shown[one.attribute] = shown_inference(one, value, rules)
        return shown

    async def happened(self, items: Iterable[Decision | event_timeline.Fact]) -> list[Happened]:
        """Return what happened to a customer, the personal part of facts in clear or not at all."""
        found = list(items)
        if self._in_clear:
            await self._keyring.load(one.customer_id for one in found if not isinstance(one, Decision) and one.sealed)
        return [one if isinstance(one, Decision) else self._fact(one) for one in found]

    def _opened(self, parts: Iterable[Sealed]) -> dict[Sealed, Any] | None:
        """Return what the parts are in clear, None where one can no longer be read."""
        opened = {part: self._keyring.unseal(part.customer_id, part.value) for part in parts}
        clear = {part: msgspec.json.decode(value) for part, value in opened.items() if value is not None}
        return clear if len(clear) == len(opened) else None

    def _fact(self, fact: event_timeline.Fact) -> Fact:
        clear = self._keyring.unseal(fact.customer_id, fact.sealed) if self._in_clear and fact.sealed else None
        return Fact(
            customer_id=fact.customer_id,
            occurred_at=fact.occurred_at,
            fact_id=fact.fact_id,
            recorded_at=fact.recorded_at,
            name=fact.name,
            source=fact.source,
            amount=fact.amount,
            currency=fact.currency,
            body=fact.body,
            personal=msgspec.json.decode(clear) if clear is not None else None,
        )

    def _identifier(self, known: Known) -> str | None:
        clear = self._keyring.unseal(known.customer_id, known.sealed) if known.sealed else None
        if clear is None:
            return None
        value = msgspec.json.decode(clear, type=str)
        return value if self._in_clear else masked(Identifier(IdentifierType(known.type), value))
