"""What a column says, in the engine as in the domain: the same money, times, words and people."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.cleaning.cleaning import Cleaner
from domain.identity.identifier import IdentifierType, identifier
from domain.identity.naming import Naming, strongest
from domain.ingestion.mapping import Column, IdentifierColumn
from domain.kernel.money import minor_units
from workers.connectors.columns import converted
from workers.connectors.people import mark, name_identifiers
from workers.connectors.persons import teach

NAMING = Naming(b"p" * 32)


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """One engine for all the questions of this file."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        teach(connection, Cleaner(), "pos", "CNY")
        yield connection


def asked(engine: duckdb.DuckDBPyConnection, column: Column, text: str | None) -> tuple[str | None, bool, bool]:
    """Return what stands in a text column as JSON, whether it is missing, and whether it is broken."""
    sql = converted(column, "VARCHAR", "CNY", raw="t", value="v")
    query = f"""
        SELECT {sql.json}, {sql.missing}, {sql.fails}
        FROM (SELECT *, {sql.value} AS v FROM (SELECT CAST(? AS VARCHAR) AS t))
    """
    ((json, missing, fails),) = engine.execute(query, [text]).fetchall()
    return (None if fails else json), bool(missing), bool(fails)


@settings(deadline=None)
@given(st.decimals(min_value=-1_000_000_000, max_value=1_000_000_000, places=4), st.sampled_from(["yuan", "fen"]))
def test_money_is_what_the_domain_makes_of_it(amount: Decimal, unit: str) -> None:
    """To the fen, half to even."""
    with duckdb.connect(config={"threads": 1}) as engine:
        teach(engine, Cleaner(), "pos", "CNY")
        json, _, _ = asked(engine, Column(column="c", type="money", unit=unit), str(amount))
    assert json == str(minor_units(amount if unit == "yuan" else amount / 100, "CNY"))


@settings(deadline=None)
@given(st.datetimes(datetime(1970, 1, 3), datetime(2199, 12, 30)), st.sampled_from(["Asia/Shanghai", "Europe/Berlin"]))  # noqa: DTZ001 - the clock on the wall has no zone
def test_a_time_without_a_zone_is_one_of_the_mapping(moment: datetime, zone: str) -> None:
    """Also where the clocks were changed; an hour that came twice or never is one of its neighbours."""
    moment = moment.replace(microsecond=0, fold=0)
    with duckdb.connect(config={"threads": 1}) as engine:
        engine.execute("SET TimeZone = 'UTC'")
        json, _, fails = asked(engine, Column(column="c", type="time", zone=zone), moment.isoformat(sep=" "))
    assert not fails
    assert json is not None
    meant = moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert abs(datetime.fromisoformat(json.strip('"')) - meant) <= timedelta(hours=1)
    if meant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) == moment and meant.year > 1992:
        assert datetime.fromisoformat(json.strip('"')) in {meant, meant + timedelta(hours=1)}


TIMES = [
    ("2026-11-01 10:00:00", "2026-11-01T02:00:00Z"),
    ("2026/11/01 10:00", "2026-11-01T02:00:00Z"),
    ("2026-11-01T10:00:00.250", "2026-11-01T02:00:00Z"),
    ("2026-11-01T10:00:00Z", "2026-11-01T10:00:00Z"),
    ("2026-11-01T10:00+01", "2026-11-01T09:00:00Z"),
    ("2026-11-01 10:00:00+09:00 ", "2026-11-01T01:00:00Z"),
    ("20261101100000", "2026-11-01T02:00:00Z"),
    ("2026年11月01日", "2026-10-31T16:00:00Z"),
    ("2026-11-01", "2026-10-31T16:00:00Z"),
]


@pytest.mark.parametrize(("text", "json"), TIMES)
def test_the_spellings_of_times_are_understood(engine: duckdb.DuckDBPyConnection, text: str, json: str) -> None:
    """An offset in the text counts more than the mapping's zone."""
    assert asked(engine, Column(column="c", type="time", zone="Asia/Shanghai"), text) == (f'"{json}"', False, False)


CONVERTED: list[tuple[Column, str | None, Any]] = [
    (Column(column="c"), ' a "b" \\ 中 ', '"a \\"b\\" \\\\ 中"'),
    (Column(column="c", prefix="hh-"), "7", '"hh-7"'),
    (Column(column="c", type="integer"), " 007 ", "7"),
    (Column(column="c", type="integer"), "12.0", "12"),
    (Column(column="c", type="decimal"), "1.50", "1.5"),
    (Column(column="c", type="boolean"), "是", "true"),
    (Column(column="c", type="boolean"), "N", "false"),
    (Column(column="c", type="date"), "2026/11/01", '"2026-11-01"'),
    (Column(column="c", type="date", format="%d.%m.%Y"), "01.11.2026", '"2026-11-01"'),
    (Column(column="c", type="time", format="epoch_seconds"), "1793498400", '"2026-11-01T02:00:00Z"'),
    (Column(column="c", type="time", format="epoch_milliseconds"), "1793498400999", '"2026-11-01T02:00:00Z"'),
    (Column(column="c", type="time", format="%d/%m/%Y %H:%M %z"), "01/11/2026 10:00 +0800", '"2026-11-01T02:00:00Z"'),
    (Column(column="c", values={"1": "南京路"}), "1", '"南京路"'),
    (Column(column="c", values={"1": True, "2": 3, "3": "x"}), "3", '"x"'),
    (Column(column="c", values={"1": "a"}, otherwise="b"), "9", '"b"'),
]


@pytest.mark.parametrize(("column", "text", "json"), CONVERTED, ids=[str(case[1]) for case in CONVERTED])
def test_a_column_says_what_the_mapping_makes_of_it(
    engine: duckdb.DuckDBPyConnection, column: Column, text: str, json: str
) -> None:
    """As JSON, with spaces around it gone."""
    assert asked(engine, column, text) == (json, False, False)


BROKEN = [("integer", "1.5"), ("integer", "x"), ("decimal", "nan"), ("money", "1,5"), ("boolean", "maybe")]


@pytest.mark.parametrize(
    ("kind", "text"), [*BROKEN, ("date", "2026-02-30"), ("time", "infinity"), ("time", "1969-01-01")]
)
def test_what_cannot_be_meant_is_broken_and_what_is_blank_is_missing(
    engine: duckdb.DuckDBPyConnection, kind: Any, text: str
) -> None:
    """Never a guess, never a zero."""
    column = Column(column="c", type=kind, unit="yuan")
    assert asked(engine, column, text) == (None, False, True)
    for nothing in (None, "", "  "):
        assert asked(engine, column, nothing) == (None, True, False)


_PEOPLE = {
    IdentifierType.MEMBER_CODE: ["M1", "M2"],
    IdentifierType.PHONE: ["13800138000", "+86 138 0013 8001"],
    IdentifierType.OPENID: ["o1", "o2"],
    IdentifierType.DEVICE: ["d1", "d2"],
}
_COLUMNS = [
    *(IdentifierColumn(column=kind.value, type=kind.value) for kind in reversed(_PEOPLE) if kind != "openid"),
    IdentifierColumn(column="openid", type="openid", prefix="wx1:"),
    IdentifierColumn(column="openid_too", type="openid", prefix="wx0:"),
]
_ROWS = st.lists(
    st.fixed_dictionaries(
        {one.column: st.sampled_from([None, "", " ", *_PEOPLE[IdentifierType(one.type)]]) for one in _COLUMNS}
    ),
    min_size=1,
    max_size=8,
)


@settings(deadline=None)
@given(_ROWS)
def test_a_row_is_named_by_its_strongest_identifier(rows: list[dict[str, str | None]]) -> None:
    """By kind, then by value, as the domain orders them, whatever the order of the columns."""
    with duckdb.connect(config={"threads": 1}) as engine:
        names = ", ".join(f"{one.column} VARCHAR" for one in _COLUMNS)
        engine.execute(f"CREATE TABLE raw ({names})")
        values = [[row[one.column] for one in _COLUMNS] for row in rows]
        engine.executemany(f"INSERT INTO raw VALUES ({', '.join('?' * len(_COLUMNS))})", values)
        places = [(f"r.{one.column}", "VARCHAR") for one in _COLUMNS]
        for number, (one, place) in enumerate(zip(_COLUMNS, places, strict=True)):
            name_identifiers(engine, number, one, place, NAMING, "true")
        mark(engine, _COLUMNS, places, [], "true")
        marked = [who for (who,) in engine.execute("SELECT who FROM marks ORDER BY ordinal").fetchall()]
    for row, who in zip(rows, marked, strict=True):
        given = [
            identifier(one.type, one.prefix + value) for one in _COLUMNS if (value := row[one.column]) and value.strip()
        ]
        assert who == (NAMING.customer_id(strongest(given)) if given else None)
