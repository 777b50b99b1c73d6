"""And, or, not."""

from collections.abc import Callable

from domain.kernel.rules.parts.part import Builder, Change, E, RulePart, never, soonest_of
from domain.kernel.rules.tree import All, AnyOf, Not


def every(node: All, build: Builder[E]) -> RulePart[E]:
    """All hold."""
    parts = [build.rule(one) for one in node.of]
    tests = tuple(part.holds for part in parts)

    def holds(moment: E) -> bool:
        for test in tests:  # noqa: SIM110 - a loop costs half of what all() with a generator does
            if not test(moment):
                return False
        return True

    return RulePart(holds, _change(parts, deciding=False))


def some(node: AnyOf, build: Builder[E]) -> RulePart[E]:
    """One holds."""
    parts = [build.rule(one) for one in node.of]
    tests = tuple(part.holds for part in parts)

    def holds(moment: E) -> bool:
        for test in tests:  # noqa: SIM110 - a loop costs half of what any() with a generator does
            if test(moment):
                return True
        return False

    return RulePart(holds, _change(parts, deciding=True))


def negation(node: Not, build: Builder[E]) -> RulePart[E]:
    """It does not hold."""
    inner = build.rule(node.of)
    return RulePart(lambda moment: not inner.holds(moment), inner.change)


def _change(parts: list[RulePart[E]], *, deciding: bool) -> Callable[[E], Change]:
    """Return when a whole may change of which one `deciding` part decides: "all" if one is false, "any" if one is true.

    It stays as it is until the last of the deciding parts changes; where there is none, until the first of all does.
    """
    every_change = soonest_of(part.change for part in parts)

    def change(moment: E) -> Change:
        latest: Change = None
        for part in parts:
            if part.holds(moment) is deciding:
                at = part.change(moment)
                if at is None:
                    return None
                latest = at if latest is None or at > latest else latest
        return latest or every_change(moment)

    return never if every_change is never else change
