"""The preset properties of Sensors Analytics in Koi's words: `sensors_presets.toml` says where each belongs."""

import tomllib
from importlib import resources
from typing import Any, Final

import msgspec


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a preset property belongs, and its labels."""

    to: str
    zh: str
    en: str


# The SDKs' own words to the collector, which say nothing of the customer.
_DROPPED: Final = frozenset({"$is_login_id", "$project", "$token", "$time", "$device_id_source"})


def _load() -> dict[str, Preset]:
    text = resources.files(__package__).joinpath("sensors_presets.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Preset])


PRESETS: Final = _load()
_PLACES: Final = {name: tuple(preset.to.split(".")) for name, preset in PRESETS.items()}


def sorted_in(given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return properties and context of an event, presets under Koi's names; what the shop tracks goes before them."""
    properties: dict[str, Any] = {}
    context: dict[str, Any] = {}
    for key, value in given.items():
        place = _PLACES.get(key)
        if place is None:
            if key not in _DROPPED:
                properties[key] = value
        elif place[0] == "properties":
            if place[1] not in given:
                properties[place[1]] = value
        else:
            inner = context
            for step in place[1:-1]:
                inner = inner.setdefault(step, {})
            inner[place[-1]] = value
    return properties, context
