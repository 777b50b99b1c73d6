"""When facts arrive that a rule over purchases asks for, what their customers bought is looked at as a whole."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from nats.aio.msg import Msg

from commands.identity.describing import Describing
from commands.identity.infer_from_purchases import SIGNS, infer_from_purchases
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore
from domain.inference.purchases import concerns, products_of
from domain.inference.rules import InferenceRules
from workers import bus
from workers.parking import park
from workers.relay.messages import PackedFact
from workers.runtime import PASSING, Worker

ACTOR: Final = "inference"


class _Pack(msgspec.Struct, frozen=True):
    position: int
    facts: list[PackedFact]


class _Envelope(msgspec.Struct, frozen=True):
    data: _Pack


_decode = msgspec.json.Decoder(_Envelope).decode


class Inferring:
    """Looks at purchases as they come: a few queries for each pack that has one a rule asks for, none for others."""

    def __init__(self, store: EventStore, rules: InferenceRules) -> None:
        self._store = store
        self._rules = rules

    async def handle(self, messages: Sequence[Msg]) -> None:
        """Judge the customers whom the packs concern, then acknowledge; a redelivery finds nothing new to say."""
        packs = [_decode(message.data).data for message in messages]
        concerned: dict[UUID, PackedFact] = {}
        for fact in (fact for pack in packs for fact in pack.facts):
            if self._is_of_interest(fact):
                concerned[fact.customer_id] = fact
        for customer_id, fact in concerned.items():
            await self._judge(customer_id, fact)
        await bus.acknowledge(messages)

    def _is_of_interest(self, fact: PackedFact) -> bool:
        sign = SIGNS.get(fact.name)
        if sign is None:
            return False
        # What is brought back may take an inference along, whatever words the refund has.
        return sign < 0 or concerns(products_of(msgspec.json.decode(fact.body)), self._rules)

    async def _judge(self, customer_id: UUID, fact: PackedFact) -> None:
        by = Context(actor=ACTOR, causation_id=f"fact:{fact.fact_id}")
        try:
            await infer_from_purchases([customer_id], rules=self._rules, by=by, store=self._store)
        except PASSING:
            raise
        except Exception as error:  # noqa: BLE001 - a fault with one person must not hold up the others
            await park(self._store.pool, ACTOR, fact.fact_id, customer_id, fact.name, error)


async def inference(worker: Worker) -> None:
    """Infer for as long as the connections hold."""
    rules = Describing.of_home(worker.settings.home).inference
    js = await bus.ensure_stream(worker.client)
    await bus.consume(js, ACTOR, ["koi.*.facts.sealed"], Inferring(worker.store, rules).handle)
