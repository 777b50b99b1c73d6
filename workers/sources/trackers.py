"""Trackers that declare something: nothing is fetched from them, their declaration is checked all the same."""

from datetime import timedelta
from typing import Final

from commands.activity.order_numbers import tracker_of
from commands.runtime.sources import Source
from workers.sources.kind import Came, Means

_RARELY: Final = timedelta(days=1)


class Trackers:
    """The kind `tracker`: what the events of a write key mean beyond what they say."""

    def interval(self, source: Source) -> timedelta:
        """A change in it is seen at once by the API."""
        tracker_of(source)
        return _RARELY

    async def check(self, source: Source, means: Means) -> Came:  # noqa: ARG002 - the declaration is all there is
        """Read the declaration, and say what it means."""
        orders = tracker_of(source).orders
        return Came(notes=[f"{orders.property} of {source.name} is an order number of {orders.prefix}"])

    async def run(self, source: Source, means: Means) -> Came:
        """There is nothing to fetch."""
        return await self.check(source, means)
