"""Advance one person's journeys, again and again if somebody else was first."""

from collections.abc import Sequence
from uuid import UUID

from commands.campaigns.advance_journey import AdvanceJourney, advance_id, advance_journey
from commands.runtime.clock import now
from commands.runtime.context import AlreadyDoneError, Context
from commands.runtime.streams import Streams
from domain.campaigns.campaign import Campaign
from domain.journeys.run import JourneyRun, run_id
from domain.journeys.stimuli import FactHappened, Stimulus
from domain.kernel.errors import StaleVersionError
from workers.people import Person

_ATTEMPTS = 20


def run_ids(person: Person, campaign_id: UUID) -> list[UUID]:
    """Return the streams the person's walks may be in: a walk stays where it began when profiles are joined."""
    return [run_id(campaign_id, one) for one in (person.profile_id, *person.members)]


async def advance(
    streams: Streams, campaign: Campaign, person: Person, stimulus: Stimulus, runs: dict[UUID, JourneyRun]
) -> None:
    """Tell the person's run what happened; `runs` holds those already loaded, then what has become of them."""
    for _ in range(_ATTEMPTS):
        run = await _run_of(streams, campaign, person, runs)
        by = Context(
            actor="journeys",
            command_id=advance_id(run.id, stimulus),
            causation_id=_cause(run, stimulus),
            correlation_id=f"run:{run.id}",
        )
        command = AdvanceJourney(customer_id=person.profile_id, stimulus=stimulus, now=now())
        try:
            await advance_journey(command, campaign=campaign, run=run, streams=streams, by=by)
        except AlreadyDoneError:
            runs.pop(run.id)
            return
        except StaleVersionError:
            for one in run_ids(person, campaign.id):
                runs.pop(one, None)
            continue
        return
    msg = "the journey changed under every attempt to advance it"
    raise StaleVersionError(msg)


async def _run_of(streams: Streams, campaign: Campaign, person: Person, runs: dict[UUID, JourneyRun]) -> JourneyRun:
    ids = run_ids(person, campaign.id)
    missing = [one for one in ids if one not in runs]
    if missing:
        runs.update(await streams.load_many(JourneyRun, missing))
    known: Sequence[JourneyRun] = [runs[one] for one in ids]
    waiting = [run for run in known if run.state.waiting]
    begun = [run for run in known if run.exists]
    return (waiting or begun or known)[0]


def _cause(run: JourneyRun, stimulus: Stimulus) -> str:
    if isinstance(stimulus, FactHappened):
        return f"fact:{stimulus.fact_id}"
    return f"timer:{run.id}:{stimulus.node}:{stimulus.visit}"
