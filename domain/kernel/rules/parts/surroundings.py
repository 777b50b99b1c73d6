"""Circumstances: what is the case where the person is."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from domain.kernel.rules.kinds import Known
from domain.kernel.rules.parts.attributes import words_of
from domain.kernel.rules.parts.building import MomentBuilder
from domain.kernel.rules.parts.measures import next_midnight
from domain.kernel.rules.parts.moment import Moment
from domain.kernel.rules.parts.part import Change, ValuePart, soonest
from domain.kernel.rules.parts.said import next_word, word_at
from domain.kernel.rules.tree import Context
from domain.kernel.rules.world import REGION

# What changes within a day; the rest is the same for all of it.
_HOURLY: Final = frozenset({"hour", "part_of_day"})
_HOUR: Final = timedelta(hours=1)


def context(node: Context, build: MomentBuilder) -> ValuePart[Moment]:
    """Return a circumstance; all of a moment are asked for once."""
    slot, name = build.shared_slot("circumstances"), node.name

    def read(moment: Moment) -> Known:
        value = moment.remembered(slot, _circumstances).get(name)
        return tuple(value) if isinstance(value, list) else value

    def change(moment: Moment) -> Change:
        ahead = _next_hour(moment) if name in _HOURLY else None
        return soonest((ahead, next_midnight(moment), next_word(words_of(moment, REGION), moment.now)))

    return ValuePart(read, change)


def _circumstances(moment: Moment) -> Mapping[str, Any]:
    region = word_at(words_of(moment, REGION), moment.now)
    return moment.person.world.circumstances(region if isinstance(region, str) else None, moment.now)


def _next_hour(moment: Moment) -> Change:
    local = moment.now.astimezone(moment.person.world.zone)
    return moment.now + _HOUR - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
