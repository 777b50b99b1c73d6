"""And, or, not."""

from domain.kernel.rules.parts.part import Builder, E, RulePart, soonest_of
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

    return RulePart(holds, soonest_of(part.change for part in parts))


def some(node: AnyOf, build: Builder[E]) -> RulePart[E]:
    """One holds."""
    parts = [build.rule(one) for one in node.of]
    tests = tuple(part.holds for part in parts)

    def holds(moment: E) -> bool:
        for test in tests:  # noqa: SIM110 - a loop costs half of what any() with a generator does
            if test(moment):
                return True
        return False

    return RulePart(holds, soonest_of(part.change for part in parts))


def negation(node: Not, build: Builder[E]) -> RulePart[E]:
    """It does not hold."""
    inner = build.rule(node.of)
    return RulePart(lambda moment: not inner.holds(moment), inner.change)
