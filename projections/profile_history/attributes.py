"""Attributes over time: what was said of all customers of a profile, and where nothing was, what was inferred."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from domain.identity.attributes import Word as Spoken
from domain.identity.attributes import WordKind, fold_over_time, joined, plain_number
from domain.identity.customer import Customer
from domain.kernel.rules.history import Word
from domain.kernel.rules.tree import Scalar
from projections.customer_360.folding import Sealed
from projections.profile_history.decisions import CLEARED, DESCRIBED, Decision
from projections.profile_history.inferences import Holding, surest_over_time

_KINDS: Final = {
    Customer.AttributesChanged.TOPIC: WordKind.SET,
    Customer.AttributesFirstSet.TOPIC: WordKind.ONCE,
    Customer.AttributesExtended.TOPIC: WordKind.ADDED,
    Customer.AttributesRemoved.TOPIC: WordKind.UNSET,
}
Opened = Mapping[Sealed, Any]
Known = Scalar | tuple[str, ...] | None


class Increment(msgspec.Struct, frozen=True):
    """A counter of a profile was added to, by a fact."""

    key: str
    value: Any
    occurred_at: datetime
    fact_id: int


def spoken(decisions: Iterable[Decision], names: Collection[str]) -> dict[str, list[Spoken]]:
    """Return the words about each attribute; of the sealed ones those of these `names` alone, sealed as they are."""
    found: dict[str, list[Spoken]] = {}
    for one in decisions:
        if one.topic not in DESCRIBED:
            continue
        kind, at = _KINDS[one.topic], one.occurred_at
        for key in one.said.names:
            found.setdefault(key, []).append(Spoken(kind, at, None, _tie(None, one.position)))
        for key, value in one.said.attributes.items():
            found.setdefault(key, []).append(Spoken(kind, at, value, _tie(value, one.position)))
        for key, sealed in one.said.personal.items():
            if key in names:
                whole = Sealed(one.customer_id, sealed)
                found.setdefault(key, []).append(Spoken(kind, at, whole, _tie(None, one.position)))
    return found


def incremented(increments: Iterable[Increment]) -> dict[str, list[Spoken]]:
    """Return the words about counters."""
    found: dict[str, list[Spoken]] = {}
    for one in increments:
        said = Spoken(WordKind.INCREMENT, one.occurred_at, one.value, _tie(one.value, one.fact_id))
        found.setdefault(one.key, []).append(said)
    return found


def attributes(
    said: Mapping[str, list[Spoken]], holdings: Iterable[Holding], cleared: Collection[datetime], opened: Opened
) -> tuple[dict[str, list[Word]], dict[str, list[Word]]]:
    """Return each attribute over time, and of those that were inferred the name of the rule (None while said)."""
    inferred: dict[str, list[Holding]] = {}
    for one in holdings:
        inferred.setdefault(one.attribute, []).append(one)
    values: dict[str, list[Word]] = {}
    rules: dict[str, list[Word]] = {}
    for key in sorted({*said, *inferred}):
        told = [Word(at, _plain(folded)) for at, folded in fold_over_time(_clear(said.get(key, ()), opened), cleared)]
        if key not in inferred:
            values[key] = _changes(told)
            continue
        surest = surest_over_time(inferred[key])
        values[key], rules[key] = _said_first(told, surest, opened)
    return {key: words for key, words in values.items() if words}, rules


def clearings(decisions: Iterable[Decision]) -> frozenset[datetime]:
    """Return when the profile was cleared."""
    return frozenset(one.occurred_at for one in decisions if one.topic == CLEARED)


def _clear(words: Iterable[Spoken], opened: Opened) -> list[Spoken]:
    # What can no longer be read was never said.
    readable = (one for one in words if not isinstance(one.value, Sealed) or one.value in opened)
    return [msgspec.structs.replace(one, value=_opened(one.value, opened)) for one in readable]


def _opened(value: Any, opened: Opened) -> Any:
    return opened.get(value) if isinstance(value, Sealed) else value


def _said_first(
    told: list[Word], surest: list[tuple[datetime, Holding | None]], opened: Opened
) -> tuple[list[Word], list[Word]]:
    values, rules = [], []
    instants = sorted({word.since for word in told} | {at for at, _ in surest})
    said: Known = None
    holding: Holding | None = None
    waiting, changing = iter([*told, None]), iter([*surest, None])
    word, change = next(waiting), next(changing)
    for at in instants:
        while word is not None and word.since <= at:
            said, word = word.value, next(waiting)
        while change is not None and change[0] <= at:
            holding, change = change[1], next(changing)
        value = said
        rule = None
        if said is None and holding is not None:
            value, rule = _scalar(_opened(holding.value, opened)), holding.rule
        values.append(Word(at, value))
        rules.append(Word(at, rule))
    return _changes(values), _changes(rules)


def _changes(words: Iterable[Word]) -> list[Word]:
    """Return the words without those that repeat the one before."""
    found: list[Word] = []
    before: Known = None
    for word in words:
        if word.value != before or type(word.value) is not type(before):
            found.append(word)
        before = word.value
    return found


def _plain(folded: Any) -> Known:
    return None if folded is None else _scalar(plain_number(joined(folded)))


def _scalar(value: Any) -> Known:
    """Return the value as rules know values: a list is the texts in it, an object is nothing."""
    if isinstance(value, list | tuple):
        return tuple(one for one in value if isinstance(one, str))
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, str | int | float | bool) else None


def _tie(value: Any, position: int) -> bytes:
    # As customer_360 breaks ties: by the value, then by the place in the log.
    clear = b"" if value is None else msgspec.json.encode(value)
    return clear + b"\0" + position.to_bytes(8, "big")
