"""A mapping says in the words of a retailer what the columns of its files mean, and a slip of the pen is told."""

import contextlib
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ingestion.mapping import Column, Mapping, MappingError
from domain.ingestion.mapping_reading import parse, read
from domain.ingestion.mapping_rules import is_personal
from domain.ingestion.units import currency_of, factor

RECEIPTS = """
source   = "pos-shanghai"
file     = { path = "sales_*.csv", delimiter = "|", encoding = "gb18030" }
row      = "fact"
event    = { column = "type", values = { "销售" = "order.completed", "退货" = "order.refunded" } }
group_by = ["receipt"]
key      = ["receipt", "line"]
time     = "paid_at"
unit     = "yuan"
amount   = "paid"

identifier = [{ column = "card", type = "member_code" }, { column = "phone", type = "phone" }]

[fields]
order_id = "receipt"

[lines]
product_id = "sku"
quantity   = { column = "qty", type = "integer" }
"""


def receipts(**changes: object) -> dict[str, Any]:
    """The mapping of receipts as a document, varied; a key set to None is left out."""
    document: dict[str, Any] = msgspec.to_builtins(read(RECEIPTS))
    short = {key: value for key, value in document.items() if value not in (None, "", [], {})}
    return {key: value for key, value in (short | changes).items() if value is not None}


def test_a_retailer_declares_receipts_in_a_dozen_lines() -> None:
    """Short forms stand for long ones: a column's name alone is a text of the mapping's zone and unit."""
    mapping = read(RECEIPTS)
    assert mapping.amount_column == Column(column="paid", type="money", unit="yuan", zone="Asia/Shanghai")
    assert mapping.time_column == Column(column="paid_at", type="time", zone="Asia/Shanghai")
    assert mapping.fields_of(mapping.fields)["order_id"].column == "receipt"
    assert mapping.file_form.encoding == "gb18030"
    assert mapping.identity == "pos-shanghai/fact"
    assert ("identifier[1].column", "phone") in mapping.columns()


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"watch": {"every": 0}}, "watch.every", "at least 1"),
    ({"watch": {"markr": ".done"}}, "watch.markr", "did you mean marker?"),
    ({"versions": {"of": "sales_.*"}}, "versions.of", "a pattern with one group"),
    ({"versions": {"most_withdrawn": 2}}, "versions.most_withdrawn", "a share between 0 and 1"),
    ({"snapshot": True}, "snapshot", "only files of customers hold all of them"),
    ({"operation": {"column": "op", "values": {"D": "remove"}}}, "operation", 'values = { "D" = "delete" }'),
    ({"operation": {"column": "op"}}, "operation", 'otherwise = "upsert"'),
    ({"event": "fact.withdrawn"}, "event", "is recorded by Koi itself"),
    ({"file": {"path": "a.xlsx", "skip": -1}}, "file.skip", "lines of titles"),
    ({"colour": "red"}, "colour", "there is no key colour here"),
    ({"group_bye": ["receipt"]}, "group_bye", "did you mean group_by?"),
    ({"source": None}, "source", "missing"),
    ({"row": "facts"}, "row", "facts"),
    ({"file": {"path": "a.csv", "delimeter": ";"}}, "file.delimeter", "did you mean delimiter?"),
    ({"file": {"path": "a.csv", "delimiter": "||"}}, "file.delimiter", "one character"),
    ({"time": {"colum": "paid_at"}}, "time.colum", "did you mean column?"),
    ({"time": {}}, "time", "either a column, or a fixed time"),
    ({"time": None}, "time", "name the column that tells when"),
    ({"event": None}, "event", "say what happened"),
    ({"event": "Order Completed"}, "event", "order.completed"),
    ({"event": {"column": "type"}}, "event", "order.completed"),
    ({"fields": {"order_id": "receipt", "qty": {"column": "q", "typo": 1}}}, "fields.qty.typo", "did you mean type?"),
    ({"fields": {"total": {"column": "t", "type": "money"}}, "unit": None}, "amount", "in which unit"),
    ({"unit": "yen"}, "unit", "no unit of money"),
    ({"unit": "yuan", "currency": "USD"}, "currency", "yuan is a unit of CNY"),
    ({"unit": "major"}, "currency", "of which currency"),
    ({"unit": "major", "currency": "yuan"}, "currency", "three letters"),
    ({"lines": {"tip": {"column": "tip", "type": "money", "unit": "dollar"}}}, "currency", "one currency"),
    ({"identifier": None}, "identifier", "tells the customer"),
    ({"identifier": [{"column": "c", "type": "card"}]}, "identifier[0].type", "member_code"),
    ({"identifier": [{"column": "c", "type": "openid", "prefix": "wx1"}]}, "identifier[0].prefix", "with a colon"),
    ({"identifier": [{"column": "c", "type": "anonymous", "fallback": True}]}, "identifier", "stands in for"),
    ({"key": []}, "key", "make a row unique"),
    ({"group_by": None}, "group_by", "lines belong to something"),
    ({"lines": {"phone": "phone"}}, "lines.phone", "cannot hold what is personal"),
    ({"fields": {"name2": {"column": "n", "omit_zero": True}}}, "fields.name2.omit_zero", "never zero"),
]


@pytest.mark.parametrize(("changes", "field", "words"), FAULTS, ids=[f"{fault[1]}: {fault[2]}" for fault in FAULTS])
def test_a_faulty_key_is_named_with_what_would_be_right(changes: dict[str, Any], field: str, words: str) -> None:
    """Whoever wrote the mapping finds the place and the remedy without a manual."""
    with pytest.raises(MappingError) as caught:
        parse(receipts(**changes))
    assert caught.value.field == field
    assert words in caught.value.detail


def test_what_is_no_toml_is_told_with_its_line() -> None:
    """Chinese keys without quotes are the usual reason."""
    with pytest.raises(MappingError, match="line 2"):
        read('source = "a"\n退货 = 1\n')


@pytest.mark.parametrize("row", ["campaign", "offer"])
def test_campaigns_and_offers_have_their_own_fields(row: str) -> None:
    """What they need must be there, and nothing else is known of them."""
    document = {"source": "crm", "row": row, "key": ["id"], "currency": "CNY", "unit": "yuan"}
    with pytest.raises(MappingError, match="needs it"):
        parse({**document, "fields": {}})
    required = {"campaign": ("external_id", "name"), "offer": ("campaign", "offer_id")}[row]
    fields: dict[str, Any] = dict.fromkeys(required, "id")
    assert parse({**document, "fields": fields}).row == row
    with pytest.raises(MappingError, match="has "):
        parse({**document, "fields": fields | {"colour": "red"}})
    wrong = {"campaign": "starts_at", "offer": "value"}[row]
    with pytest.raises(MappingError, match="say type"):
        parse({**document, "fields": fields | {wrong: "x"}})


def test_names_of_people_are_sealed_whether_the_mapping_says_so_or_not() -> None:
    """A receipt's address must never lie open because somebody forgot a word."""
    assert is_personal("receiver_phone", Column(column="x"))
    assert is_personal("delivery_address", Column(column="x"))
    assert is_personal("note", Column(column="x", personal=True))
    assert not is_personal("order_id", Column(column="x"))


@pytest.mark.parametrize(
    ("unit", "currency", "units", "code"),
    [
        *(
            ("yuan", None, 100, "CNY"),
            ("fen", None, 1, "CNY"),
            ("dollar", "USD", 100, "USD"),
            ("major", "JPY", 1, "JPY"),
        ),
        *(("major", "KWD", 1000, "KWD"), ("cent", "CAD", 1, "CAD"), ("minor", "CNY", 1, "CNY")),
    ],
)
def test_a_unit_is_worth_so_many_minor_units(unit: str, currency: str | None, units: int, code: str) -> None:
    """Yuan are a hundred fen each, yen have no smaller part."""
    assert (factor(unit, currency), currency_of(unit, currency)) == (units, code)


def test_every_mapping_that_comes_with_koi_is_sound() -> None:
    """They are the examples a retailer starts from."""
    folder = Path(str(resources.files("workers.connectors"))) / "mappings"
    mappings = [read(file.read_text(encoding="utf-8")) for file in sorted(folder.rglob("*.toml"))]
    assert {mapping.row for mapping in mappings} == {"fact", "customer", "campaign", "offer"}
    explained = (folder / "README.md").read_text(encoding="utf-8").split("```")[1].removeprefix("toml\n")
    assert read(explained).group_by == ("receipt",)


_KEYS = st.sampled_from([*Mapping.__struct_fields__, *Column.__struct_fields__, "x"])
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["fact", "money", "yuan", "phone"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=6))
def test_whatever_somebody_writes_is_taken_or_explained(changes: dict[str, Any]) -> None:
    """A mapping never fails without words."""
    with contextlib.suppress(MappingError):
        assert parse(receipts(**changes)).source
