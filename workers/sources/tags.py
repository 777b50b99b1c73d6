"""Mappings of tags: no data comes from them, they say what a CRM's tags are called in the catalogue."""

from datetime import timedelta
from typing import Final

from commands.identity.tag_catalogue import tag_mapping
from commands.runtime.sources import Source
from workers.sources.kind import Came, Means

_RARELY: Final = timedelta(days=1)


class Tags:
    """The kind `tags`: a table of a CRM's tags."""

    def interval(self, source: Source) -> timedelta:
        """It is looked at again as soon as it changes."""
        tag_mapping(source)
        return _RARELY

    async def check(self, source: Source, means: Means) -> Came:  # noqa: ARG002 - the table alone is looked at
        """Read the table."""
        mapping = tag_mapping(source)
        return Came(notes=[f"{len(mapping.tags)} tags of {mapping.source} are mapped"])

    async def run(self, source: Source, means: Means) -> Came:
        """There is nothing to fetch."""
        return await self.check(source, means)
