"""Random rules and random histories: what live, batch and words are held against each other with.

All names are Koi's own: events of the vocabulary, declared fields. Rules are resolved (no tags, no segments that are
rules) and as `reading.py` would take them. Everything happens around `NOON`, often at the same instants, at midnights
and at the edges of windows.
"""

import functools
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from hypothesis import strategies as st

from domain.kernel.rules import tree
from domain.kernel.rules.history import History, Occurrence, Word
from domain.kernel.rules.tree import Compare, Last, Measure, Rule, Scalar, Unit, Value, Window

NOON: Final = datetime(2026, 3, 1, 4, tzinfo=UTC)  # noon in Shanghai, of a day that February lacked
EVENTS: Final = ("order.completed", "order.refunded", "product.viewed", "cart.item_added", "app.opened")
TOLD: Final = "segment.entered"  # an event that is no behaviour

# What a field may hold, by level: the lists double as what rules compare with.
TEXTS: Final = ("fresh", "drinks", "baby", "Fresh")
NUMBERS: Final[dict[str, tuple[float, ...]]] = {
    "amount": (0, 1, 500, 9_900, 10_000),
    "rating": (0.5, 1.5, 3, 4.25),
    "quantity": (1, 2, 3),
}
FIELDS: Final[dict[tree.Level, dict[str, tuple[Scalar, ...]]]] = {
    "events": {
        "amount": NUMBERS["amount"],
        "rating": NUMBERS["rating"],
        "channel": TEXTS,
        "is_weekend": (True, False),
    },
    "items": {"amount": NUMBERS["amount"], "quantity": NUMBERS["quantity"], "category": TEXTS},
}
ATTRIBUTES: Final[dict[str, tuple[Any, ...]]] = {
    "city": ("杭州", "上海", "Hangzhou"),
    "region": ("330100", "310000"),
    "sex": ("female", "male"),
    "has_baby": (True, False),
    "score": (1, 2.5, 40),
    "hobbies": (("tea",), ("tea", "go"), ()),
    "birthday": ("1990-05-03", "2004-02-29", "--03-02", "1990-03-01", "lunar:1990-05-03"),
    "joined_at": ("2026-02-01", "2025-12-31T16:30:00+00:00"),
}
TAGS: Final = (("crm", "vip", ""), ("crm", "level", "gold"), ("shop", "level", "gold"), ("shop", "level", "silver"))
CONSENTS: Final = (("sms", "marketing"), ("email", "marketing"))
IDENTIFIERS: Final = ("phone", "email")
MODELS: Final = ("churn", "ltv")
LISTS: Final = ("uploaded", "staff")

_UNITS: Final[tuple[Unit, ...]] = ("minute", "hour", "day", "day", "day", "week", "month", "year")
_STEPS: Final = (0, 1, 60, 1_800, 3_600, 86_400, 7 * 86_400, 28 * 86_400, 31 * 86_400)


@functools.cache
def instants(around: datetime = NOON, days: int = 40) -> st.SearchStrategy[datetime]:
    """Return instants near another: whole steps before or after it, some a microsecond beside; or anywhere."""
    neat = st.builds(
        lambda step, sign, tick: around + sign * timedelta(seconds=step) + timedelta(microseconds=tick),
        st.sampled_from(_STEPS),
        st.sampled_from((-1, -1, -1, 1)),
        st.sampled_from((0, 0, 0, -1, 1)),
    )
    free = st.builds(lambda seconds: around - timedelta(seconds=seconds), st.integers(-3 * 86_400, days * 86_400))
    return st.one_of(neat, free)


@functools.cache
def windows() -> st.SearchStrategy[Window]:
    """Return windows of every kind."""
    last = st.builds(Last, amount=st.integers(1, 40), unit=st.sampled_from(_UNITS))
    ending = st.builds(
        lambda ending, more, unit: Last(amount=ending + more, ending=ending, unit=unit),
        st.integers(1, 10),
        st.integers(1, 10),
        st.sampled_from(_UNITS),
    )
    units = st.sampled_from(("day", "week", "month", "quarter", "year"))
    calendar = st.builds(tree.Calendar, unit=units, ago=st.integers(0, 2))
    between = st.builds(tree.Between, since=st.none() | instants(), until=st.none() | instants()).filter(_is_window)
    return st.one_of(last, last, ending, calendar, between)


def _is_window(one: tree.Between) -> bool:
    return one.since < one.until if one.since and one.until else one.since is not one.until


@functools.cache
def events() -> st.SearchStrategy[tuple[str, ...]]:
    """Return names of events; none means all behaviour."""
    return st.lists(st.sampled_from((*EVENTS, TOLD)), max_size=2, unique=True).map(tuple)


@st.composite
def wheres(draw: st.DrawFn, of: tree.Level) -> Rule:
    """Return rules over the fields of an event or an item."""
    name = draw(st.sampled_from(sorted(FIELDS[of])))
    field: Value = tree.Field(name=name)
    if name in NUMBERS and draw(st.integers(0, 5)) == 0:
        op: Literal["add", "divide"] = draw(st.sampled_from(("add", "divide")))
        field = tree.Arithmetic(op=op, left=field, right=tree.Constant(value=draw(st.sampled_from((2, 0.5)))))
    rule: Rule = draw(comparisons(st.just(field), FIELDS[of][name]))
    match draw(st.integers(0, 6)):
        case 0:
            return tree.Not(of=rule)
        case 1:
            return tree.All(of=(rule, draw(wheres(of))))
        case 2:
            return tree.AnyOf(of=(rule, draw(wheres(of))))
    return rule


@st.composite
def comparisons(draw: st.DrawFn, left: st.SearchStrategy[Value], known: Sequence[Any]) -> Compare:
    """Return comparisons of a value with such as it may have."""
    value = draw(left)
    example = known[0]
    if isinstance(example, tuple):
        asked: tree.Operator = draw(st.sampled_from(("contains", "exists", "missing")))
        return Compare(left=value, op=asked, right="tea" if asked == "contains" else None)
    ops: tuple[tree.Operator, ...] = ("eq", "ne", "in", "not_in", "exists", "missing")
    if not isinstance(example, bool):
        ops += ("lt", "lte", "gt", "gte", "between")
    if isinstance(example, str):
        ops += ("contains", "starts_with")
    op = draw(st.sampled_from(ops))
    one = draw(st.sampled_from(known))
    match op:
        case "exists" | "missing":
            return Compare(left=value, op=op)
        case "in" | "not_in":
            return Compare(
                left=value, op=op, right=tuple(draw(st.lists(st.sampled_from(known), min_size=1, max_size=3)))
            )
        case "between":
            return Compare(left=value, op=op, right=tuple(sorted((one, draw(st.sampled_from(known))))))
        case "contains" | "starts_with":
            return Compare(left=value, op=op, right=one[: draw(st.integers(1, 3))])
    return Compare(left=value, op=op, right=one)


@st.composite
def measures(draw: st.DrawFn, takes: Sequence[tree.Take] | None = None) -> Measure:
    """Return measures of every kind."""
    of: tree.Level = draw(st.sampled_from(("events", "events", "items")))
    take = draw(st.sampled_from(takes or (*_BARE, *_OVER_NUMBERS, *_OVER_ANYTHING)))
    field = None
    if take in _OVER_NUMBERS:
        field = draw(st.sampled_from(sorted(set(FIELDS[of]) & set(NUMBERS))))
    elif take in _OVER_ANYTHING:
        field = draw(st.sampled_from(sorted(FIELDS[of])))
    return Measure(
        events=draw(events()),
        of=of,
        where=draw(st.none() | wheres(of)),
        within=draw(st.none() | windows()),
        take=take,
        field=field,
        rank=draw(st.integers(1, 2)) if take == "top" else 1,
    )


_BARE: Final[tuple[tree.Take, ...]] = ("count", "count", "active_days", "days_since_first", "days_since_last")
_OVER_NUMBERS: Final[tuple[tree.Take, ...]] = ("sum", "sum", "mean", "min", "max", "stddev")
_OVER_ANYTHING: Final[tuple[tree.Take, ...]] = ("distinct", "first", "last", "top")


def numbers() -> st.SearchStrategy[Value]:
    """Return values that are numbers, or missing."""
    simple: st.SearchStrategy[Value] = st.one_of(
        measures((*_BARE, *_OVER_NUMBERS, "distinct")),
        st.sampled_from(("age", "days_to_birthday", "member_days", "known_days", "score")).map(
            lambda name: tree.Attribute(name=name)
        ),
        st.sampled_from(MODELS).map(lambda model: tree.Prediction(model=model)),
        st.sampled_from((0, 1, 2.5)).map(lambda value: tree.Constant(value=value)),
    )
    made = st.builds(
        tree.Arithmetic, op=st.sampled_from(("add", "subtract", "multiply", "divide")), left=simple, right=simple
    ).filter(lambda one: one.op != "divide" or one.right != tree.Constant(value=0))
    return st.one_of(simple, simple, simple, made)


@st.composite
def values(draw: st.DrawFn) -> Value:
    """Return values of any kind."""
    match draw(st.integers(0, 5)):
        case 0:
            return tree.Attribute(name=draw(st.sampled_from(sorted(ATTRIBUTES))))
        case 1:
            whens = draw(st.lists(st.builds(tree.When, rule=atoms(), then=numbers()), min_size=1, max_size=2))
            return tree.Case(cases=tuple(whens), otherwise=draw(st.none() | numbers()))
        case 2:
            return tree.Weighted(
                parts=tuple(draw(_part(f"part {number}")) for number in range(draw(st.integers(1, 3))))
            )
        case 3:
            return draw(measures())
    return draw(numbers())


@st.composite
def _part(draw: st.DrawFn, name: str) -> tree.Part:
    weight = draw(st.sampled_from((-10.0, 0.5, 3.0, 20.0)))
    if draw(st.booleans()):
        return tree.Part(name=name, weight=weight, rule=draw(atoms()))
    return tree.Part(name=name, weight=weight, value=draw(numbers()))


@st.composite
def steps(draw: st.DrawFn) -> tree.Step:
    """Return steps of sequences."""
    of: tree.Level = draw(st.sampled_from(("events", "events", "items")))
    return tree.Step(
        events=tuple(draw(st.lists(st.sampled_from(EVENTS), min_size=1, max_size=2, unique=True))),
        of=of,
        where=draw(st.none() | st.none() | wheres(of)),
        limit_seconds=draw(st.sampled_from((None, 1.0, 1_800.0, 86_400.0, 7 * 86_400.0))),
    )


@st.composite
def sequences(draw: st.DrawFn) -> tree.Sequence:
    """Return sequences of one to three steps."""
    return tree.Sequence(
        steps=tuple(draw(st.lists(steps(), min_size=1, max_size=3))),
        within=draw(st.none() | windows()),
        unless=draw(st.none() | steps()),
    )


@st.composite
def atoms(draw: st.DrawFn) -> Rule:
    """Return rules that ask one thing."""
    match draw(st.integers(0, 9)):
        case 0 | 1 | 2:
            known = draw(st.sampled_from(((0, 1, 2, 3), (0, 1, 7, 30), (500, 9_900, 10_000.5))))
            return draw(comparisons(numbers(), known))
        case 3:
            name = draw(st.sampled_from(sorted(ATTRIBUTES)))
            return draw(comparisons(st.just(tree.Attribute(name=name)), ATTRIBUTES[name]))
        case 4:
            op: tree.Operator = draw(st.sampled_from(("eq", "ne", "lt", "gte")))
            return Compare(left=draw(numbers()), op=op, right=draw(numbers()))
        case 5 | 6:
            return draw(sequences())
        case 7:
            return draw(comparisons(measures(_OVER_ANYTHING[1:]), TEXTS))
    rule: Rule = draw(words())
    return rule


@st.composite
def words(draw: st.DrawFn) -> Rule:
    """Return rules over what was said."""
    match draw(st.sampled_from(("tagged", "consented", "identified", "list", "sample"))):
        case "tagged":
            _, key, value = draw(st.sampled_from(TAGS))
            return tree.Tagged(
                key=key, value=draw(st.sampled_from((None, value))), source=draw(st.sampled_from((None, "crm", "shop")))
            )
        case "consented":
            channel, purpose = draw(st.sampled_from(CONSENTS))
            return tree.Consented(
                channel=channel, purpose=purpose, state=draw(st.sampled_from(("granted", "withdrawn")))
            )
        case "identified":
            return tree.Identified(identifier=draw(st.sampled_from(IDENTIFIERS)))
        case "list":
            return tree.InSegment(key=draw(st.sampled_from(LISTS)))
    return tree.Sampled(salt="s", until=draw(st.sampled_from((0.1, 0.5, 1.0))))


@st.composite
def rules(draw: st.DrawFn, depth: int = 2, *, past: bool = True) -> Rule:  # noqa: PLR0911 - one way out for each kind of node
    """Return rules; without `past` none that look at other instants (HasBeen, AsOf)."""
    if depth == 0:
        return draw(atoms())
    inner = rules(depth - 1, past=past)
    match draw(st.integers(0, 9 if past else 6)):
        case 0 | 1:
            return tree.All(of=tuple(draw(st.lists(inner, min_size=1, max_size=3))))
        case 2 | 3:
            return tree.AnyOf(of=tuple(draw(st.lists(inner, min_size=1, max_size=3))))
        case 4:
            return tree.Not(of=draw(inner))
        case 7:
            unit = draw(st.sampled_from(_UNITS))
            return tree.HasBeen(rule=draw(inner), amount=draw(st.integers(1, 10)), unit=unit)
        case 8:
            return tree.AsOf(rule=draw(inner), amount=draw(st.integers(1, 40)), unit=draw(st.sampled_from(_UNITS)))
        case 9:
            return tree.AsOf(rule=draw(inner), at=draw(instants()))
    return draw(atoms())


# Every set of fields, each of which may be missing; drawing one of them is quicker than drawing each field.
_SETS: Final[dict[tree.Level, list[dict[str, Scalar]]]] = {
    of: [
        {name: value for name, value in zip(known, chosen, strict=True) if value is not None}
        for chosen in itertools.product(*((*one, None) for one in known.values()))
    ]
    for of, known in FIELDS.items()
}
# Every word, by the family and the key it is about; each may also be taken back.
_FAMILIES: Final[dict[str, dict[Any, tuple[Any, ...]]]] = {
    "attributes": dict(ATTRIBUTES),
    "tags": dict.fromkeys(TAGS, (True,)),
    "consents": dict.fromkeys(CONSENTS, ("granted", "withdrawn")),
    "identifiers": dict.fromkeys(IDENTIFIERS, (True,)),
    "predictions": dict.fromkeys(MODELS, (0.5, 2, 10_000)),
    "segments": dict.fromkeys(LISTS, (True,)),
}
_WORDS: Final[list[tuple[str, Any, Any]]] = [
    (family, key, value)
    for family, keys in _FAMILIES.items()
    for key, known in keys.items()
    for value in (*known, None)
]
PEOPLE: Final = ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222")


def occurrences(of: tree.Level, most: int = 8) -> st.SearchStrategy[tuple[Occurrence, ...]]:
    """Return what a person did, in the order of a history."""
    drawn = st.tuples(instants(), st.sampled_from((*EVENTS, TOLD)), st.sampled_from(_SETS[of]))
    return st.lists(drawn, max_size=most).map(_in_order)


def _in_order(drawn: list[tuple[datetime, str, dict[str, Scalar]]]) -> tuple[Occurrence, ...]:
    found = [Occurrence(at, number, name, fields) for number, (at, name, fields) in enumerate(drawn, 1)]
    return tuple(sorted(found, key=lambda one: (one.occurred_at, one.fact_id)))


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Return what is known of a person; some of it comes after `NOON`."""
    words: dict[str, Any] = {}
    drawn = draw(st.lists(st.tuples(st.sampled_from(_WORDS), instants()), max_size=12, unique_by=lambda one: one[1]))
    for (family, key, value), since in sorted(drawn, key=lambda one: one[1]):
        words.setdefault(family, {}).setdefault(key, []).append(Word(since, value))
    return History(
        profile_id=draw(st.sampled_from(PEOPLE)),
        events=draw(occurrences("events")),
        items=draw(occurrences("items")),
        **words,
    )
