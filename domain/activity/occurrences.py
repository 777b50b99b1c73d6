"""A fact as what rules look at: the event with its fields, and the items in it with theirs."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from domain.activity.fields import LISTS, PROPERTIES, Field, Fields
from domain.activity.readings import found, minor
from domain.activity.vocabulary import Vocabulary
from domain.kernel.rules.history import Occurrence
from domain.kernel.rules.tree import Level, Scalar
from domain.products import category_groups

# The fields of an item that tell its group of categories; the first that names one counts.
GROUPED_BY: Final = ("category", "subcategory", "product_name", "department")
# Where a body keeps where it came from: its message id, the clocks, what an SDK noticed.
ORIGIN: Final = "$"
# There: whether the body tells money in minor units.
MINOR: Final = "minor"
_FRIDAY: Final = 5
_UNASKED: Final[Any] = object()


class Fact(NamedTuple):
    """A fact as the log has it: `occurred_at` in UTC, `amount` in minor units, the body decoded."""

    fact_id: int
    occurred_at: datetime
    name: str
    source: str
    amount: int | None
    currency: str | None
    body: Mapping[str, Any]


class Day(Protocol):
    """What the calendar says of a day."""

    @property
    def kind(self) -> str: ...
    @property
    def is_workday(self) -> bool: ...


class Knowing(NamedTuple):
    """What is needed beside the fact: whose days they are, what kinds of events mean, what the catalogue says.

    `day` gives what a day is, None where the calendar does not reach; `product` what the catalogue says of a product,
    by the name an event gives it; `group` the group of categories that a product is in, by category,
    subcategory, name and department.
    """

    zone: ZoneInfo
    fields: Fields
    vocabulary: Vocabulary
    day: Callable[[date], Day | None] = lambda _: None
    product: Callable[[str], Mapping[str, Any]] = lambda _: {}
    group: Callable[..., str | None] = category_groups.declared().of


class Occurring(NamedTuple):
    """An event, and the items in it, in their order."""

    event: Occurrence
    items: tuple[Occurrence, ...]


def occurring(fact: Fact, knowing: Knowing) -> Occurring:
    """Return the event and its items. Fields are worked out when they are asked for."""
    event = EventFields(fact, knowing)
    items = tuple(ItemFields(fact, knowing, event, line) for line in lines_of(fact.body, knowing.fields))
    return Occurring(
        Occurrence(fact.occurred_at, fact.fact_id, fact.name, event),
        tuple(Occurrence(fact.occurred_at, fact.fact_id, fact.name, item) for item in items),
    )


def lines_of(body: Mapping[str, Any], fields: Fields) -> list[Mapping[str, Any]]:
    """Return the items in a body: the first list that is not empty, else the body itself if it names a product."""
    for name in LISTS:
        listed = body.get(name)
        if isinstance(listed, list) and listed:
            return [line for line in listed if isinstance(line, dict)]
    named = found(body, fields.items["product_id"].steps, "text", is_minor=True)
    return [] if named is None else [body]


def is_minor(fact: Fact) -> bool:
    """Say whether the fact tells money in minor units: trackers send yuan, files and marketplaces were converted.

    It says so itself, unless it was recorded before facts did: then marketplaces are known by the message's id, and
    whoever else gives an id of that form says that it is not so.
    """
    origin = fact.body.get(ORIGIN)
    if not isinstance(origin, dict):
        return True
    told = origin.get(MINOR)
    return told if isinstance(told, bool) else names_fact(origin.get("message_id"), fact.name)


def names_fact(message_id: object, name: str) -> bool:
    """Say whether a message's id names the fact, as those of marketplaces do."""
    return isinstance(message_id, str) and f":{name}" in message_id


class _Lazy(Mapping[str, Scalar]):
    """Fields by name, worked out once when asked for; rules ask for few of the many there are."""

    __slots__ = ("_fact", "_knowing", "_known")
    _level: Level

    def __init__(self, fact: Fact, knowing: Knowing) -> None:
        self._fact = fact
        self._knowing = knowing
        self._known: dict[str, Scalar | None] = {}

    def get(self, key: str, default: Any = None) -> Any:  # the way rules read
        value = self._known.get(key, _UNASKED)
        if value is _UNASKED:
            value = self._known[key] = self._find(key)
        return default if value is None else value

    def __getitem__(self, key: str) -> Scalar:
        value: Scalar | None = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._knowing.fields.of(self._level) if self.get(name) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _find(self, name: str) -> Scalar | None:
        raise NotImplementedError

    def _said(self, field: Field, body: Mapping[str, Any]) -> Scalar | None:
        # Most bodies say nothing of most fields.
        said = None if field.begins.isdisjoint(body) else self._read(field, body)
        if said is None and field.product and (product_id := self.get("product_id")) is not None:
            known = self._knowing.product(product_id)
            said = found(known, field.product_steps, field.type, is_minor=False)
        return field.default if said is None else said

    def _read(self, field: Field, body: Mapping[str, Any]) -> Scalar | None:
        return found(body, field.steps, field.type, is_minor=field.type == "money" and is_minor(self._fact))


def _property(body: Mapping[str, Any], path: str) -> Scalar | None:
    value: Any = body
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str | int | float | bool) else None


class EventFields(_Lazy):
    """The fields of an event."""

    __slots__ = ()
    _level = "events"

    def _find(self, name: str) -> Scalar | None:
        if (derive := _DERIVED.get(name)) is not None:
            return derive(self._fact, self._knowing)
        field = self._knowing.fields.events.get(name)
        if field is not None:
            return self._said(field, self._fact.body)
        return _property(self._fact.body, name.removeprefix(PROPERTIES)) if name.startswith(PROPERTIES) else None


class ItemFields(_Lazy):
    """The fields of an item: its own, then what the event says of all its items."""

    __slots__ = ("_event", "_line")
    _level = "items"

    def __init__(self, fact: Fact, knowing: Knowing, event: EventFields, line: Mapping[str, Any]) -> None:
        super().__init__(fact, knowing)
        self._event = event
        self._line = line

    def _find(self, name: str) -> Scalar | None:
        field = self._knowing.fields.items.get(name)
        if field is None:
            if name.startswith(PROPERTIES):
                return _property(self._line, name.removeprefix(PROPERTIES))
            of_event = self._knowing.fields.events.get(name)
            return None if of_event is None or of_event.own else self._event.get(name)
        worked_out = _WORKED_OUT.get(name)
        return self._said(field, self._line) if worked_out is None else worked_out(self, field)

    def amount(self, field: Field) -> int | None:
        """Return what the line costs: as it says, else by its price."""
        said = self._said(field, self._line)
        if said is None and (price := self.get("price")) is not None:
            return minor(price * self.get("quantity"))
        return None if said is None else int(said)

    def signed(self, number: float | None) -> float | None:
        """Return a number as it counts: what is brought back is taken away."""
        sign = self._knowing.vocabulary.kind(self._fact.name).purchase
        return number * sign if sign and number is not None else None

    def group(self, field: Field) -> str | None:
        """Return the group of categories: by what the event says, where that tells none by what the catalogue says."""
        fields = self._knowing.fields.items
        own = [self._own(fields[name]) for name in GROUPED_BY]
        group = self._knowing.group(*own)
        if group is not None or (product_id := self.get("product_id")) is None:
            return group
        if known := self._knowing.product(product_id):
            told = found(known, field.product_steps, "text", is_minor=False)
            group = told if isinstance(told, str) else self._knowing.group(*words_of(known, fields))
        return group

    def _own(self, field: Field) -> Any:
        line = self._line
        return None if field.begins.isdisjoint(line) else found(line, field.steps, "text", is_minor=False)


def words_of(product: Mapping[str, Any], fields: Mapping[str, Field]) -> list[Any]:
    """Return what the catalogue says of a product that tells its group of categories."""
    return [found(product, fields[name].product_steps, "text", is_minor=False) for name in GROUPED_BY]


_WORKED_OUT: Final[Mapping[str, Callable[[ItemFields, Field], Scalar | None]]] = {
    "amount": lambda item, field: item.amount(field),
    "net_amount": lambda item, _: item.signed(item.get("amount")),
    "net_quantity": lambda item, _: item.signed(item.get("quantity")),
    "category_group": lambda item, field: item.group(field),
}


def _local(fact: Fact, knowing: Knowing) -> datetime:
    return fact.occurred_at.astimezone(knowing.zone)


def _day(fact: Fact, knowing: Knowing) -> Day | None:
    return knowing.day(_local(fact, knowing).date())


def _sign(fact: Fact, knowing: Knowing) -> int | None:
    return knowing.vocabulary.kind(fact.name).purchase or None


def _net(fact: Fact, knowing: Knowing) -> int | None:
    sign = _sign(fact, knowing)
    return fact.amount * sign if sign and fact.amount is not None else None


def _kind_of_day(fact: Fact, knowing: Knowing) -> str | None:
    day = _day(fact, knowing)
    return None if day is None else day.kind


def _is_worked(fact: Fact, knowing: Knowing) -> bool | None:
    day = _day(fact, knowing)
    return None if day is None else day.is_workday


_DERIVED: Final[Mapping[str, Callable[[Fact, Knowing], Scalar | None]]] = {
    "event": lambda fact, _: fact.name,
    "source": lambda fact, _: fact.source,
    "amount": lambda fact, _: fact.amount,
    "currency": lambda fact, _: fact.currency,
    "net_amount": _net,
    "orders": _sign,
    "item_count": lambda fact, knowing: len(lines_of(fact.body, knowing.fields)),
    "hour": lambda fact, knowing: _local(fact, knowing).hour,
    "weekday": lambda fact, knowing: _local(fact, knowing).isoweekday(),
    "day_of_month": lambda fact, knowing: _local(fact, knowing).day,
    "month": lambda fact, knowing: _local(fact, knowing).month,
    "is_weekend": lambda fact, knowing: _local(fact, knowing).isoweekday() > _FRIDAY,
    "day_kind": _kind_of_day,
    "is_workday": _is_worked,
}
