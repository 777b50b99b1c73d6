"""The catalogue in domain/README.md lists every event there is; run this file to write it."""

import re
from pathlib import Path

from domain import history
from domain.kernel.event import Event, type_of_topic

README = Path(__file__).parents[2] / "domain" / "README.md"
_BLOCK = re.compile(r"(<!-- events: [^>]*-->\n).*(<!-- end of events -->)", re.DOTALL)
_BASE = frozenset(Event.__struct_fields__)

__all__ = ["history"]


def catalogue() -> str:
    """Return the table of all events of the domain."""
    rows = ["| topic | of | fields (personal ones sealed: *italic*) |", "|---|---|---|"]
    for topic, kind in sorted(type_of_topic.items()):
        if kind.__module__.startswith("domain."):
            owner = kind.__qualname__.split(".")[0] if "." in kind.__qualname__ else "the log"
            names = [name for name in kind.__struct_fields__ if name not in _BASE]
            fields = ", ".join(f"*{name}*" if name in kind.PERSONAL else name for name in names)
            rows.append(f"| `{topic}` | {owner} | {fields} |")
    return "\n".join(rows) + "\n"


def test_the_catalogue_lists_every_event() -> None:
    """What is recorded for ever is written down for people."""
    found = _BLOCK.search(README.read_text())
    assert found is not None
    assert catalogue() in found.group(0), "run: python tests/architecture/test_event_catalogue.py"


if __name__ == "__main__":
    README.write_text(_BLOCK.sub(lambda found: found.group(1) + catalogue() + found.group(2), README.read_text()))
