"""The mapping a source has now: among the declared sources, or one named for this replay."""

from pathlib import Path

from commands.runtime.sources import read_source
from domain.ingestion.mapping import Mapping
from domain.ingestion.mapping_reading import parse
from workers.sources.declared import declared

_SHIPPED = Path(__file__).parents[1] / "connectors" / "mappings"


class Mappings:
    """Finds mappings; those that come with Koi are known as well."""

    def __init__(self, folder: Path, *named: Path) -> None:
        """Take the folder of declared sources, and mappings that were named: these count first."""
        self._folder = folder
        self._named = named

    def find(self, identity: str, source: str) -> tuple[Mapping, Path] | None:
        """Return the mapping of this identity, or the only one of the source, with the folder it lies in."""
        files = [(read_source(file), file) for file in self._named]
        for folder in (self._folder, _SHIPPED):
            files += [(one, one.file) for one in declared(folder)[0] if one.kind == "file"]
        found = [(parse(dict(one.table)), file.parent) for one, file in files]
        exact = [pair for pair in found if pair[0].identity == identity]
        alike = [pair for pair in found if pair[0].source == source]
        if exact:
            return exact[0]
        return alike[0] if len(alike) == 1 else None
