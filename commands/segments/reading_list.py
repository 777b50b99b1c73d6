"""Read a list of people that somebody hands over: the good lines are taken, the others named by their number and why.

A line is a customer id, or an identifier as type:value. Or the first line names what each column holds: `customer_id`,
or types of identifiers (`phone`, `member_code` ...); then the first column that holds anything counts. Other columns
are passed over. Nothing of a line is ever kept or told again in clear.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from domain.identity.identifier import IdentifierType, identifier
from domain.identity.naming import Naming
from domain.identity.normalising import IdentifierError
from domain.kernel.errors import KoiError
from domain.segments.errors import ListError

MOST_LINES: Final = 5_000_000
_SHOWN: Final = 100
_ID: Final = "customer_id"
_Reader = Callable[[str], UUID]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A line that was not taken, counted from 1, and why."""

    line: int
    why: str


class ReadList(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the lines name, with the first line of each; `faults` are the first bad lines, `bad` how many there are."""

    named: Mapping[UUID, int]
    faults: list[Fault]
    bad: int


def read_list(text: str, naming: Naming) -> ReadList:
    """Read a list; raises `ListError` if nothing in it can be read."""
    named: dict[UUID, int] = {}
    faults: list[Fault] = []
    bad = 0
    for line, found in _lines(text, naming):
        if isinstance(found, UUID):
            named.setdefault(found, line)
        else:
            bad += 1
            if len(faults) < _SHOWN:
                faults.append(Fault(line=line, why=found))
        if line > MOST_LINES:
            raise ListError(f"at most {MOST_LINES:,} lines at once: upload the rest with mode=add", field="list")
    if not named:
        first = f"; line {faults[0].line}: {faults[0].why}" if faults else ""
        raise ListError(f"no line names anybody by customer id or type:value{first}", field="list")
    return ReadList(named=named, faults=faults, bad=bad)


def _lines(text: str, naming: Naming) -> Iterator[tuple[int, UUID | str]]:
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    columns: Sequence[tuple[int, _Reader]] | None = None
    try:
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if columns is None:
                named = _columns(cells, naming)
                columns = named or [(0, _value(naming))]
                if named:
                    continue
            yield rows.line_num, _read(cells, columns)
    except csv.Error as error:
        raise ListError(f"line {rows.line_num}: {error}", field="list") from None


def _columns(cells: Sequence[str], naming: Naming) -> list[tuple[int, _Reader]]:
    """Return how each column is read that the first line names, none if it is no such line."""
    readers: dict[str, _Reader] = {_ID: UUID} | {kind.value: _of_type(kind.value, naming) for kind in IdentifierType}
    return [(place, readers[cell.lower()]) for place, cell in enumerate(cells) if cell.lower() in readers]


def _of_type(kind: str, naming: Naming) -> _Reader:
    return lambda value: naming.customer_id(identifier(kind, value))


def _value(naming: Naming) -> _Reader:
    def read(cell: str) -> UUID:
        kind, separator, value = cell.partition(":")
        return naming.customer_id(identifier(kind, value)) if separator else UUID(cell)

    return read


def _read(cells: Sequence[str], columns: Sequence[tuple[int, _Reader]]) -> UUID | str:
    for place, reader in columns:
        if place < len(cells) and cells[place]:
            try:
                return reader(cells[place])
            except (IdentifierError, KoiError) as error:
                return error.detail
            except ValueError:
                return "neither a customer id nor an identifier as type:value, such as phone:13800138000"
    return "names nobody"
