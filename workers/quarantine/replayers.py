"""Everything that can replay, over what a worker or a terminal has open."""

from pathlib import Path

from commands.activity.intake import Intake
from commands.activity.replaying import Replayer, parsed_replayers
from commands.runtime.settings import Settings
from domain.activity.vocabulary import Vocabulary
from workers.connectors.destination import Destination
from workers.quarantine.calls import Described
from workers.quarantine.file_rows import FileRows
from workers.quarantine.mappings import Mappings
from workers.sources.declared import declared


def replayers(settings: Settings, into: Destination, intake: Intake, *mappings: Path) -> dict[str, Replayer]:
    """Return who replays what, by how it came; `mappings` are files named for this replay."""
    described = Described(declared(settings.sources_folder)[0])
    more = described.parsers().items()
    found: dict[str, Replayer] = parsed_replayers(into.quarantine, intake, Vocabulary.load(), more)
    found["file"] = FileRows(into, Mappings(settings.sources_folder, *mappings))
    return found
