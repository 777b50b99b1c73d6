"""The tree of the rule language. Rules are true or false of a person at an instant, values are what is known then.

JSON form: every node is an object whose `type` names it. `reading.py` reads and checks it, `judging.py` judges one
person, `projections/batch` all of them, `saying.py` says it in Chinese and English.

What is missing (never said, the sum of nothing, a division by zero) is None: it compares as false with everything, and
fulfils only `missing`, `ne` and `not_in`. Texts, numbers and truth values are never equal to each other, and neither is
less than the other; in an order of all values truth values come first, then numbers, then texts by code point. Money is
in minor units (fen).
"""

from datetime import datetime
from typing import Literal

import msgspec

Scalar = str | int | float | bool
Unit = Literal["minute", "hour", "day", "week", "month", "year"]
Level = Literal["events", "items"]
Take = Literal[
    "count", "sum", "mean", "min", "max", "stddev", "distinct", "first", "last", "top",
    "days_since_first", "days_since_last", "active_days",
]  # fmt: skip
Operator = Literal[
    "eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in", "between", "contains", "starts_with", "exists", "missing"
]


class Node(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", omit_defaults=True):
    """A part of a rule."""


# Windows


class Last(Node, frozen=True, kw_only=True, tag="last"):
    """The last so many units before the instant: what happened at t is inside while t + amount is still to come.

    Minutes and hours are elapsed time; days, weeks, months and years are counted on the clock of the zone (7 days:
    until the same time of day a week later, whatever daylight saving does; for a day that a month lacks, until the
    first of the next one begins).
    With `ending` it ends so many units before the instant: amount 60, ending 30 is the month before the last one.
    """

    amount: int
    unit: Unit = "day"
    ending: int = 0


class Calendar(Node, frozen=True, kw_only=True, tag="calendar"):
    """The zone's day, week (from Monday), month, quarter or year that the instant is in, or the one so many `ago`.

    It reaches up to the instant at most.
    """

    unit: Literal["day", "week", "month", "quarter", "year"]
    ago: int = 0


class Between(Node, frozen=True, kw_only=True, tag="between"):
    """From `since` to before `until`, both instants with their zone; an open end is None."""

    since: datetime | None = None
    until: datetime | None = None


Window = Last | Calendar | Between


# Values


class Field(Node, frozen=True, kw_only=True, tag="field"):
    """A field of an event or an item, inside `where` only: a declared one, or `properties.` and a dotted path."""

    name: str


class Attribute(Node, frozen=True, kw_only=True, tag="attribute"):
    """What is said, or inferred, of the person, such as `city` or `sex`.

    Or what follows from it and the date of the zone: `age` and `days_to_birthday` (0 on the day) from `birthday`, one
    of 29 February being kept on 1 March where there is none, one by the lunar calendar telling nothing; `member_days`
    since `joined_at`; `known_days` since her first behaviour. Each is missing where what it follows from is.
    """

    name: str


class Measure(Node, frozen=True, kw_only=True, tag="measure"):
    """A number or word taken from what a person did.

    `of` counts events, or the items in them (an order's lines; an event about one product is one item). An empty
    `events` means all behaviour. `where` looks at fields. `take` is done over `field`: count, active_days (days of the
    zone with anything), days_since_first and days_since_last (dates of the zone, today is 0) need none; top is the most
    frequent value, the `rank`th, ties by the lesser value; first and last the value of the earliest and latest, ties by
    the greater value; these and distinct pass over occurrences without the field. sum, mean, min, max and stddev (of
    the sample, so of two at least) pass over what is no number. count, distinct and active_days of nothing are 0,
    everything else of nothing is missing.
    """

    events: tuple[str, ...] = ()
    of: Level = "events"
    where: "Rule | None" = None
    within: Window | None = None
    take: Take = "count"
    field: str | None = None
    rank: int = 1


class Tag(Node, frozen=True, kw_only=True, tag="tag"):
    """The value of a tag of the catalogue."""

    key: str


class Context(Node, frozen=True, kw_only=True, tag="context"):
    """A circumstance of the person's region at the instant, by its name in `domain/context/circumstances.py`."""

    name: str


class Prediction(Node, frozen=True, kw_only=True, tag="prediction"):
    """What a promoted model says of the person: a number or a label, as of its last run at or before the instant.

    `ltv` is what the model with this key says first, `ltv.p_alive` a further number of the same run. Missing where that
    run passed the person over, and from the instant on at which the version that spoke was retired.
    """

    model: str


class Constant(Node, frozen=True, kw_only=True, tag="constant"):
    """A value that is always the same."""

    value: Scalar


class Arithmetic(Node, frozen=True, kw_only=True, tag="arithmetic"):
    """Two numbers, as floating point where divided; missing where either is, or where a divisor is zero."""

    op: Literal["add", "subtract", "multiply", "divide"]
    left: "Value"
    right: "Value"


class When(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A case: if the rule holds, this value."""

    rule: "Rule"
    then: "Value"


class Case(Node, frozen=True, kw_only=True, tag="case"):
    """The value of the first case that holds, else `otherwise`, which may be missing."""

    cases: tuple[When, ...]
    otherwise: "Value | None" = None


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What adds to a score: `weight` where the rule holds, or `weight` times the value (nothing where missing).

    With both, the value counts where the rule holds.
    """

    name: str
    weight: float
    rule: "Rule | None" = None
    value: "Value | None" = None


class Weighted(Node, frozen=True, kw_only=True, tag="weighted"):
    """The sum of its parts, within `least` and `most`; the weights are what a marketer tunes."""

    parts: tuple[Part, ...]
    least: float = 0.0
    most: float = 100.0


Value = Field | Attribute | Measure | Tag | Context | Prediction | Constant | Arithmetic | Case | Weighted


# Rules


class All(Node, frozen=True, kw_only=True, tag="all"):
    """Every one holds; of none: everybody."""

    of: tuple["Rule", ...]


class AnyOf(Node, frozen=True, kw_only=True, tag="any"):
    """At least one holds; of none: nobody."""

    of: tuple["Rule", ...]


class Not(Node, frozen=True, kw_only=True, tag="not"):
    """It does not hold."""

    of: "Rule"


class Compare(Node, frozen=True, kw_only=True, tag="compare"):
    """A value beside another, or beside one that is written down.

    `in` and `not_in` take a list, `between` two values (both included), `contains` and `starts_with` a text (a list of
    texts contains its members); `exists` and `missing` take none. `ne` and `not_in` hold where the value is missing.
    """

    left: Value
    op: Operator = "eq"
    right: Value | Scalar | tuple[Scalar, ...] | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A step of a sequence: one of the events, at most `limit_seconds` after the step before."""

    events: tuple[str, ...]
    where: "Rule | None" = None
    of: Level = "events"
    limit_seconds: float | None = None


class Sequence(Node, frozen=True, kw_only=True, tag="sequence"):
    """The steps happened one after the other (strictly later), all inside the window; other things may lie between.

    With `unless` nothing that it names followed the last step (strictly later, inside the window or not) within its
    `limit_seconds`, which are over at the instant that ends them (without a limit: nothing followed so far). One way to
    take the steps that fulfils all this is enough.
    """

    steps: tuple[Step, ...]
    within: Window | None = None
    unless: Step | None = None


class HasBeen(Node, frozen=True, kw_only=True, tag="has_been"):
    """The rule has held at every instant from `amount` units before until now, both included.

    So it holds from the instant on at which `amount` units since the rule began to hold are over, counted as in `Last`.
    """

    rule: "Rule"
    amount: int
    unit: Unit = "day"


class AsOf(Node, frozen=True, kw_only=True, tag="as_of"):
    """The rule held at an instant, or so many units before now; nothing that came later is seen.

    So many units before is the last instant from which they are over, counted as in `Last`. Of an instant that is yet
    to come it is false.
    """

    rule: "Rule"
    at: datetime | None = None
    amount: int | None = None
    unit: Unit = "day"


class InSegment(Node, frozen=True, kw_only=True, tag="in_segment"):
    """The person is in a segment, by its key."""

    key: str


class Tagged(Node, frozen=True, kw_only=True, tag="tagged"):
    """A source (any, unless named) says that the person has the tag, with this value unless None."""

    key: str
    value: str | None = None
    source: str | None = None


class Consented(Node, frozen=True, kw_only=True, tag="consented"):
    """The last word on a channel and purpose is this one."""

    channel: str
    purpose: str = "marketing"
    state: Literal["granted", "withdrawn"] = "granted"


class Identified(Node, frozen=True, kw_only=True, tag="identified"):
    """An identifier of this type is known (`domain.identity.identifier`)."""

    identifier: str


class Sampled(Node, frozen=True, kw_only=True, tag="sampled"):
    """In a share of all people that is always the same for a salt.

    The first eight hexadecimal digits of md5(salt + ":" + person id), over 16**8, are from `since` to before `until`
    (shares from 0 to 1).
    """

    salt: str
    since: float = 0.0
    until: float = 1.0


Rule = All | AnyOf | Not | Compare | Sequence | HasBeen | AsOf | InSegment | Tagged | Consented | Identified | Sampled
