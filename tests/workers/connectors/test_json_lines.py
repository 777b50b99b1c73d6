"""JSON lines: an object a row, whatever keys each of them has."""

import json
from typing import Any

import pytest

from domain.ingestion.mapping import MappingError
from tests.workers.connectors.delivering import Delivery

ORDERS = """
source = "shop api"
row    = "fact"
event  = "order.completed"
key    = ["id"]
time   = "paid.at"
unit   = "yuan"
amount = "paid.sum"

identifier = [{ column = "buyer.card", type = "member_code" }]

[fields]
order_id = "id"
note     = "note"
gift     = { column = "gift", type = "boolean" }
tags     = "tags"
"""


def order(number: Any = 1, **more: Any) -> str:
    """One order as a program writes it."""
    paid = {"at": "2026-11-01T10:00:00+08:00", "sum": 19.9}
    return json.dumps({"id": number, "paid": paid, "buyer": {"card": "M1"}} | more, ensure_ascii=False)


async def test_every_line_is_a_row_with_the_keys_it_has(delivery: Delivery) -> None:
    """Long numbers keep their digits, lists stay JSON, what nobody tells is not there."""
    file = delivery.folder / "orders.jsonl"
    lines = [order(2100000000000000001), "", order("A-2", note="送礼", gift=True, tags=["新", "热"])]
    file.write_bytes(b"\xef\xbb\xbf" + "\n".join(lines).encode())
    report = await delivery.bring(file, ORDERS)
    assert (report.rows, report.items, report.quarantined) == (2, 2, 0)
    assert [fact["body"] for fact in await delivery.facts()] == [
        {"order_id": "2100000000000000001"},
        {"order_id": "A-2", "note": "送礼", "gift": True, "tags": '["新","热"]'},
    ]
    assert {fact["amount"] for fact in await delivery.facts()} == {1990}


async def test_what_is_no_object_is_refused_with_its_line(delivery: Delivery) -> None:
    """Its neighbours go through."""
    file = delivery.folder / "orders.ndjson"
    deep = '{"a":' * 3_000 + "1" + "}" * 3_000
    file.write_text(
        "\n".join([order(1), "[1]", '{"id": 1', deep, order(2, paid={"at": "never", "sum": "1"}), order(3)])
    )
    report = await delivery.bring(file, ORDERS)
    assert {(one.reason, tuple(one.lines)) for one in report.refusals} == {
        ("row.malformed", (2, 3, 4)),
        ("value.invalid", (5,)),
    }
    assert len(await delivery.facts()) == 2
    kept = await delivery.into.quarantine.newest(in_clear=True)
    assert {one.line for one in kept} == {2, 3, 4, 5}
    assert any(one.raw == "[1]" for one in kept)


async def test_a_key_that_has_to_be_there_is_missed(delivery: Delivery) -> None:
    """A field that nobody filled is not: it may be filled tomorrow."""
    file = delivery.folder / "orders.jsonl"
    file.write_text(order(1))
    with pytest.raises(MappingError, match="has no column number; it has id, "):
        await delivery.bring(file, ORDERS.replace('key    = ["id"]', 'key = ["number"]'))


async def test_an_empty_file_of_lines_holds_nothing(delivery: Delivery) -> None:
    """There were no orders that day."""
    file = delivery.folder / "orders.jsonl"
    file.write_text("")
    with pytest.raises(MappingError, match="has no column id"):
        await delivery.bring(file, ORDERS)
