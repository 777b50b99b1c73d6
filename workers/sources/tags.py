"""Mappings of tags: no data comes from them, they say what a CRM's tags are called in the catalogue."""

from datetime import timedelta
from typing import Final

from commands.runtime.sources import Source, SourceError
from domain.ingestion.tag_mapping import TagMapping, TagMappingError, read_tags
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


def tag_mapping(source: Source) -> TagMapping:
    """Return the mapping that a source of kind `tags` declares; raises `SourceError`."""
    try:
        return read_tags(dict(source.table))
    except TagMappingError as error:
        raise SourceError(error.detail, field=f"{source.file.name}: {error.field or ''}".rstrip(": ")) from None
