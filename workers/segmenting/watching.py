"""All segments whose changes are told, made ready together, and which of them any news may concern."""

import hashlib
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from domain.activity.membership import MEMBERSHIP
from domain.kernel.rules.history import History
from domain.kernel.rules.judging import Plan
from domain.kernel.rules.parts.moment import Moment, Person
from domain.kernel.rules.parts.part import RulePart
from domain.kernel.rules.tree import Rule
from domain.kernel.rules.world import World
from workers.segmenting.depending import Needs, needs

# Counters of a profile are attributes that facts add to.
COUNTING: Final = "profile.incremented"


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """A live segment: its key, its version, and its rule with tags and other segments written out."""

    key: str
    version: int
    rule: Rule

    @property
    def digest(self) -> str:
        """What tells the rule from others: a tag in it may change while the segment's version stays."""
        return hashlib.sha256(msgspec.json.encode(self.rule)).hexdigest()


class Watched(msgspec.Struct, frozen=True):
    """A live segment as it is watched: its `part` says whether it holds, and when that may change without news."""

    definition: Definition
    needs: Needs
    part: RulePart[Moment]


class Watch:
    """The live segments, and whom of them news concern."""

    def __init__(self, definitions: Iterable[Definition], world: World) -> None:
        """Make the rules ready."""
        self._world = world
        known = {one.key: one for one in definitions}
        self._plan = Plan({key: one.rule for key, one in known.items()})
        self.watched = {key: Watched(one, needs(one.rule), self._plan.rules[key]) for key, one in known.items()}
        self._by_series = self._keys_by_series()
        self._by_name: dict[str, set[str]] = {}
        self._by_behaviour: set[str] = set()
        for key, one in self.watched.items():
            for kind in one.needs.kinds:
                for name in kind.events:
                    self._by_name.setdefault(name, set()).add(key)
                if not kind.events:
                    self._by_behaviour.add(key)
        self._circular = circular({key: one.needs.memberships for key, one in self.watched.items()})
        self.of_words = frozenset(key for key, one in self.watched.items() if one.needs.has_words)
        self.of_weather = frozenset(key for key, one in self.watched.items() if one.needs.has_weather)

    @property
    def zone(self) -> ZoneInfo:
        """Whose days and hours count."""
        return self._world.zone

    @property
    def keys(self) -> AbstractSet[str]:
        """The keys of all of them."""
        return self.watched.keys()

    @property
    def names(self) -> frozenset[str] | None:
        """The names of the facts that any of them looks at; None: all behaviour."""
        return None if self._by_behaviour else frozenset(self._by_name)

    @property
    def models(self) -> frozenset[str]:
        """The models whose predictions any of them asks for."""
        return frozenset(model for one in self.watched.values() for model in one.needs.models)

    @property
    def lists(self) -> frozenset[str]:
        """The segments that are lists which any of them asks for."""
        return frozenset(key for one in self.watched.values() for key in one.needs.segments)

    def person(self, history: History) -> Person:
        """Lay out a history for all rules."""
        return self._plan.person(history, self._world)

    def behaves(self, name: str) -> bool:
        """Whether a fact of this name is anything that the person did."""
        return name not in self._world.told

    def concerned_by(self, name: str) -> AbstractSet[str]:
        """Return the segments that a fact of this name may concern."""
        named: AbstractSet[str] = self._by_name.get(name, frozenset())
        if name in MEMBERSHIP:
            return named - self._circular
        return named | self._by_behaviour if self.behaves(name) else named

    def concerned_by_series(self, name: str, series: Iterable[int]) -> set[str]:
        """Return the segments that look at one of these series, to which the fact of this name was added."""
        found = {key for one in series for key in self._by_series[one]}
        return found - self._circular if name in MEMBERSHIP else found

    def of_model(self, model: str) -> frozenset[str]:
        """Return the segments that ask for what the model says."""
        return frozenset(key for key, one in self.watched.items() if model in one.needs.models)

    def of_list(self, listed: str) -> frozenset[str]:
        """Return the segments that ask who stands in the segment that is a list."""
        return frozenset(key for key, one in self.watched.items() if listed in one.needs.segments)

    def _keys_by_series(self) -> list[set[str]]:
        found: list[set[str]] = [set() for _ in range(self._plan.series_count)]
        for key, one in self.watched.items():
            for kind in one.needs.kinds:
                found[self._plan.series_of(kind)].add(key)
        return found


def circular(asked: Mapping[str, AbstractSet[str | None]]) -> frozenset[str]:
    """Return the segments that ask, round some corners, for their own entering or leaving.

    What was told of these wakes none of them: they would go on telling for ever.
    """

    def reached(key: str) -> set[str]:
        found: set[str] = set()
        waiting = [key]
        while waiting:
            for other in asked[waiting.pop()]:
                further = asked.keys() if other is None else asked.keys() & {other}
                waiting += [one for one in further if one not in found]
                found |= further
        return found

    return frozenset(key for key in asked if key in reached(key))
