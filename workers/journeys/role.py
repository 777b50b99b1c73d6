"""When facts arrive, the journeys of the customers they are about go on."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import msgspec
from nats.aio.msg import Msg

from domain.journeys.run import JourneyRun
from domain.journeys.stimuli import FactHappened
from workers import bus
from workers.journeys.advancing import advance, run_ids
from workers.journeys.campaigns import Campaigns
from workers.parking import park
from workers.people import People, Person
from workers.relay.messages import Marks, PackedFact
from workers.runtime import PASSING, Worker


class _Pack(msgspec.Struct, frozen=True):
    position: int
    marks: Marks
    facts: list[PackedFact]


class _Envelope(msgspec.Struct, frozen=True):
    data: _Pack


_decode = msgspec.json.Decoder(_Envelope).decode


class Journeys:
    """What one process knows while it advances journeys."""

    def __init__(self, worker: Worker) -> None:
        """Take the worker's connections."""
        self._pool = worker.store.pool
        self._streams = worker.store.streams
        self._campaigns = Campaigns(worker.store.pool, worker.store.streams)
        self._people = People(worker.store.pool)

    async def handle(self, messages: Sequence[Msg]) -> None:
        """Advance what the packs of facts concern, then acknowledge them."""
        packs = [_decode(message.data).data for message in messages]
        await self._campaigns.come_to(max(pack.marks.campaigns for pack in packs))
        facts = [fact for pack in packs for fact in pack.facts if any(self._campaigns.reacting_to(fact.name))]
        if facts:
            await self._advance(facts, max(pack.marks.customers for pack in packs))
        await bus.acknowledge(messages)

    async def _advance(self, facts: Sequence[PackedFact], known_at: int) -> None:
        people = await self._people.of({fact.customer_id for fact in facts}, known_at)
        by_person: dict[UUID, list[PackedFact]] = defaultdict(list)
        for fact in facts:
            by_person[people[fact.customer_id].profile_id].append(fact)
        runs = await self._load(facts, people)
        await asyncio.gather(*(self._follow(people[about[0].customer_id], about, runs) for about in by_person.values()))

    async def _load(self, facts: Sequence[PackedFact], people: dict[UUID, Person]) -> dict[UUID, JourneyRun]:
        wanted = {
            one
            for fact in facts
            for campaign in self._campaigns.reacting_to(fact.name)
            for one in run_ids(people[fact.customer_id], campaign.id)
        }
        return await self._streams.load_many(JourneyRun, wanted)

    async def _follow(self, person: Person, facts: Sequence[PackedFact], runs: dict[UUID, JourneyRun]) -> None:
        for fact in facts:
            for campaign in self._campaigns.reacting_to(fact.name):
                try:
                    await advance(self._streams, campaign, person, happened(fact), runs)
                except PASSING:
                    raise
                except Exception as error:  # noqa: BLE001 - a fault with one person must not hold up the others
                    await park(self._pool, "journeys", fact.fact_id, person.profile_id, fact.name, error)


def happened(fact: PackedFact) -> FactHappened:
    """Return the fact as the journeys know it."""
    return FactHappened(
        name=fact.name,
        fact_id=fact.fact_id,
        occurred_at=fact.occurred_at,
        customer_id=fact.customer_id,
        amount=fact.amount,
        currency=fact.currency,
        properties=msgspec.json.decode(fact.body),
    )


async def journeys(worker: Worker) -> None:
    """Advance journeys for as long as the connections hold."""
    js = await bus.ensure_stream(worker.client)
    await bus.consume(js, "journeys", ["koi.*.facts.sealed"], Journeys(worker).handle)
