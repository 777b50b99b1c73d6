"""What a mapping must say to make sense, beyond having the right keys."""

import re
from collections.abc import Iterator

from domain.activity.personal_keys import Verdict, verdict_on
from domain.activity.withdrawing import WITHDRAWN
from domain.identity.identifier import IdentifierType
from domain.ingestion.mapping import CAMPAIGN_FIELDS, OFFER_FIELDS, REQUIRED, TYPES, Column, Mapping, MappingError
from domain.ingestion.units import currency_of, factor

_NAME = re.compile(r"[\w][\w .-]{0,63}\Z")
_EVENT = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\Z")
_NEEDS_PREFIX = frozenset({IdentifierType.OPENID.value, IdentifierType.MARKETPLACE_BUYER.value})
_WORDS = "words of small letters with a dot between, such as order.completed"

# Of the types that say something of a person, what tells who it is.
_SEALED_TYPES = frozenset({"name", "birthday", "phone", "email"})

Fault = tuple[str, str]  # the key, and what would be right


def check(mapping: Mapping) -> None:
    """Raise `MappingError` for the first thing that makes no sense."""
    for rules in (_named, _of_its_kind, _identified, _times, _money, _fields, _asides, _repeated, _of_everybody):
        for key, detail in rules(mapping):
            raise MappingError(f"{key}: {detail}", field=key)


def is_personal(name: str, column: Column) -> bool:
    """Whether a field has to be sealed: because the mapping says so, or because its name tells who a person is."""
    return column.personal or column.type in _SEALED_TYPES or verdict_on(name) in {Verdict.PERSONAL, Verdict.LINK}


def _named(mapping: Mapping) -> Iterator[Fault]:
    if not _NAME.match(mapping.source):
        yield "source", "a short name of who delivers the files, such as pos-shanghai"
    if mapping.name and not _NAME.match(mapping.name):
        yield "name", "a short name that tells this mapping from others of the same files"
    if not mapping.key:
        yield "key", 'name the columns that make a row unique, such as ["receipt_no", "line_no"]'
    form = mapping.file_form
    if form.delimiter is not None and len(form.delimiter) != 1:
        yield "file.delimiter", 'one character, such as "," or "|" or "\\t"'
    if len(form.quote) > 1:
        yield "file.quote", "one character, or none"
    if not 0 <= form.most_broken <= 1:
        yield "file.most_broken", "a share between 0 and 1"
    if form.skip < 0:
        yield "file.skip", "how many lines of titles stand above the header"
    if not 1 <= mapping.watch.every < float("inf"):
        yield "watch.every", "how many seconds from one look to the next, at least 1"


def _of_its_kind(mapping: Mapping) -> Iterator[Fault]:
    if mapping.row == "fact":
        if mapping.event is None:
            yield "event", f"say what happened: {_WORDS}"
        if mapping.time is None:
            yield "time", 'name the column that tells when it happened, as in time = "paid_at"'
    elif mapping.amount is not None or mapping.event is not None:
        key = "amount" if mapping.event is None else "event"
        yield key, f"only facts have it; this mapping is of {mapping.row}s"
    if mapping.lines and not mapping.group_by:
        yield "group_by", 'lines belong to something: name the columns they share, as in ["receipt_no"]'
    if mapping.group_by and mapping.row not in {"fact", "offer"}:
        yield "group_by", "only facts and offers are made of several rows"
    names = [mapping.event] if isinstance(mapping.event, str) else _event_names(mapping)
    for name in names:
        if name == WITHDRAWN:
            yield "event", f"{name} is recorded by Koi itself, where a file no longer tells what it told"
        elif not isinstance(name, str) or not _EVENT.match(name):
            yield "event", f"the name of an event is {_WORDS}"


def _event_names(mapping: Mapping) -> list[object]:
    column = mapping.event_column
    if column is None:
        return []
    # Without a list of values anything that stands in the column would become a kind of event.
    return [*column.values.values(), *([column.otherwise] if column.otherwise is not None else [])] or [None]


def _identified(mapping: Mapping) -> Iterator[Fault]:
    people = mapping.row in {"fact", "customer"}
    if people != bool(mapping.identifier):
        detail = "name at least one column that tells the customer" if people else "only facts and customers have one"
        yield "identifier", detail
    kinds = [kind.value for kind in IdentifierType]
    for i, one in enumerate(mapping.identifier):
        if one.type not in kinds:
            yield f"identifier[{i}].type", f"one of {', '.join(kinds)}"
        if one.type in _NEEDS_PREFIX and one.prefix and not one.prefix.endswith(":"):
            yield f"identifier[{i}].prefix", "the app or shop with a colon behind, such as wx1a2b3c:"
    if mapping.identifier and all(one.fallback for one in mapping.identifier):
        yield "identifier", "a fallback needs another identifier that it stands in for"


def _times(mapping: Mapping) -> Iterator[Fault]:
    if mapping.time is not None and (mapping.time_column is None) == (mapping.fixed_time is None):
        yield "time", "either a column, or a fixed time as in { fixed = 2026-01-01T00:00:00 }"


def _money(mapping: Mapping) -> Iterator[Fault]:
    money = {"amount": mapping.amount_column} if mapping.amount_column else {}
    for table, fields in (("fields", mapping.fields), ("lines", mapping.lines)):
        columns = mapping.fields_of(fields)
        money |= {f"{table}.{name}": column for name, column in columns.items() if column.type == "money"}
    for key, column in money.items():
        if column.unit is None:
            yield key, 'say in which unit, as in { column = "...", unit = "yuan" } (or unit = "yuan" for all)'
        else:
            try:
                factor(column.unit, mapping.currency)
            except MappingError as error:
                yield error.field or key, error.detail
    currencies = {currency_of(column.unit, mapping.currency) for column in money.values() if column.unit}
    if len(currencies) > 1:
        yield "currency", f"one file has one currency, not {' and '.join(sorted(currencies))}"


def _fields(mapping: Mapping) -> Iterator[Fault]:
    for name in REQUIRED.get(mapping.row, ()):
        if name not in mapping.fields:
            yield f"fields.{name}", f"a {mapping.row} needs it"
    yield from _fields_of_its_kind(mapping)
    if mapping.row == "campaign" and mapping.currency is None:
        yield "currency", "a campaign has one, such as CNY"
    if mapping.row == "customer" and not mapping.fields and not mapping.asides:
        yield "fields", "name at least one attribute, the tags or a consent"
    for name, column in mapping.fields_of(mapping.lines).items():
        if is_personal(name, column):
            yield f"lines.{name}", "a line cannot hold what is personal: make it one of the fields"
    for table, fields in (("fields", mapping.fields), ("lines", mapping.lines)):
        for name, column in mapping.fields_of(fields).items():
            if column.omit_zero and column.type not in {"integer", "decimal", "money"}:
                yield f"{table}.{name}.omit_zero", f"a {column.type} is never zero"


def _asides(mapping: Mapping) -> Iterator[Fault]:
    if mapping.asides and mapping.row != "customer":
        yield "tags" if mapping.tags else "consent", f"only customers have it; this mapping is of {mapping.row}s"
    tags = mapping.tags
    if tags and not (tags.separator and tags.value_separator and tags.separator != tags.value_separator):
        yield "tags.separator", "what stands between tags is not what stands between a tag and its value"
    for i, one in enumerate(mapping.consent):
        if not one.channel.strip() or not one.purpose.strip():
            yield f"consent[{i}].channel", "a consent is about a channel and a purpose"
        if not one.values:
            yield f"consent[{i}].values", 'say what means what, as in { "是" = "granted", "否" = "withdrawn" }'
    for table, fields in (("fields", mapping.fields), ("lines", mapping.lines)):
        for name in fields:
            if name.startswith("$"):
                yield f"{table}.{name}", "a name does not begin with $"


def _repeated(mapping: Mapping) -> Iterator[Fault]:
    """What is told again: as a version, by another system, or as a change."""
    if mapping.versions.of not in {"name", "nothing"} and _groups(mapping.versions.of) != 1:
        yield "versions.of", '"name", "nothing", or a pattern with one group, as in "sales_([0-9]{8})"'
    if not 0 <= mapping.versions.most_withdrawn <= 1:
        yield "versions.most_withdrawn", "a share between 0 and 1"
    if mapping.order_ref is not None and mapping.row != "fact":
        yield "order_ref", f"only facts have it; this mapping is of {mapping.row}s"
    if mapping.operation is not None:
        said = {*mapping.operation.values.values(), mapping.operation.otherwise} - {None}
        if mapping.row != "fact" or not said or not said <= {"upsert", "delete"}:
            yield "operation", 'of facts: say values = { "D" = "delete" }, otherwise = "upsert"'


def _of_everybody(mapping: Mapping) -> Iterator[Fault]:
    """Files that hold all customers."""
    snapshot = mapping.snapshot_form
    if snapshot is None:
        return
    if mapping.row != "customer":
        yield "snapshot", f"only files of customers hold all of them; this mapping is of {mapping.row}s"
    if snapshot.left and not _EVENT.match(snapshot.left):
        yield "snapshot.left", f"the name of an event is {_WORDS}"
    if not 0 <= snapshot.most_left <= 1:
        yield "snapshot.most_left", "a share between 0 and 1"


def _groups(pattern: str) -> int:
    try:
        return re.compile(pattern).groups
    except re.error:
        return 0


def _fields_of_its_kind(mapping: Mapping) -> Iterator[Fault]:
    allowed = {"campaign": CAMPAIGN_FIELDS, "offer": OFFER_FIELDS}.get(mapping.row)
    for name, column in mapping.fields_of(mapping.fields).items() if allowed else ():
        wanted = TYPES.get(name, "text")
        if name not in (allowed or ()):
            yield f"fields.{name}", f"a {mapping.row} has {', '.join(allowed or ())}"
        elif column.type != wanted:
            yield f"fields.{name}", f'say type = "{wanted}"'
    if mapping.row == "offer" and mapping.lines and (list(mapping.lines) != ["product_id"]):
        yield "lines", "the lines of an offer are its product_id"
