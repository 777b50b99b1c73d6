"""From pairs to groups, by the same sets that resolve identities."""

from collections.abc import Iterable

from domain.identity.resolving import Sets
from workers.linkage.linking import Pair


def clusters(records: int, pairs: Iterable[Pair]) -> list[int]:
    """Return the group of each record, by the smallest number in it."""
    sets = Sets(records)
    for pair in pairs:
        sets.unite(pair.left, pair.right)
    return [sets.root(number) for number in range(records)]
