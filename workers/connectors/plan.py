"""The plan of an import: a mapping over the columns of a file, as the SQL that converts rows and finds broken ones."""

from collections.abc import Mapping as Dict
from collections.abc import Sequence

import msgspec

from domain.activity.vocabulary import Vocabulary
from domain.ingestion.mapping import REQUIRED, Column, Mapping
from domain.ingestion.mapping_rules import is_personal
from domain.ingestion.units import currency_of
from workers.connectors.columns import Converted, converted, minor_units
from workers.connectors.engine import literal
from workers.connectors.people import marks_of


class Problem(msgspec.Struct, frozen=True):
    """Why a row is broken: a stable code, and words that repeat no value."""

    reason: str
    detail: str


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """A column in use: the mapping's word on it, and the names its raw and converted value have in the SQL."""

    key: str
    column: Column
    raw: str
    value: str
    sql: Converted


INCOMPLETE = Problem("group.incomplete", "another row of the same thing is broken")
SEVERAL = Problem("group.several_customers", "the rows of the same thing name different customers")
NOBODY = Problem("customer.none", "no column names the customer")
NEGATIVE = Problem("amount.negative", "a purchase is not negative: map it as a refund")
CONTROL = Problem("text.control", "a text has a control character that cannot be stored")


_DIGITS_LOST = "a number of more than 15 digits, of which a spreadsheet keeps 15: format the column as text there"


class Plan:
    """Everything about one mapping over one file that can be known before a row is read."""

    def __init__(
        self,
        mapping: Mapping,
        places: Dict[str, tuple[str, str]],
        vocabulary: Vocabulary,
        *,
        lost: Sequence[str] = (),
    ) -> None:
        """Take where each column stands (as SQL) and its type; `lost` are columns with cells in the table `lost`."""
        self.mapping = mapping
        self._lost = lost
        self._places = places
        self._count = 0
        self.currency = currency_of_file(mapping)
        self.event = self._use("event", mapping.event_column)
        self.time = self._use("time", mapping.time_column)
        self.amount = self._use("amount", mapping.amount_column)
        self.ref = self._use("order_ref", mapping.order_ref_column)
        self.operation = self._use("operation", mapping.operation)
        fields = {**mapping.fields_of(mapping.fields), **mapping.asides}
        self.fields = [self._used(name, column) for name, column in fields.items()]
        self.lines = [self._used(name, column) for name, column in mapping.fields_of(mapping.lines).items()]
        keys = dict.fromkeys((*mapping.key, *mapping.group_by))
        self.keys = [self._used(f"key {name}", Column(column=name)) for name in keys]
        kinds = {name: vocabulary.kind(name).purchase for name in _events(mapping)}
        self.purchases = [name for name, purchase in kinds.items() if purchase > 0]
        self.refunds = [name for name, purchase in kinds.items() if purchase < 0]
        self.problems = [*(problem for _, problem in self._row_rules()), INCOMPLETE, SEVERAL, NOBODY, NEGATIVE, CONTROL]

    def code(self, problem: Problem) -> int:
        """Return the number under which a problem is noted."""
        return self.problems.index(problem)

    @property
    def event_sql(self) -> str:
        """What happened: the same for all rows, or what a column says."""
        return self.event.value if self.event else literal(str(self.mapping.event))

    def units(self, amount: str) -> str:
        """Return the amount in minor units, positive for a refund whatever its sign was; null where no money moved."""
        if self.amount is None:
            return "CAST(NULL AS BIGINT)"
        units = minor_units(self.amount.column, self.currency, amount)
        return f"CASE WHEN {self.is_one_of(self.refunds)} THEN abs({units}) ELSE {units} END" if self.refunds else units

    def is_one_of(self, names: list[str]) -> str:
        """Return the condition that the event is one of these."""
        return f"{self.event_sql} IN ({', '.join(map(literal, names))})" if names else "false"

    def rows(self, source: str) -> str:
        """Return the query of the rows: the marks, what was read, every converted value, and the `problem`, if any."""
        used = self._all()
        raws = [f"{self._places[one.column.column][0]} AS {one.raw}" for one in used]
        values = [f"{one.sql.value} AS {one.value}" for one in used]
        arms = [f"WHEN {condition} THEN {number}" for number, (condition, _) in enumerate(self._row_rules())]
        problem = f"CASE {' '.join(arms)} END" if arms else "NULL"
        inner = f"SELECT {', '.join([*marks_of(self.mapping), *raws])} FROM {source}"
        middle = f"SELECT *, {', '.join(values)} FROM ({inner})" if values else inner
        return f"SELECT *, CAST({problem} AS INTEGER) AS problem FROM ({middle})"

    @property
    def named(self) -> dict[str, str]:
        """What a fact is known by beside its content, as columns: `ref`, `operation` and `row_key`, where declared."""
        columns = {"ref": self.ref.value} if self.ref else {}
        if self.operation:
            of_fact = self.mapping.group_by or self.mapping.key
            keys = [f"coalesce({one.value}, '')" for one in self.keys if one.column.column in of_fact]
            columns |= {"operation": self.operation.value, "row_key": f"concat_ws(chr(31), {', '.join(keys)})"}
        return columns

    @property
    def values(self) -> list[str]:
        """The names of the converted values that facts are made of."""
        return [one.value for one in self._all() if self.operation or one not in self.keys]

    @property
    def plain(self) -> list[Used]:
        """The fields that may lie open."""
        return [one for one in self.fields if not is_personal(one.key, one.column)]

    @property
    def personal(self) -> list[Used]:
        """The fields to seal."""
        return [one for one in self.fields if is_personal(one.key, one.column)]

    def _row_rules(self) -> list[tuple[str, Problem]]:
        """What can be wrong with a row, in the order of its weight."""
        rules = [
            (
                f"ordinal IN (SELECT ordinal FROM lost WHERE name = {literal(name)})",
                Problem("value.digits_lost", f"{name}: {_DIGITS_LOST}"),
            )
            for name in self._lost
        ]
        rules += [(one.sql.missing, Problem("key.missing", f"{one.column.column}: missing")) for one in self.keys]
        if self.operation is None:
            return rules + self._content_rules()
        said = self.operation
        rules.append((said.sql.missing, Problem("operation.missing", f"{said.column.column}: missing")))
        # Of what is deleted its key is enough.
        return rules + [(f"{self.is_kept} AND {condition}", problem) for condition, problem in self._content_rules()]

    @property
    def is_kept(self) -> str:
        """The condition that a row is not about something deleted."""
        return f"{self.operation.value} IS DISTINCT FROM 'delete'" if self.operation else "true"

    def _content_rules(self) -> list[tuple[str, Problem]]:
        rules = []
        if self.event:
            rules.append((self.event.sql.missing, Problem("event.missing", f"{self.event.column.column}: missing")))
        if self.time and self.mapping.row == "fact":
            rules.append((self.time.sql.missing, Problem("time.missing", f"{self.time.column.column}: missing")))
        moves = [*self.purchases, *self.refunds]
        if self.amount and moves:
            missing = Problem("amount.missing", f"{self.amount.column.column}: missing")
            rules.append((f"{self.amount.sql.missing} AND {self.is_one_of(moves)}", missing))
        needed = [one for one in self.fields if one.key in REQUIRED.get(self.mapping.row, ())]
        rules += [(one.sql.missing, Problem("field.missing", f"{one.column.column}: missing")) for one in needed]
        for one in self._all():
            broken = Problem("value.invalid", f"{one.column.column}: {one.sql.what}")
            rules.append((one.sql.fails, broken))
        for i, identifier in enumerate(self.mapping.identifier):
            words = f"{identifier.column}: not a {identifier.type} that could be anybody's"
            rules.append((f"wrong{i}", Problem("identifier.invalid", words)))
        return rules

    def _all(self) -> list[Used]:
        parts = (self.event, self.time, self.amount, self.ref, self.operation)
        single = [one for one in parts if one]
        return [*self.keys, *single, *self.fields, *self.lines]

    def _use(self, key: str, column: Column | None) -> Used | None:
        return None if column is None else self._used(key, column)

    def _used(self, key: str, column: Column) -> Used:
        raw, value = f"t{self._count}", f"v{self._count}"
        self._count += 1
        kind = self._places[column.column][1]
        sql = converted(column, kind, self.currency, raw=raw, value=value)
        return Used(key=key, column=column, raw=raw, value=value, sql=sql)


def _events(mapping: Mapping) -> list[str]:
    column = mapping.event_column
    if column is None:
        return [mapping.event] if isinstance(mapping.event, str) else []
    return sorted({str(name) for name in (*column.values.values(), column.otherwise) if name is not None})


def currency_of_file(mapping: Mapping) -> str | None:
    """Return the one currency of a file's amounts; None where nobody says it."""
    columns = [*mapping.fields_of(mapping.fields).values(), *mapping.fields_of(mapping.lines).values()]
    money = [column for column in (*columns, mapping.amount_column) if column and column.type == "money"]
    named = [currency_of(column.unit, mapping.currency) for column in money if column.unit]
    return next(filter(None, named), None) or mapping.currency
