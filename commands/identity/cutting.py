"""Cut what is still under way for a person who is erased: her walks end, messages not yet sent stay unsent."""

from collections.abc import Collection
from typing import Final, TypeVar
from uuid import UUID

from commands.runtime.context import Context
from commands.runtime.streams import Streams
from domain.channels.message import Message
from domain.journeys.decisions import Leave
from domain.journeys.run import JourneyRun
from domain.kernel.aggregate import Aggregate
from domain.kernel.errors import StaleVersionError

ERASED: Final = "erased"
_ATTEMPTS: Final = 20
_UNDER_WAY: Final = frozenset({"walking", "waiting"})
# One that is being handed over at this moment is the provider's already; a further attempt is held when it is due.
_UNSENT: Final = frozenset({"requested", "retrying"})

A = TypeVar("A", bound=Aggregate)


async def end_walks(streams: Streams, walks: Collection[UUID], *, by: Context) -> None:
    """Let every walk that goes on end here."""
    for walk in sorted(walks):
        await _told(streams, JourneyRun, walk, by)


async def hold_messages(streams: Streams, messages: Collection[UUID], *, by: Context) -> None:
    """Let no message go out that has not gone out yet."""
    for message in sorted(messages):
        await _told(streams, Message, message, by)


async def _told(streams: Streams, kind: type[A], stream_id: UUID, by: Context) -> None:
    for attempts_left in reversed(range(_ATTEMPTS)):
        aggregate = await streams.load(kind, stream_id)
        if isinstance(aggregate, JourneyRun) and aggregate.state.status in _UNDER_WAY:
            aggregate.follow(Leave(ERASED))
        elif isinstance(aggregate, Message) and aggregate.status in _UNSENT:
            aggregate.suppress(ERASED)
        try:
            await streams.save(aggregate, by=by)
        except StaleVersionError:  # a timer or the delivery was at it: look again
            if not attempts_left:
                raise
        else:
            return
