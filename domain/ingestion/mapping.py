"""The mapping of a source: which column of its files says what, as one TOML file that a non-programmer can read."""

import typing
from datetime import datetime
from typing import Any, Literal

import msgspec

from domain.kernel.errors import InvalidInputError

Row = Literal["fact", "customer", "campaign", "offer"]
Format = Literal["csv", "parquet", "excel", "jsonl"]
PersonType = Literal["name", "sex", "birthday", "phone", "email", "region"]
PERSON_TYPES: tuple[PersonType, ...] = typing.get_args(PersonType)
Type = Literal["text", "integer", "decimal", "money", "boolean", "date", "time"] | PersonType
Scalar = str | int | float | bool

CAMPAIGN_FIELDS = ("external_id", "name", "description", "starts_at", "ends_at")
OFFER_FIELDS = ("campaign", "offer_id", "label", "value", "threshold")
REQUIRED: dict[str, tuple[str, ...]] = {"campaign": ("external_id", "name"), "offer": ("campaign", "offer_id")}
# Beside the fields of a customer; no field of a mapping can have such a name.
TAGS = "$tags"
CONSENT = "$consent"
# What the fields of campaigns and offers are, where it is not text.
TYPES: dict[str, Type] = {"starts_at": "time", "ends_at": "time", "value": "money", "threshold": "money"}


class MappingError(InvalidInputError):
    """A mapping cannot be used; `field` is the faulty key, the words say what would be right."""

    code = "mapping.invalid"


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the TOML file: a key that nobody knows is a slip of the pen, never ignored."""


class Column(_Part, frozen=True, kw_only=True):
    """What one column says.

    `unit` is that of money (yuan, fen, dollar, cent, euro, major, minor), `zone` and `format` (strftime, or
    epoch_seconds, epoch_milliseconds) those of times. `values` translates what stands in the column; anything else is
    `otherwise`, or broken. `prefix` goes before the text. `last_day` makes a date the first instant after it.
    `omit_zero` leaves a zero out. The types name, sex, birthday, phone, email and region say something of a person and
    are cleaned by the declared rules: what says nothing (未知) is left out, what cannot be understood is broken.
    `personal` seals the value; names such as phone or address are sealed in any case.
    """

    column: str
    type: Type = "text"
    unit: str | None = None
    zone: str | None = None
    format: str | None = None
    values: dict[str, Scalar] = {}
    otherwise: Scalar | None = None
    prefix: str = ""
    last_day: bool = False
    omit_zero: bool = False
    personal: bool = False


class IdentifierColumn(_Part, frozen=True, kw_only=True):
    """A column that names the customer.

    An OpenID needs its app as prefix (`wx1a2b:`). `fallback` serves where no other identifier is. `region` is where
    phone numbers without a country code are dialled.
    """

    column: str
    type: str
    prefix: str = ""
    region: str = "CN"
    fallback: bool = False


class TimeColumn(_Part, frozen=True, kw_only=True):
    """When it happened: a column, or a `fixed` time where no column tells it (without an offset one of the zone)."""

    column: str = ""
    fixed: datetime | None = None
    zone: str | None = None
    format: str | None = None


class FileForm(_Part, frozen=True, kw_only=True):
    """Where the files are (a path, a pattern or any fsspec URL) and how they are written.

    Without `format`, the name tells it; without `delimiter`, the header. `encoding` auto is UTF-8 with or without a
    mark, else GB18030. `columns` names the columns of a file without a header. Of a workbook, `sheet` is a name or a
    number from 1, below `skip` lines of titles. If more than the share `most_broken` of the first rows is broken, it is
    the mapping that is wrong, and nothing is imported. `options` are those of the place (a user, a key).
    """

    path: str = ""
    format: Format | None = None
    delimiter: str | None = None
    quote: str = '"'
    encoding: str = "auto"
    columns: tuple[str, ...] = ()
    most_broken: float = 0.5
    sheet: str | int = 1
    skip: int = 0
    options: dict[str, Any] = {}


class Lookup(_Part, frozen=True, kw_only=True):
    """Another file whose columns are added to each row that agrees in the columns `on`."""

    file: str | FileForm
    on: tuple[str, ...]

    @property
    def file_form(self) -> FileForm:
        """How the file is written."""
        return _form(self.file)


class TagsColumn(_Part, frozen=True, kw_only=True):
    """The column that lists a customer's tags, such as `咖啡;等级=金卡`.

    `mapping` is the file beside this one that says which tags of the catalogue they are. A `complete` list takes the
    place of all this source said before; another adds to it.
    """

    column: str
    separator: str = ";"
    value_separator: str = "="
    mapping: str = ""
    complete: bool = True


class ConsentColumn(_Part, frozen=True, kw_only=True):
    """A column that tells what the customer said about a channel and a purpose; nothing there is no word.

    `values` translates what stands there. `evidence` and `time` are columns with the proof, and when it was said: a
    grant without both does not end a withdrawal.
    """

    column: str
    channel: str
    purpose: str = "marketing"
    values: dict[str, Literal["granted", "withdrawn"]]
    text_version: str = ""
    evidence: str = ""
    time: str = ""


class Watching(_Part, frozen=True, kw_only=True):
    """How a place is watched: how often, in seconds, and how a file is known to be complete.

    With a `marker` (`.done`) a file is complete once another of its name with that behind lies beside it; without one,
    once its size and time of change were the same at two looks. What came of each file is written to `outbox` (a folder
    or any fsspec URL), where one is named.
    """

    every: float = 60.0
    marker: str = ""
    outbox: str = ""


class Versions(_Part, frozen=True, kw_only=True):
    """Which files are versions of each other: a later one replaces what an earlier one told.

    `of` is `name` (files of one name), `nothing` (each file stands for itself, whatever it is called), or a pattern
    whose first group, found in the name, says what a file is of: its business date, for instance. If more than the
    share `most_withdrawn` of what was told would be taken back, it is no correction, and nothing is imported. Files of
    changes (`operation`) are never versions of each other.
    """

    of: str = "name"
    most_withdrawn: float = 0.5


class Snapshot(_Part, frozen=True, kw_only=True):
    """Every file holds all customers: what is as in the last one says nothing new, and who is missing has left.

    `left` is the event recorded of who has left (`member.left`); without it they are only counted. If more than the
    share `most_left` is missing, the file is not whole, and nothing is imported.
    """

    left: str = ""
    most_left: float = 0.2


class Mapping(_Part, frozen=True, kw_only=True):
    """One kind of file of one source, and what a row of it is.

    `key` are the columns that make a row unique: of two rows with the same, the first counts. `group_by` are the
    columns that rows of one thing share (the lines of a receipt); `lines` are then the fields of each row, in a list
    called `lines_name`. Two mappings that read the same file need different `name`s. `order_ref` is a number that other
    systems know the order by as well, with whose it is before a colon: told by several of them, it is one fact.
    `operation` tells `upsert` from `delete` where files hold changes: then the last row of a key counts, and replaces
    what an earlier file told under it. `keyed_as` is what the keys of rows belong to where each delivery has a name of
    its own.
    """

    source: str
    row: Row
    file: str | FileForm = ""
    name: str = ""
    key: tuple[str, ...]
    group_by: tuple[str, ...] = ()
    zone: str = "Asia/Shanghai"
    currency: str | None = None
    unit: str | None = None
    event: str | Column | None = None
    time: str | TimeColumn | None = None
    amount: str | Column | None = None
    identifier: tuple[IdentifierColumn, ...] = ()
    fields: dict[str, str | Column] = {}
    lines: dict[str, str | Column] = {}
    lines_name: str = "products"
    lookup: tuple[Lookup, ...] = ()
    tags: TagsColumn | None = None
    consent: tuple[ConsentColumn, ...] = ()
    watch: Watching = Watching()
    order_ref: str | Column | None = None
    operation: Column | None = None
    versions: Versions = Versions()
    snapshot: bool | Snapshot = False
    keyed_as: str = ""

    @property
    def file_form(self) -> FileForm:
        """How the files are written."""
        return _form(self.file)

    @property
    def identity(self) -> str:
        """What a file is remembered under: the same file through another mapping is another import."""
        return f"{self.source}/{self.name or self.row}"

    def column_of(self, spec: str | Column) -> Column:
        """Return a column in its long form, with what the mapping says for all columns."""
        column = Column(column=spec) if isinstance(spec, str) else spec
        return msgspec.structs.replace(column, zone=column.zone or self.zone, unit=column.unit or self.unit)

    def fields_of(self, fields: dict[str, str | Column]) -> dict[str, Column]:
        """Return fields in their long form."""
        return {name: self.column_of(spec) for name, spec in fields.items()}

    @property
    def event_column(self) -> Column | None:
        """The column that tells the kind of event; None if all rows are of one kind."""
        return self.column_of(self.event) if isinstance(self.event, Column) else None

    @property
    def time_column(self) -> Column | None:
        """The column of the time; None if it is fixed, or the time of the import."""
        spec = TimeColumn(column=self.time) if isinstance(self.time, str) else self.time
        if spec is None or not spec.column:
            return None
        return Column(column=spec.column, type="time", zone=spec.zone or self.zone, format=spec.format)

    @property
    def fixed_time(self) -> datetime | None:
        """The time that all rows share."""
        return self.time.fixed if isinstance(self.time, TimeColumn) else None

    @property
    def amount_column(self) -> Column | None:
        """The column of the money."""
        return None if self.amount is None else msgspec.structs.replace(self.column_of(self.amount), type="money")

    @property
    def asides(self) -> dict[str, Column]:
        """The columns that say something beside a customer's fields, by the names they travel under."""
        found = {TAGS: Column(column=self.tags.column)} if self.tags else {}
        for number, one in enumerate(self.consent):
            found[f"{CONSENT}{number}"] = Column(column=one.column, values=dict(one.values))
            if one.evidence:
                found[f"{CONSENT}{number}.evidence"] = Column(column=one.evidence)
            if one.time:
                found[f"{CONSENT}{number}.time"] = Column(column=one.time, type="time", zone=self.zone)
        return found

    @property
    def order_ref_column(self) -> Column | None:
        """The column of the number that other systems know the order by."""
        return None if self.order_ref is None else self.column_of(self.order_ref)

    @property
    def snapshot_form(self) -> Snapshot | None:
        """What files that hold all customers mean; None if a file holds some of them."""
        if isinstance(self.snapshot, bool):
            return Snapshot() if self.snapshot else None
        return self.snapshot

    def of_rows(self) -> list[Column]:
        """Return every column in its long form, those that name a row or a person as text."""
        names = dict.fromkeys([*self.key, *self.group_by, *(one.column for one in self.identifier)])
        parts = (self.event_column, self.time_column, self.amount_column, self.order_ref_column, self.operation)
        single = [column for column in parts if column]
        fields = [*self.fields_of(self.fields).values(), *self.fields_of(self.lines).values()]
        fields += self.asides.values()
        return [*(self.column_of(name) for name in names), *single, *fields]

    def columns(self) -> list[tuple[str, str]]:
        """Return every column it names, each with the key of the mapping that names it."""
        named = [(key, column) for key in ("key", "group_by") for column in getattr(self, key)]
        named += [(f"identifier[{i}].column", one.column) for i, one in enumerate(self.identifier)]
        for table, fields in (("fields", self.fields), ("lines", self.lines)):
            named += [(f"{table}.{name}", column.column) for name, column in self.fields_of(fields).items()]
        named += [(name.strip("$"), column.column) for name, column in self.asides.items()]
        parts = {"time": self.time_column, "amount": self.amount_column, "event": self.event_column}
        parts |= {"order_ref": self.order_ref_column, "operation": self.operation}
        named += [(key, column.column) for key, column in parts.items() if column]
        return named + [(f"lookup[{i}].on", column) for i, one in enumerate(self.lookup) for column in one.on]


def _form(file: str | FileForm) -> FileForm:
    return FileForm(path=file) if isinstance(file, str) else file
