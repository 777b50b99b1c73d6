"""What is known of one person: what she did and what was said, each with its time, so that any past can be seen."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import NamedTuple

import msgspec

from domain.kernel.rules.tree import Scalar


class Occurrence(NamedTuple):
    """An event, or one item in it: when (UTC), what, and its fields by name, missing ones left out.

    `fact_id` is where it stands in the fact log: the evidence. Items of one event share it.
    """

    occurred_at: datetime
    fact_id: int
    name: str
    fields: Mapping[str, Scalar]


class Word(NamedTuple):
    """What was said from an instant on, until the next word; None: nothing any more."""

    since: datetime
    value: Scalar | tuple[str, ...] | None


class History(msgspec.Struct, frozen=True, kw_only=True):
    """One person (a profile), all her customers together.

    Occurrences are ordered by time, then fact id; words by time. Keys: attributes by name; tags by (source, key, value)
    with the value True; consents by (channel, purpose) with `granted` or `withdrawn`; identifiers by type with True;
    predictions by model; static segments by key with True.
    `inferred` says of attributes that were ever inferred by which rule (None: while the value was said).
    `customers` are the ids of the customers she is made of.
    """

    profile_id: str
    events: Sequence[Occurrence] = ()
    items: Sequence[Occurrence] = ()
    attributes: Mapping[str, Sequence[Word]] = {}
    inferred: Mapping[str, Sequence[Word]] = {}
    tags: Mapping[tuple[str, str, str], Sequence[Word]] = {}
    consents: Mapping[tuple[str, str], Sequence[Word]] = {}
    identifiers: Mapping[str, Sequence[Word]] = {}
    predictions: Mapping[str, Sequence[Word]] = {}
    segments: Mapping[str, Sequence[Word]] = {}
    customers: AbstractSet[str] = frozenset()
