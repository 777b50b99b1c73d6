"""The catalogue of tags as far as it is declared: what each CRM's tags are, and what people call them."""

import logging
from pathlib import Path
from typing import Final

import msgspec

from commands.runtime.folder import Folder
from commands.runtime.sources import Source, SourceError, read_source
from domain.ingestion.tag_mapping import Label, TagMapping, TagMappingError, read_tags

KIND: Final = "tags"
_log = logging.getLogger("koi.tags")


class Catalogue(msgspec.Struct, frozen=True):
    """The mappings by the source whose tags they explain; the labels of all tags by key."""

    mappings: dict[str, TagMapping]
    labels: dict[str, Label]

    def of(self, source: str) -> TagMapping:
        """Return the mapping of a source's tags; an empty one where none is declared."""
        return self.mappings.get(source) or TagMapping(source=source)


class TagCatalogue:
    """Reads the mappings of tags among the declared sources, and again when one changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = Folder(folder, _read)

    async def now(self) -> Catalogue:
        """Return the catalogue as it is declared now."""
        return await self._folder.content()


def tag_mapping(source: Source) -> TagMapping:
    """Return the mapping that a source of kind `tags` declares; raises `SourceError`."""
    try:
        return read_tags(dict(source.table))
    except TagMappingError as error:
        raise SourceError(error.detail, field=f"{source.file.name}: {error.field or ''}".rstrip(": ")) from None


def _read(files: list[Path]) -> Catalogue:
    catalogue = Catalogue({}, {})
    for file in files:
        try:
            source = read_source(file)
            if source.kind == KIND:
                mapping = tag_mapping(source)
                catalogue.mappings.setdefault(mapping.source, mapping)
                catalogue.labels.update(mapping.labels)
        except SourceError as error:
            # Told by `koi sources` as well; the tags of the others are mapped all the same.
            _log.warning("%s maps no tags: %s (%s)", file.name, error.detail, error.field)
    return catalogue
