"""The values of a field in a series, read as far back as windows reach, with running sums once they are asked for."""

from collections.abc import Sequence
from itertools import accumulate

from domain.kernel.rules.history import Occurrence
from domain.kernel.rules.tree import Scalar


class Column:
    """The values of one field, aligned with the occurrences of a series from the oldest that was asked for."""

    __slots__ = ("_field", "_occurrences", "_start", "_sums", "_values")

    def __init__(self, field: str, occurrences: list[Occurrence]) -> None:
        """Take the series' own list, which may grow."""
        self._field = field
        self._occurrences = occurrences
        self._start = 0
        self._values: list[Scalar | None] = []
        self._sums: _Sums | None = None

    def values(self, low: int, high: int) -> list[Scalar | None]:
        """Return the values from `low` to before `high`, None where the field is missing."""
        self._reach(low, high)
        return self._values[low - self._start : high - self._start]

    def count(self, low: int, high: int) -> int:
        """Return how many numbers there are."""
        sums, start = self._summed(low, high), self._start
        return sums.numbers[high - start] - sums.numbers[low - start]

    def whole_sum(self, low: int, high: int) -> int | None:
        """Return the sum of the numbers if all of them are whole."""
        sums, start = self._summed(low, high), self._start
        if sums.floats[high - start] - sums.floats[low - start]:
            return None
        return sums.wholes[high - start] - sums.wholes[low - start]

    def forget(self, index: int) -> None:
        """Drop what stands from here on: something came in between."""
        kept = max(0, index - self._start)
        del self._values[kept:]
        self._sums = None

    def _reach(self, low: int, high: int) -> None:
        if not self._values:
            self._start, self._sums = low, None
        elif low < self._start:
            self._values[:0] = self._read(low, self._start)
            self._start, self._sums = low, None
        end = self._start + len(self._values)
        if end < high:
            self._values += self._read(end, high)

    def _read(self, low: int, high: int) -> list[Scalar | None]:
        field = self._field
        return [one.fields.get(field) for one in self._occurrences[low:high]]

    def _summed(self, low: int, high: int) -> "_Sums":
        self._reach(low, high)
        if self._sums is None:
            self._sums = _Sums()
        self._sums.extend(self._values)
        return self._sums


class _Sums:
    """How many numbers, how many of them floats, and the sum of the whole ones, before each place.

    Whole numbers are summed as they run on; floats are added when asked, so that every engine comes to the same.
    """

    __slots__ = ("floats", "numbers", "wholes")

    def __init__(self) -> None:
        self.numbers = [0]
        self.floats = [0]
        self.wholes = [0]

    def extend(self, values: Sequence[Scalar | None]) -> None:
        """Take in what stands beyond the end."""
        added = values[len(self.numbers) - 1 :]
        if not added:
            return
        classes = [value.__class__ for value in added]
        whole = [value if value.__class__ is int else 0 for value in added]
        _run_on(self.wholes, whole)
        _run_on(self.floats, [one is float for one in classes])
        _run_on(self.numbers, [one is int or one is float for one in classes])


def _run_on(sums: list[int], added: "list[int] | list[bool]") -> None:
    sums += list(accumulate(added, initial=sums.pop()))
