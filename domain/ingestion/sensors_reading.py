"""Reading the records of Sensors Analytics into activities, and into words about products."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from domain.activity.activity import Activity, sections
from domain.activity.amount import amount_of
from domain.activity.operation import Operation, OperationKind
from domain.activity.personal import split
from domain.activity.personal_keys import Verdict, verdict_on
from domain.activity.vocabulary import Kind, Vocabulary
from domain.ingestion.clocks import Clocks, corrected
from domain.ingestion.observed import Observed
from domain.ingestion.refusal import Defaults, Limits, MessageError
from domain.ingestion.sensors_presets import sorted_in
from domain.ingestion.sensors_record import Identities, Record, message_id, observe
from domain.products.product import Told

_PROFILE: Final = "profile_"
_ITEMS: Final = frozenset({"item_set", "item_delete"})
_BINDINGS: Final = frozenset({"track_signup", "track_id_bind"})
_TYPES: Final = frozenset(
    {"track", "track_signup", "track_id_bind", "track_id_unbind", "profile_set", "profile_set_once"}
    | {"profile_increment", "profile_append", "profile_unset", "profile_delete"}
)
_SECONDS_DIGITS: Final = 10
_MILLISECONDS_DIGITS: Final = 13
# Within a request records of one millisecond keep their order in the microseconds.
_ORDERED: Final = 1_000
_LARGEST: Final = 10**15
_LONGEST_ITEM: Final = 255


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """What a source declares: its identity keys, and Koi's names of events that it calls in its own way."""

    identities: Mapping[str, str] = {}
    events: Mapping[str, str] = {}


class SensorsReading:
    """Reads the records of one request that share a source and a time of arrival."""

    def __init__(
        self,
        source: str,
        received_at: datetime,
        vocabulary: Vocabulary,
        limits: Limits,
        *,
        declared: Declared,
        defaults: Defaults,
    ) -> None:
        self._source = source
        self._received_at = received_at
        self._vocabulary = vocabulary
        self._limits = limits
        self._events = declared.events
        self._identities = Identities(declared.identities)
        self._defaults = defaults
        self._repeats: dict[str, int] = {}

    def product(self, record: Record, index: int) -> Told:
        """Return what an item record says; raises `MessageError`."""
        named = [_item(record.item_type, "item_type"), _item(record.item_id, "item_id")]
        return Told(
            item_type=named[0],
            item_id=named[1],
            occurred_at=self._clocks(record, index).occurred_at,
            attributes={} if record.type == "item_delete" else dict(record.properties or {}),
            is_withdrawn=record.type == "item_delete",
        )

    def activity(self, record: Record, index: int) -> Activity:
        """Return what the record says; raises `MessageError` or `MoneyError`, naming the field at fault."""
        if record.ekey is not None:
            raise MessageError("message.encrypted", "is encrypted, and its private key is not with us", field="ekey")
        if not isinstance(record.type, str) or record.type not in _TYPES:
            raise MessageError("type.unknown", f"must be one of {', '.join(sorted(_TYPES | _ITEMS))}", field="type")
        kind = self._kind(record)
        observed = Observed(self._defaults.region, self._limits.identifiers)
        unknown = observe(record, self._identities, observed)
        operation = self._operation(record)
        identifiers = observed.strongest_first("a record needs a distinct_id or identities", "distinct_id")
        if operation and operation.kind is OperationKind.UNBIND:
            # Who asks for it, if somebody else is named; else it is said of what is cut.
            identifiers = tuple(one for one in identifiers if one not in operation.cut) or operation.cut
        clocks = self._clocks(record, index)
        properties, context = self._circumstances(record)
        amount, currency = amount_of(kind, properties, self._defaults.currency)
        plain, personal = split(properties)
        circumstances, personal_context = split(context)
        if unknown:
            personal_context = personal_context | {"identities": unknown}
        return Activity(
            message_id=self._message_id(record),
            source=self._source,
            name=kind.name,
            occurred_at=clocks.occurred_at,
            received_at=self._received_at,
            identifiers=identifiers,
            amount=amount,
            currency=currency,
            properties=plain,
            context=circumstances,
            personal=sections(personal, personal_context),
            original_at=clocks.original_at,
            sent_at=clocks.sent_at,
            operation=operation,
        )

    def _kind(self, record: Record) -> Kind:
        if record.type != "track":
            return self._vocabulary.kind(self._vocabulary.name_of("sensors_type", record.type))
        event = record.event
        if not isinstance(event, str) or not event.strip():
            raise MessageError("event.missing", "a track record names its event, as in $pageview", field="event")
        name = self._events.get(event)
        return self._vocabulary.kind(name or self._vocabulary.name_of("sensors", event))

    def _circumstances(self, record: Record) -> tuple[dict[str, Any], dict[str, Any]]:
        given = record.properties or {}
        if not record.type.startswith(_PROFILE):
            properties, context = sorted_in(given)
        elif record.type == "profile_increment":
            properties, context = increments(given), {}
        else:  # the values are the customer's; her history keeps them sealed where they are personal
            properties, context = {"attributes": sorted(_attributes(given))}, {}
        lib = record.lib or {}
        library = {"name": lib.get("$lib"), "version": lib.get("$lib_version")}
        context.setdefault("library", {name: value for name, value in library.items() if isinstance(value, str)})
        return properties, context

    def _operation(self, record: Record) -> Operation | None:
        if record.type in _BINDINGS:
            return Operation(kind=OperationKind.BIND)
        if record.type == "track_id_unbind":
            return Operation(kind=OperationKind.UNBIND, cut=self._cut(record))
        read = _OPERATIONS.get(record.type)
        return read(record.properties or {}) if read else None

    def _cut(self, record: Record) -> tuple[Any, ...]:
        cut = Observed(self._defaults.region, self._limits.identifiers)
        for key, value in (record.identities or {}).items():
            self._identities.observe(key, value, f"identities.{key}", cut)
        return cut.strongest_first("an unbinding names the identities to cut", "identities")

    def _clocks(self, record: Record, index: int) -> Clocks:
        said = _instant(record.time, "time")
        if said is None:
            return Clocks(self._received_at, None, None)
        said += timedelta(microseconds=index % _ORDERED)
        try:
            sent = _instant(record.flush_time, "_flush_time")
        except MessageError:  # it only serves to measure the clock, so nonsense counts as not given
            sent = None
        return corrected(said, None, sent, self._received_at)

    def _message_id(self, record: Record) -> str:
        content = message_id(record)
        if record.time is None:  # nothing tells it from its like of another hour: each arrival counts
            content = f"{content}-{self._received_at.timestamp():.6f}"
        if record.track_id is not None:
            return content
        repeat = self._repeats[content] = self._repeats.get(content, -1) + 1
        return content if not repeat else f"{content}-{repeat}"


def increments(given: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers to add by attribute; raises `MessageError` for what is no number or counts a person's data."""
    for key, value in (found := _attributes(given)).items():
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _LARGEST:
            raise MessageError("increment.invalid", "must be a number up to 10^15", field=f"properties.{key}")
        if verdict_on(key) in {Verdict.PERSONAL, Verdict.OF_PERSON}:
            raise MessageError("increment.personal", "is personal, and counters are kept in clear", field="properties")
    return found


def _attributes(given: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes a profile record speaks of; presets lose their $, so that all sources say `city`."""
    return {key.removeprefix("$"): value for key, value in given.items() if key not in _NOT_ATTRIBUTES and key != "$"}


def _lists(given: dict[str, Any]) -> dict[str, Any]:
    found = {key: [value] if isinstance(value, str) else value for key, value in _attributes(given).items()}
    for key, value in found.items():
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise MessageError("append.invalid", "must be a list of texts", field=f"properties.{key}")
    return found


_NOT_ATTRIBUTES: Final = frozenset({"$is_login_id", "$project", "$token", "$time"})
_OPERATIONS: Final[Mapping[str, Callable[[dict[str, Any]], Operation]]] = {
    "profile_set": lambda given: Operation(kind=OperationKind.SET, attributes=_attributes(given)),
    "profile_set_once": lambda given: Operation(kind=OperationKind.SET_ONCE, attributes=_attributes(given)),
    "profile_append": lambda given: Operation(kind=OperationKind.EXTEND, attributes=_lists(given)),
    "profile_unset": lambda given: Operation(kind=OperationKind.REMOVE, attributes=_attributes(given)),
    "profile_delete": lambda _: Operation(kind=OperationKind.CLEAR),
}


def _instant(value: object, field: str) -> datetime | None:
    """Return a Unix time in milliseconds, or with ten digits in seconds, as UTC; None for null."""
    if value is None:
        return None
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        value = int(value) if len(value) <= _MILLISECONDS_DIGITS else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        digits = len(str(abs(int(value)))) if abs(value) < _LARGEST else _MILLISECONDS_DIGITS + 1
        if _SECONDS_DIGITS <= digits <= _MILLISECONDS_DIGITS:
            seconds = value if digits == _SECONDS_DIGITS else value / 1000
            return datetime.fromtimestamp(seconds, UTC)
    raise MessageError("time.invalid", "must be a Unix time in milliseconds, such as 1764028800000", field=field)


def _item(value: object, field: str) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str) and text.strip() and len(text) <= _LONGEST_ITEM:
        return text.strip()
    raise MessageError("item.invalid", f"must be a text of at most {_LONGEST_ITEM} characters", field=field)
