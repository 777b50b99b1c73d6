"""What nodes ask for while they are made ready: the series, windows and results that they share."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from domain.kernel.rules.parts.matching import UnfitNodeError, test_of
from domain.kernel.rules.parts.moment import Layout, Moment
from domain.kernel.rules.parts.part import RulePart, ValuePart
from domain.kernel.rules.parts.series import Kind
from domain.kernel.rules.parts.sorting import Sorter
from domain.kernel.rules.tree import Measure, Node, Rule, Value, Window


class MomentBuilder:
    """Makes nodes ready that look at a moment of a person; equal measures become one."""

    def __init__(
        self,
        rules: Mapping[type[Node], Callable[..., RulePart[Moment]]],
        values: Mapping[type[Node], Callable[..., ValuePart[Moment]]],
    ) -> None:
        self._makers_of_rules = rules
        self._makers_of_values = values
        self._series: dict[bytes, tuple[int, Kind]] = {}
        self._windows: dict[Window | None, int] = {}
        self._measures: dict[bytes, ValuePart[Moment]] = {}
        self._slots: dict[str, int] = {}

    def rule(self, node: Rule) -> RulePart[Moment]:
        """Return a rule made ready."""
        made: RulePart[Moment] = self._maker(node, self._makers_of_rules)(node, self)
        return made

    def value(self, node: Value) -> ValuePart[Moment]:
        """Return a value made ready."""
        key = msgspec.json.encode(node)  # its JSON, because 1 and True are equal in Python
        if key in self._measures:
            return self._measures[key]
        made: ValuePart[Moment] = self._maker(node, self._makers_of_values)(node, self)
        if isinstance(node, Measure):
            self._measures[key] = made
        return made

    def series(self, kind: Kind) -> int:
        """Return the number of the series of a kind."""
        kind = _in_order(kind)
        return self._series.setdefault(msgspec.json.encode(kind), (len(self._series), kind))[0]

    def number_of(self, kind: Kind) -> int:
        """Return the number of a series there is; raises `KeyError` for one there is not."""
        return self._series[msgspec.json.encode(_in_order(kind))][0]

    def window(self, window: Window | None) -> int:
        """Return the number of a window."""
        return self._windows.setdefault(window, len(self._windows))

    def slot(self) -> int:
        """Return the number of a result that is to be remembered."""
        return self.shared_slot(f"own {len(self._slots)}")

    def shared_slot(self, name: str) -> int:
        """Return the number of a result that several nodes share."""
        return self._slots.setdefault(name, len(self._slots))

    def layout(self) -> Layout:
        """Return what moments have to hold, once everything is made ready."""
        kinds = {kind: None if kind.where is None else test_of(kind.where) for _, kind in self._series.values()}
        return Layout(Sorter(kinds), len(self._series), len(self._slots), tuple(self._windows))

    def _maker(self, node: Node, makers: Mapping[type[Node], Callable[..., Any]]) -> Callable[..., Any]:
        if type(node) not in makers:
            raise UnfitNodeError(f"{type(node).__name__} cannot be asked of a person: is the rule resolved?")
        return makers[type(node)]


def _in_order(kind: Kind) -> Kind:
    return kind._replace(events=tuple(sorted(set(kind.events))))
