"""Sources that call us: nothing is fetched from them, their declaration is checked all the same."""

from datetime import timedelta
from typing import Final

from commands.callbacks.kinds import KINDS
from commands.runtime.sources import Source
from workers.sources.kind import Came, Means

_RARELY: Final = timedelta(days=1)


class Called:
    """A source whose events come to `/hooks/{source}/{secret}`."""

    def interval(self, source: Source) -> timedelta:
        """Its declaration is looked at again now and then; whatever changes in it is seen at once anyway."""
        KINDS[source.kind](source)
        return _RARELY

    async def check(self, source: Source, means: Means) -> Came:
        """Read the declaration, and say at which address it is called."""
        KINDS[source.kind](source)
        return Came(notes=[f"call {means.settings.api_url}/hooks/{source.name}/<hook>; this address must be public"])

    async def run(self, source: Source, means: Means) -> Came:
        """There is nothing to fetch."""
        return await self.check(source, means)
