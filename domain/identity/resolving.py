"""Resolving: who is one person, from everything that is known. A pure function of a set, whatever its order.

1. What people merged is one person.
2. Identifiers that are blocked, or seen with more others than their kind may be (`links`), take no part.
3. Then kind by kind, the most reliable first: a value joins the persons that are seen with it, as far as the kinds
   above tell them apart, if they are at most as many as the kind allows (`persons`). Otherwise it is *shared*: it
   joins nobody, and takes no part in what follows.
4. Weak kinds allow one person, and things nobody has signed in on count as none: they are joined with each other
   first, and the lot goes to the one person it reaches. So nothing weak ever joins two persons, however long the chain.

For example: member A is seen with device D, D with the anonymous id N, and N with member B. D reaches A alone: it is
A's. N then reaches A (through D) and B: it is shared, and nobody's. A and B stay two.

A profile bears the id of its strongest customer (by rank, then by id).
"""

import enum
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from domain.identity.identifier import IdentifierType
from domain.identity.rules import Guards, Limit, Strength

# Of a customer that only a merge speaks of: weaker than any identifier, until it registers.
UNKNOWN_RANK = 99
_UNKNOWN = Limit(strength=Strength.STRONG, persons=None, links=1_000_000)

Link = tuple[int, int]


class Hold(enum.StrEnum):
    """Why an identifier joins nobody."""

    BLOCKED = "blocked"
    CROWDED = "crowded"
    SHARED = "shared"


class Placed(msgspec.Struct, frozen=True):
    """Where a customer belongs, and why its identifier joins nobody, if that is so."""

    profile_id: UUID
    hold: Hold | None = None


class Sets:
    """Disjoint sets of numbers (union-find, path halving); the root is always the smallest number."""

    def __init__(self, size: int) -> None:
        """Begin with every number on its own."""
        self.parents = list(range(size))

    def root(self, number: int) -> int:
        """Return what the number's set is called."""
        parents = self.parents
        while (parent := parents[number]) != number:
            parents[number] = number = parents[parent]
        return number

    def unite(self, a: int, b: int) -> None:
        """Make the two sets one."""
        one, other = self.root(a), self.root(b)
        if one < other:
            self.parents[other] = one
        elif other < one:
            self.parents[one] = other


class Resolution(msgspec.Struct, frozen=True):
    """What came of it: the profile of each number, and the numbers held."""

    roots: list[int]
    holds: dict[int, Hold]


class _Resolving:
    """The state on the way from the strongest kind to the weakest; numbers are in the order of strength."""

    def __init__(self, ranks: Sequence[int], guards: Guards, holds: Mapping[int, Hold]) -> None:
        self.ranks = ranks
        self.limits = {kind.rank: guards.limits[kind] for kind in IdentifierType} | {UNKNOWN_RANK: _UNKNOWN}
        self.weak = guards.first_weak_rank
        self.sets = Sets(len(ranks))
        self.holds = dict(holds)

    def is_weak(self, number: int) -> bool:
        return self.ranks[number] >= self.weak

    def hold_the_crowded(self, links: Sequence[Link]) -> None:
        """Hold what is seen with too many others; a weak partner counts for what is weak itself."""
        counted = Counter(b for _, b in links)
        counted.update(a for a, b in links if self.is_weak(a) is self.is_weak(b))
        for number, count in counted.items():
            if count > self.limits[self.ranks[number]].links:
                self.holds.setdefault(number, Hold.CROWDED)

    def take(self, rank: int, links: Iterable[Link]) -> None:
        """Join by the values of one kind: `b` of each link is one, `a` what it was seen with."""
        live = [link for link in links if link[0] not in self.holds and link[1] not in self.holds]
        most = self.limits[rank].persons
        if most is None:
            for a, b in live:
                self.sets.unite(a, b)
            return
        simple, others = self._parted(rank, live)
        groups = self._groups(rank, others)
        for a, b in simple:
            self.sets.unite(a, b)
        for group in groups:
            if len(group.persons) > most:
                self.holds.update((value, Hold.SHARED) for value in group.values)
            else:
                together = group.persons | group.parts
                for one in together:
                    self.sets.unite(one, next(iter(together)))

    def _parted(self, rank: int, links: Sequence[Link]) -> tuple[list[Link], list[Link]]:
        """Return the links of values seen with one person only, which need no thought, and all others."""
        ranks, root = self.ranks, self.sets.root
        seen = Counter(b for _, b in links)
        seen.update(a for a, _ in links if ranks[a] == rank)
        simple: list[Link] = []
        others: list[Link] = []
        for link in links:
            a, b = link
            alone = seen[b] == 1 and ranks[a] != rank and root(b) == b and self._is_person(rank, root(a))
            (simple if alone else others).append(link)
        return simple, others

    def _groups(self, rank: int, links: Sequence[Link]) -> list["_Group"]:
        """Return the values that go together, with the persons they reach; nothing is joined meanwhile."""
        parts: dict[int, int] = {}
        found: dict[int, _Group] = {}
        for a, b in links:
            part = self._part(rank, b)
            root = self.sets.root(a)
            if self.ranks[a] == rank:
                _unite(parts, part, self._part(rank, a))
            elif not self._is_person(rank, root):
                _unite(parts, part, root)
        for a, b in links:
            group = found.setdefault(_root(parts, self._part(rank, b)), _Group())
            for end in (a, b):
                root = self.sets.root(end)
                if self.ranks[end] == rank:
                    group.values.add(end)
                    group.parts.add(self._part(rank, end))
                if self._is_person(rank, root):
                    group.persons.add(root)
                else:
                    group.parts.add(root)
        return list(found.values())

    def _part(self, rank: int, value: int) -> int:
        """Return what stands for a value among its group: the value itself where it belongs to a person already."""
        root = self.sets.root(value)
        return value if self._is_person(rank, root) else root

    def _is_person(self, rank: int, root: int) -> bool:
        return self.ranks[root] < rank and not self.is_weak(root)


class _Group:
    """Values of one kind that go together, what else belongs to nobody yet, and the persons they reach."""

    def __init__(self) -> None:
        self.values: set[int] = set()
        self.parts: set[int] = set()
        self.persons: set[int] = set()


def resolve(
    ranks: Sequence[int],
    claims: Iterable[Link],
    merges: Iterable[Link],
    guards: Guards,
    holds: Mapping[int, Hold] | None = None,
) -> Resolution:
    """Return the profiles of customers that are numbered in the order of their strength, given the rank of each.

    `claims` and `merges` are pairs of numbers; `holds` are those known to be blocked or crowded beforehand.
    """
    resolving = _Resolving(ranks, guards, holds or {})
    for a, b in merges:
        resolving.sets.unite(a, b)
    links = [(a, b) if a < b else (b, a) for a, b in claims if a != b]
    resolving.hold_the_crowded(links)
    by_rank: dict[int, list[Link]] = {}
    for link in links:
        by_rank.setdefault(ranks[link[1]], []).append(link)
    for rank in sorted(by_rank):
        resolving.take(rank, by_rank[rank])
    return Resolution([resolving.sets.root(number) for number in range(len(ranks))], resolving.holds)


def placed(
    ranks: Mapping[UUID, int],
    claims: Iterable[tuple[UUID, UUID]],
    merges: Iterable[tuple[UUID, UUID]],
    guards: Guards,
    holds: Mapping[UUID, Hold] | None = None,
) -> dict[UUID, Placed]:
    """Return where each customer belongs; every end of a claim or merge must be among `ranks`.

    Blocked values need not be among `holds`, the rules name them.
    """
    order = sorted(ranks, key=lambda one: (ranks[one], one.bytes))
    number = {one: place for place, one in enumerate(order)}
    known = {number[one]: hold for one, hold in (holds or {}).items()}
    known |= {number[one]: Hold.BLOCKED for one in guards.blocked if one in number}
    found = resolve(
        [ranks[one] for one in order],
        [(number[a], number[b]) for a, b in claims],
        [(number[a], number[b]) for a, b in merges],
        guards,
        known,
    )
    return {one: Placed(order[found.roots[place]], found.holds.get(place)) for one, place in number.items()}


def _root(parts: dict[int, int], part: int) -> int:
    while (parent := parts.setdefault(part, part)) != part:
        part = parent
    return part


def _unite(parts: dict[int, int], a: int, b: int) -> None:
    one, other = _root(parts, a), _root(parts, b)
    parts[max(one, other)] = min(one, other)
