"""The table of a platform's events, a TOML file: which of Koi's names each has, and which fields are kept how."""

import tomllib
from importlib import resources
from typing import Any, Self

import msgspec

from domain.ingestion.callbacks.fields import Fields


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event: `keep` and `seal` say which field (dotted where nested) becomes which property, open or sealed."""

    name: str
    keep: dict[str, str] = {}
    seal: dict[str, str] = {}

    def properties(self, fields: Fields) -> dict[str, Any]:
        """Return what stays open."""
        return _picked(self.keep, fields)

    def personal(self, fields: Fields) -> dict[str, Any]:
        """Return what is sealed."""
        return _picked(self.seal, fields)


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A platform's events; those of the account are about nobody. `outcomes` says what codes of receipts mean."""

    events: dict[str, Entry]
    of_account: tuple[str, ...] = ()
    outcomes: dict[str, str] = {}

    @classmethod
    def load(cls, platform: str) -> Self:
        """Return the table that comes with Koi."""
        text = resources.files(__package__).joinpath(f"{platform}.toml").read_text(encoding="utf-8")
        table = msgspec.convert(tomllib.loads(text), cls)
        return msgspec.structs.replace(
            table,
            events={event.lower(): entry for event, entry in table.events.items()},
            of_account=tuple(event.lower() for event in table.of_account),
        )

    def entry(self, event: str) -> Entry | None:
        """Return what is known of an event, however its letters are written."""
        return self.events.get(event.lower())

    def is_of_account(self, event: str) -> bool:
        """Whether the event is about the account, not about a customer."""
        return event.lower() in self.of_account


def _picked(wanted: dict[str, str], fields: Fields) -> dict[str, Any]:
    found = {}
    for name, path in wanted.items():
        *outer, last = path.split(".")
        inside = fields
        for step in outer:
            inside = inside.inside(step)
        if value := inside.text(last):
            found[name] = value
    return found
