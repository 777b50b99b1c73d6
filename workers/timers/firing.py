"""What follows when a timer fires."""

from collections.abc import Sequence

import msgspec

from commands.runtime.event_store import EventStore
from domain.activity.withdrawing import WITHDRAWN
from domain.campaigns.campaign import Campaign
from domain.journeys import graph
from domain.journeys.run import JourneyRun
from domain.journeys.stimuli import FactHappened, TimerFired
from projections.due_timers.projector import WAIT
from projections.due_timers.queries import Timer
from workers.delivery.sending import Sender
from workers.journeys.advancing import advance
from workers.journeys.campaigns import Campaigns
from workers.people import People, Person

_MOST_FACTS = 100
_MEANWHILE = """
    SELECT fact_id, customer_id, occurred_at, amount, currency, body::text AS body FROM fact_log
    WHERE customer_id = ANY($1) AND name = $2 AND occurred_at >= $3 AND NOT EXISTS (
        SELECT FROM fact_log AS w WHERE w.customer_id = fact_log.customer_id AND w.occurred_at = fact_log.occurred_at
        AND w.name = $5 AND (w.body ->> 'fact_id')::bigint = fact_log.fact_id
    ) ORDER BY occurred_at, fact_id LIMIT $4
"""


class Firing:
    """Goes on with journeys whose wait is over and with messages whose next attempt is due."""

    def __init__(self, store: EventStore, campaigns: Campaigns, people: People, sender: Sender) -> None:
        """Take what journeys and messages need."""
        self._store = store
        self._campaigns = campaigns
        self._people = people
        self._sender = sender

    async def fire(self, timer: Timer) -> None:
        """Do what the timer was set for; it may turn out to be nothing any more."""
        if timer.kind != WAIT:
            await self._sender.resume(timer.stream_id)
            return
        run = await self._store.streams.load(JourneyRun, timer.stream_id)
        if run.campaign_id is None or run.customer_id is None or timer.node is None or timer.visit is None:
            return
        campaign = await self._campaigns.get(run.campaign_id)
        person = (await self._people.of({run.customer_id}, 0))[run.customer_id]
        runs = {run.id: run}
        # What ended the wait may be in the log and not yet here: the log decides, not the speed of its messengers.
        for fact in await self._meanwhile(run, campaign, person):
            await advance(self._store.streams, campaign, person, fact, runs)
        await advance(self._store.streams, campaign, person, TimerFired(node=timer.node, visit=timer.visit), runs)

    async def _meanwhile(self, run: JourneyRun, campaign: Campaign, person: Person) -> Sequence[FactHappened]:
        state = run.state
        if state.waiting is None or state.trigger is None or state.version not in campaign.designs:
            return ()
        node = graph.parse(campaign.designs[state.version].journey).nodes[state.waiting.node]
        if not isinstance(node, graph.Wait) or node.unless is None:
            return ()
        rows = await self._store.pool.fetch(
            _MEANWHILE, list(person.members), node.unless.event, state.trigger.occurred_at, _MOST_FACTS, WITHDRAWN
        )
        return [
            FactHappened(
                name=node.unless.event,
                fact_id=row["fact_id"],
                occurred_at=row["occurred_at"],
                customer_id=row["customer_id"],
                amount=row["amount"],
                currency=row["currency"],
                properties=msgspec.json.decode(row["body"]),
            )
            for row in rows
        ]
