"""A retailer's receipts: one fact each, with its lines; what is broken waits, its neighbours go through."""

from pathlib import Path

import pytest

from domain.activity.sealing import FileImported
from domain.identity.customer import Customer
from domain.identity.identifier import identifier
from domain.identity.naming import Naming
from domain.ingestion.mapping_reading import read
from tests.workers.connectors.delivering import RECEIPTS, Delivery, line, written
from workers.connectors.errors import SourceFileError
from workers.connectors.importing import check_file


async def test_a_receipt_is_one_fact_with_its_lines(delivery: Delivery) -> None:
    """The amount is the sum in fen, the time that of Shanghai, the customer the one of the card."""
    lines = [
        line("R1", 1),
        line("R1", 2, sku="B", qty="3", paid="5"),
        line("R2", paid_at="2026/11/02 09:05", card="M2"),
    ]
    report = await delivery.bring(delivery.write(lines))
    assert (report.rows, report.items, report.customers, report.quarantined) == (3, 2, 2, 0)
    first, second = await delivery.facts()
    assert first["body"] == {
        "order_id": "R1",
        "products": [
            {"product_id": "A", "quantity": 1, "amount": 1990},
            {"product_id": "B", "quantity": 3, "amount": 500},
        ],
    }
    assert (first["name"], first["source"], first["amount"], first["currency"]) == (
        *("order.completed", "pos shanghai", 2490, "CNY"),
    )
    assert first["occurred_at"].isoformat() == "2026-11-01T02:00:00+00:00"
    assert second["occurred_at"].isoformat() == "2026-11-02T01:05:00+00:00"
    assert first["customer_id"] == delivery.into.naming.customer_id(identifier("member_code", "M1"))
    assert await delivery.is_sealed_truly()
    (seal,) = await delivery.seals()
    assert seal.bulk


async def test_the_customers_of_a_file_are_registered_with_sealed_identifiers(delivery: Delivery) -> None:
    """The card names the customer and claims the phone; both values can be read with the customer's key only."""
    await delivery.bring(delivery.write([line("R1", phone="138 0013 8000"), line("R2", phone="13800138000")]))
    customer_id = delivery.into.naming.customer_id(identifier("member_code", "M1"))
    customer = await delivery.into.store.streams.load(Customer, customer_id)
    assert sorted(customer.identifiers.values()) == [("member_code", "M1"), ("phone", "+8613800138000")]
    states = await delivery.pool.fetch("SELECT convert_from(state, 'UTF8') AS state FROM decision_log")
    assert not [row for row in states if "13800138000" in row["state"]]


async def test_what_is_personal_on_a_receipt_is_sealed_beside_it(delivery: Delivery) -> None:
    """The name is not in the body; under the customer's key it is still there."""
    await delivery.bring(delivery.write([line("R1", name="张三"), line("R2")]))
    first, second = await delivery.facts()
    assert "receiver_name" not in first["body"]
    await delivery.into.store.keyring.load([first["customer_id"]])
    clear = delivery.into.store.keyring.unseal(first["customer_id"], first["sealed"])
    assert clear == '{"properties":{"receiver_name":"张三"}}'.encode()
    assert second["sealed"] is None
    assert await delivery.is_sealed_truly()


BROKEN = [
    (line("X", qty="x"), "value.invalid", "qty: not a whole number"),
    (line("X", paid="19.9.0"), "value.invalid", "paid: not an amount such as 19.90"),
    (line("X", paid=""), "amount.missing", "paid: missing"),
    (line("X", paid_at="yesterday"), "value.invalid", "paid_at: not a time between 1970-01-01 and 2200-01-01"),
    (
        line("X", paid_at="0203-11-01 10:00:00"),
        "value.invalid",
        "paid_at: not a time between 1970-01-01 and 2200-01-01",
    ),
    (line("X", paid_at=" "), "time.missing", "paid_at: missing"),
    (line("X", type="赠送"), "value.invalid", "type: not one of the values the mapping knows"),
    (line("X", type=""), "event.missing", "type: missing"),
    (line(""), "key.missing", "receipt: missing"),
    (line("X", card="", phone=""), "customer.none", "no column names the customer"),
    (line("X", phone="123"), "identifier.invalid", "phone: not a phone that could be anybody's"),
    (line("X", paid="-1"), "amount.negative", "a purchase is not negative: map it as a refund"),
    (line("X", sku="a\x00b"), "text.control", "a text has a control character that cannot be stored"),
    ("X,1,销售", "row.malformed", "fewer columns than the header"),
    (line("X") + ",1,2", "row.malformed", "more columns than the header"),
]


@pytest.mark.parametrize(("broken", "reason", "detail"), BROKEN, ids=[f"{case[1]} {case[2]}" for case in BROKEN])
def test_a_broken_row_is_told_with_its_line(folder: Path, broken: str, reason: str, detail: str) -> None:
    """An empty line, and a name over two lines before it, do not shift the line that is told."""
    file = written(folder, [line("R1", name='"Li\nNa"'), "", line("R2"), broken, line("R3")])
    report = check_file(str(file), read(RECEIPTS), base=folder, home=folder, naming=Naming(b"p" * 32))
    assert [(refusal.lines, refusal.reason, refusal.detail) for refusal in report.refusals] == [([6], reason, detail)]
    assert (report.rows, report.items, report.quarantined) == (4, 3, 1)


async def test_broken_rows_wait_sealed_and_their_neighbours_go_through(delivery: Delivery) -> None:
    """All kinds of them in one file: each keeps its line, its reason and itself."""
    lines = [
        line_
        for number, case in enumerate(BROKEN)
        for line_ in (line(f"R{number:02}"), case[0].replace("X,", f"X{number},"))
    ]
    report = await delivery.bring(delivery.write(lines))
    assert (report.items, report.quarantined) == (len(BROKEN), len(BROKEN))
    assert [fact["body"]["order_id"] for fact in await delivery.facts()] == [f"R{n:02}" for n in range(len(BROKEN))]
    entries = await delivery.into.quarantine.newest(in_clear=True)
    found = {entry.line: entry for entry in entries}
    for number, (_, reason, detail) in enumerate(BROKEN):
        entry = found[2 * number + 3]
        assert (entry.reason, entry.detail, entry.source) == (reason, detail, "pos shanghai")
        assert entry.raw is not None
        assert f"X{number}" in entry.raw or reason == "key.missing"
    stored = await delivery.pool.fetch("SELECT sealed FROM quarantine")
    assert not [row for row in stored if b"19.90" in row["sealed"]]


async def test_a_receipt_with_a_broken_line_waits_as_a_whole(delivery: Delivery) -> None:
    """Half a receipt would be a wrong amount."""
    await delivery.bring(delivery.write([line("R1", 1), line("R1", 2, qty="x"), line("R2")]))
    assert [fact["body"]["order_id"] for fact in await delivery.facts()] == ["R2"]
    entries = await delivery.into.quarantine.newest()
    assert sorted((entry.line, entry.reason) for entry in entries) == [(2, "group.incomplete"), (3, "value.invalid")]


async def test_the_lines_of_a_receipt_agree_on_the_customer(delivery: Delivery) -> None:
    """One line may leave the card out; two cards on one receipt are a mistake."""
    lines = [line("R1", 1), line("R1", 2, card=""), line("R2", 1, card="M2"), line("R2", 2, card="M3")]
    await delivery.bring(delivery.write(lines))
    assert [fact["body"]["order_id"] for fact in await delivery.facts()] == ["R1"]
    entries = await delivery.into.quarantine.newest()
    assert [(entry.line, entry.reason) for entry in entries] == [
        (5, "group.several_customers"),
        (4, "group.several_customers"),
    ]


async def test_a_refund_is_positive_whatever_its_sign(delivery: Delivery) -> None:
    """Its name says which way it counts."""
    await delivery.bring(delivery.write([line("R1", type="退货", paid="-19.90"), line("R2", type="退货", paid="5.00")]))
    assert [(fact["name"], fact["amount"]) for fact in await delivery.facts()] == [
        ("order.refunded", 1990),
        ("order.refunded", 500),
    ]


async def test_of_two_rows_with_one_key_the_first_good_one_counts(delivery: Delivery) -> None:
    """Also when a broken copy of it came before."""
    lines = [line("R1"), line("R2", qty="x"), line("R1", paid="99"), line("R3"), line("R3"), line("R3")]
    report = await delivery.bring(delivery.write(lines))
    assert (report.items, report.duplicates, report.quarantined) == (2, 3, 1)
    assert [fact["amount"] for fact in await delivery.facts()] == [1990, 1990]


async def test_a_file_delivered_twice_is_known(delivery: Delivery) -> None:
    """Under another name too: a file is known by its content."""
    lines = [line("R1"), line("R2", qty="x")]
    await delivery.bring(delivery.write(lines))
    position = await delivery.pool.fetchval("SELECT max(notification_id) FROM decision_log")
    again = await delivery.bring(delivery.write(lines, name="sales (copy).csv"))
    assert again.outcome == "known"
    assert await delivery.pool.fetchval("SELECT max(notification_id) FROM decision_log") == position
    assert await delivery.count("quarantine") == 1
    topics = await delivery.pool.fetch("SELECT topic FROM decision_log WHERE topic = $1", FileImported.TOPIC)
    assert len(topics) == 1


async def test_the_same_file_through_another_mapping_is_another_import(delivery: Delivery) -> None:
    """A till's file has receipts and members; two mappings take what is theirs."""
    members = """
        source = "pos shanghai"
        row = "customer"
        key = ["receipt"]
        identifier = [{ column = "card", type = "member_code" }]
        [fields]
        name = "name"
    """
    file = delivery.write([line("R1", name="张三")])
    assert (await delivery.bring(file)).outcome == "imported"
    assert (await delivery.bring(file, members)).outcome == "imported"
    assert (await delivery.bring(file, members)).outcome == "known"


async def test_where_most_rows_are_broken_the_mapping_is_wrong_and_nothing_is_imported(delivery: Delivery) -> None:
    """The reasons are told, so that the mapping can be corrected; then the same file goes through."""
    file = delivery.write([line(f"R{number}", paid_at=f"01.11.2026 10:{number:02}") for number in range(30)])
    with pytest.raises(SourceFileError, match="paid_at: not a time") as caught:
        await delivery.bring(file)
    assert "30 of the first 30 rows" in caught.value.detail
    assert await delivery.count("fact_log") == await delivery.count("decision_log") == 0
    corrected = RECEIPTS.replace('"paid_at"', '{ column = "paid_at", format = "%d.%m.%Y %H:%M" }')
    assert (await delivery.bring(file, corrected)).items == 30


async def test_a_check_says_what_would_happen_and_writes_nothing(delivery: Delivery) -> None:
    """Rows, facts, customers, duplicates, refusals: as the import says afterwards."""
    file = delivery.write([line("R1"), line("R1"), line("R2", card="M2"), line("R3", qty="x"), line("R4", qty="y")])
    seen = delivery.look(file)
    assert await delivery.count("decision_log") == await delivery.count("quarantine") == 0
    done = await delivery.bring(file)
    for name in ("rows", "items", "customers", "duplicates", "quarantined", "sha256"):
        assert getattr(seen, name) == getattr(done, name)
    assert [(refusal.rows, refusal.lines) for refusal in seen.refusals] == [(2, [5, 6])]
    assert (seen.outcome, done.outcome) == ("checked", "imported")


async def test_the_facts_of_a_customer_lie_together_in_the_order_of_their_times(delivery: Delivery) -> None:
    """Within a chunk; so whoever reads along the log meets each customer's day once."""
    lines = [line(f"R{n}", card=f"M{n % 3}", paid_at=f"2026-11-{28 - n:02} 10:00:00") for n in range(12)]
    await delivery.bring(delivery.write(lines))
    rows = await delivery.pool.fetch("SELECT customer_id, occurred_at FROM fact_log ORDER BY fact_id")
    found = [(row["customer_id"], row["occurred_at"]) for row in rows]
    assert found == sorted(found)
    assert await delivery.is_sealed_truly()
