"""How good a linkage is: pairs found, beside those that are really one person, and beside a simple rule."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec
import pyarrow as pa

from domain.identity.resolving import Sets


class Labelled(msgspec.Struct, frozen=True):
    """Tables to link, records numbered through all of them in random order, and the pairs that are one person."""

    tables: list[pa.Table]
    truth: set[tuple[int, int]]
    records: int


class Quality(msgspec.Struct, frozen=True):
    """Of the pairs found, how many are right (`precision`); of the right ones, how many are found (`recall`)."""

    pairs: int
    precision: float
    recall: float
    f1: float


def quality(found: set[tuple[int, int]], truth: set[tuple[int, int]]) -> Quality:
    """Compare pairs with the truth."""
    right = len(found & truth)
    precision, recall = right / max(1, len(found)), right / max(1, len(truth))
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return Quality(len(found), precision, recall, f1)


def pairs_within(groups: Sequence[int]) -> set[tuple[int, int]]:
    """Return every pair that is in one group, given the group of each record."""
    members: dict[int, list[int]] = defaultdict(list)
    for record, group in enumerate(groups):
        members[group].append(record)
    return {pair for group in members.values() for pair in itertools.combinations(group, 2)}


def joined_by_rule(tables: Sequence[pa.Table], rules: Iterable[tuple[str, ...]], records: int) -> set[tuple[int, int]]:
    """Return the pairs that a simple rule finds: records equal in all columns of any of the rules are one person."""
    sets = Sets(records)
    for rule in rules:
        first: dict[tuple[str, ...], int] = {}
        for table in tables:
            ids = table["unique_id"].to_pylist()
            for record, *values in zip(ids, *(table[column].to_pylist() for column in rule), strict=True):
                if all(values):
                    sets.unite(first.setdefault(tuple(values), record), record)
    return pairs_within([sets.root(record) for record in range(records)])
