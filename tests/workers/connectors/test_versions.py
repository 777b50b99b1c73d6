"""A file that is delivered again with another content is a correction: what it no longer tells is taken back."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from commands.activity import fact_keys
from commands.activity.fact_keys import order_key
from commands.runtime.secrets import Secrets
from domain.activity.vocabulary import Vocabulary
from domain.activity.withdrawing import WITHDRAWN
from domain.identity.identifier import identifier
from domain.ingestion.mapping_reading import read
from projections.customer_360.projector import PROJECTION
from projections.customer_360.queries import Customer360, profile
from projections.engine.verify import verify
from projections.lake import queries as lake
from projections.lake.projector import lake_at
from tests.commands.identity.erasing import erased, erasing_in
from tests.commands.identity.test_customer_commands import given
from tests.projections.following import current
from tests.workers.connectors.delivering import RECEIPTS, Delivery, line
from workers.connectors.checking import check_against
from workers.connectors.errors import SourceFileError
from workers.connectors.importing import import_file
from workers.connectors.report import FileReport

ONE = line("R1", phone="13800138000", name="张三")
FIRST = [ONE, line("R2", paid="5"), line("R3", paid="7", card="M2"), line("R4")]
# R2 costs more, R3 was another's, R5 is new.
SECOND = [ONE, line("R2", paid="6"), line("R3", paid="7", card="M3"), line("R4"), line("R5", paid="8")]


async def in_effect(delivery: Delivery) -> Counter[tuple[str, int]]:
    """What the log says in sum: each receipt with its amount."""
    facts = {fact["fact_id"]: fact for fact in await delivery.facts()}
    said: Counter[tuple[str, int]] = Counter()
    for fact in facts.values():
        original = facts[fact["body"]["fact_id"]] if fact["name"] == WITHDRAWN else fact
        said[original["body"]["order_id"], original["amount"]] += -1 if fact["name"] == WITHDRAWN else 1
    return +said


async def glance(delivery: Delivery, code: str = "M1") -> Customer360:
    """The customer of a card, once the views are current; they are what a rebuild makes of the log."""
    url = delivery.into.database_url
    position = await delivery.pool.fetchval("SELECT max(notification_id) FROM decision_log")
    await current(url, position, PROJECTION)
    assert (await verify(url, PROJECTION)).equal
    who = delivery.into.naming.customer_id(identifier("member_code", code))
    return await profile(delivery.pool, who, [who], datetime(2026, 11, 2, tzinfo=UTC))


async def test_a_corrected_file_takes_back_what_it_no_longer_tells(delivery: Delivery) -> None:
    """Nothing is rewritten: each fact that differs is withdrawn at its own time and amount, and told anew."""
    await delivery.bring(delivery.write(FIRST))
    before = await delivery.facts()
    report = await delivery.bring(delivery.write(SECOND))
    assert (report.outcome, report.items, report.unchanged, report.recorded, report.withdrawn) == (
        "imported",
        5,
        2,
        3,
        2,
    )
    assert await in_effect(delivery) == {
        ("R1", 1990): 1,
        ("R2", 600): 1,
        ("R3", 700): 1,
        ("R4", 1990): 1,
        ("R5", 800): 1,
    }
    after = {fact["fact_id"]: fact for fact in await delivery.facts()}
    assert [after[fact["fact_id"]] for fact in before] == before
    withdrawn = [fact for fact in after.values() if fact["name"] == WITHDRAWN]
    for fact in withdrawn:
        original = after[fact["body"]["fact_id"]]
        same = ("customer_id", "occurred_at", "amount", "currency", "source")
        assert [fact[key] for key in same] == [original[key] for key in same]
        assert (fact["body"]["name"], fact["body"]["file"]) == ("order.completed", "sales.csv")
    assert await delivery.is_sealed_truly()


async def test_views_count_what_is_left(delivery: Delivery) -> None:
    """Orders, money and the last order, in every window; the lake's readers see what is in effect."""
    await delivery.bring(delivery.write([*FIRST, line("R9", paid_at="2026-11-01 12:00:00", paid="100")]))
    assert (await glance(delivery)).windows[0].orders == 4
    await delivery.bring(delivery.write(SECOND))
    seen = await glance(delivery)
    assert {(window.orders, window.money[0].amount) for window in seen.windows} == {(4, 1990 + 600 + 1990 + 800)}
    assert (seen.events, [one.events for one in seen.activities]) == (4, [4])
    assert seen.last_order_at is not None
    assert seen.last_order_at.isoformat() == "2026-11-01T02:00:00+00:00"
    assert (await glance(delivery, "M2")).activities == ()
    assert (await glance(delivery, "M2")).last_order_at is None
    into = delivery.into
    position = await delivery.pool.fetchval("SELECT max(notification_id) FROM decision_log")
    await current(into.database_url, position, lake_at(into.lake_url, into.database_url))
    reading = await asyncpg.connect(into.database_url)
    rows = await lake.read_facts(reading, into.lake_url, into.database_url, columns=["amount"])
    every = await lake.read_facts(reading, into.lake_url, into.database_url, withdrawn=True)
    await reading.close()
    assert Counter(rows.column("amount").to_pylist()) == {600: 1, 700: 1, 800: 1, 1990: 2}
    assert every.num_rows == 5 + 3 + 3


async def test_the_same_thing_twice_in_a_file_is_matched_one_by_one(delivery: Delivery) -> None:
    """Two equal receipts of which one is taken back leave one; the personal part belongs to what is compared."""
    lines = [line(f"R{number}") for number in range(6)]
    twice = RECEIPTS.replace('order_id      = "receipt"', "")
    await delivery.bring(delivery.write(lines), twice)
    await delivery.bring(delivery.write([*lines[:-1], line("R7", name="李四")]), twice)
    names = Counter(fact["name"] for fact in await delivery.facts())
    assert names == {"order.completed": 7, WITHDRAWN: 1}
    again = await delivery.bring(delivery.write([*lines[:-1], line("R8", name="李四")]), twice)
    assert (again.unchanged, again.withdrawn) == (6, 0)


async def test_versions_follow_each_other_and_an_old_one_changes_nothing(delivery: Delivery) -> None:
    """Delivered again it is told to be superseded; with any change it is a new version, and counts."""
    for lines in (FIRST, SECOND, FIRST):
        report = await delivery.bring(delivery.write(lines))
    assert (report.outcome, report.items) == ("superseded", 0)
    assert "deliver it with any change" in str(report.reason)
    assert ("R5", 800) in await in_effect(delivery)
    report = await delivery.bring(delivery.write([*FIRST, ""]))
    assert (report.unchanged, report.recorded, report.withdrawn) == (2, 2, 3)
    assert await in_effect(delivery) == {("R1", 1990): 1, ("R2", 500): 1, ("R3", 700): 1, ("R4", 1990): 1}
    report = await delivery.bring(delivery.write([*SECOND, ""]))
    assert (await delivery.bring(delivery.write([*SECOND, ""]))).outcome == "known"
    assert ("R5", 800) in await in_effect(delivery)


async def test_what_contradicts_most_of_what_was_told_is_no_correction(delivery: Delivery) -> None:
    """Another day's receipts under the same name, say: nothing is taken back before a person has said so."""
    await delivery.bring(delivery.write([line(f"R{number}") for number in range(20)]))
    other = [line(f"S{number}") for number in range(20)]
    with pytest.raises(SourceFileError, match=r'20 of the 20 facts .* versions = \{ of = "nothing" \}'):
        await delivery.bring(delivery.write(other))
    assert len(await delivery.facts()) == 20
    apart = 'versions = { of = "nothing" }\n' + RECEIPTS
    assert (await delivery.bring(delivery.write(other), apart)).recorded == 20


async def test_a_business_date_in_the_name_tells_what_a_file_is_of(delivery: Delivery) -> None:
    """Whatever else the name says."""
    dated = 'versions = { of = "([0-9]{8})" }\n' + RECEIPTS
    await delivery.bring(delivery.write(FIRST, name="sales_20261101.csv"), dated)
    await delivery.bring(delivery.write([line("R7")], name="sales_20261102.csv"), dated)
    report = await delivery.bring(delivery.write(SECOND, name="corrected-20261101-2.csv"), dated)
    assert (report.unchanged, report.withdrawn) == (2, 2)
    assert ("R7", 1990) in await in_effect(delivery)


async def test_a_check_says_what_a_correction_would_do(delivery: Delivery) -> None:
    """New, unchanged, taken back; and that a file is known."""
    await delivery.bring(delivery.write(FIRST))
    before = await delivery.count("fact_log")
    told = await check_against(str(delivery.write(SECOND)), read(RECEIPTS), delivery.into, base=delivery.folder)
    assert (told.outcome, told.recorded, told.unchanged, told.withdrawn) == ("checked", 3, 2, 2)
    told = await check_against(str(delivery.write(FIRST)), read(RECEIPTS), delivery.into, base=delivery.folder)
    assert told.outcome == "known"
    assert await delivery.count("fact_log") == before


def test_nobody_but_koi_tells_a_withdrawal() -> None:
    """A tracker's event of that name is one of its own."""
    assert Vocabulary.load().name_of("segment", WITHDRAWN) == "custom.fact_withdrawn"


async def test_an_order_that_another_source_told_is_not_told_again(delivery: Delivery) -> None:
    """ERP and shop know it by one number; only what nobody told is recorded, and its key is taken with it."""
    erp = 'order_ref = { column = "receipt", prefix = "tmall:" }\n' + RECEIPTS
    shop = erp.replace("pos shanghai", "tmall")
    first = await delivery.bring(delivery.write([line("T1"), line("T2")], name="shop.csv"), shop)
    second = await delivery.bring(
        delivery.write([line("T2", paid="20"), line("T3"), line("T3", 2, type="退货")], name="erp.csv"), erp
    )
    assert (first.recorded, first.elsewhere) == (2, 0)
    assert (second.items, second.recorded, second.elsewhere) == (2, 1, 1)
    told = [(fact["source"], fact["body"]["order_id"]) for fact in await delivery.facts()]
    assert sorted(told) == [("pos shanghai", "T3"), ("tmall", "T1"), ("tmall", "T2")]
    keys = await delivery.pool.fetch("SELECT key, fact_id FROM fact_key")
    ids = {fact["fact_id"] for fact in await delivery.facts()}
    assert {row["key"] for row in keys} == {order_key("order.completed", f"tmall:{one}") for one in ("T1", "T2", "T3")}
    assert {row["fact_id"] for row in keys} == ids


async def test_a_corrected_order_keeps_its_number(delivery: Delivery) -> None:
    """It is the file's own; and a number that is given up is free for others."""
    erp = 'order_ref = { column = "receipt", prefix = "tmall:" }\n' + RECEIPTS
    await delivery.bring(delivery.write([line(f"T{number}") for number in range(5)], name="erp.csv"), erp)
    corrected = [line("T0", paid="1"), *(line(f"T{number}") for number in range(1, 4))]
    report = await delivery.bring(delivery.write(corrected, name="erp.csv"), erp)
    assert (report.unchanged, report.recorded, report.elsewhere, report.withdrawn) == (3, 1, 0, 2)
    shop = erp.replace("pos shanghai", "tmall")
    report = await delivery.bring(delivery.write([line("T0"), line("T4")], name="shop.csv"), shop)
    assert (report.recorded, report.elsewhere) == (1, 1)
    assert await in_effect(delivery) == {("T0", 100): 1} | {(f"T{number}", 1990): 1 for number in range(1, 5)}


CHANGES = 'operation = { column = "phone", values = { "D" = "delete" }, otherwise = "upsert" }\n' + RECEIPTS.replace(
    ', { column = "phone", type = "phone" }', ""
)


async def test_a_file_of_changes_replaces_and_deletes_by_key(delivery: Delivery) -> None:
    """The last row of a key counts; what is the same says nothing; of what is deleted its key is enough."""

    async def bring(name: str, *lines: str) -> FileReport:
        return await delivery.bring(delivery.write(lines, name=name), CHANGES)

    await bring("changes.csv", *(line(receipt, phone="U") for receipt in ("R1", "R2", "R3")))
    report = await bring(
        *("changes.csv", line("R1", phone="U"), line("R2", phone="U", paid="6"), line("R4", phone="D")),
        *(
            line("R3", phone="D", card="", paid="", paid_at=""),
            line("R5", phone="U", paid="1"),
            line("R5", phone="U", paid="2"),
        ),
    )
    assert (report.quarantined, report.unchanged, report.withdrawn) == (0, 1, 2)
    assert await in_effect(delivery) == {("R1", 1990): 1, ("R2", 600): 1, ("R5", 200): 1}
    report = await bring("changes.csv", line("R3", phone="U"), line("R2", phone="D"), line("R1", phone="D"))
    assert await in_effect(delivery) == {("R3", 1990): 1, ("R5", 200): 1}
    assert (await glance(delivery)).windows[0].orders == 2
    assert await delivery.is_sealed_truly()


class _PulledOut(Exception):  # noqa: N818 - no error of ours: somebody pulls the plug
    """The power went."""


class _Plug:
    """Somebody who pulls the plug after so many chunks."""

    def __init__(self, chunks: int) -> None:
        self._left = chunks

    def begin(self, file: str, rows: int) -> None: ...

    def advance(self, rows: int) -> None:  # noqa: ARG002 - as every watch is told
        self._left -= 1
        if not self._left:
            raise _PulledOut


LONG = [line(f"R{number}", paid=str(number)) for number in range(12)]
LONGER = [line(f"R{number}", paid=str(number + number % 3 // 2)) for number in range(10)] + [line("R20"), line("R21")]


@pytest.mark.parametrize("chunks", [1, 3, 5])
async def test_a_correction_that_is_interrupted_goes_on_where_it_was(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch, chunks: int
) -> None:
    """Delivered again it comes to the same; another version instead takes back what there was of it."""
    monkeypatch.setattr("workers.connectors.facts.GROUPED_ROWS", 2)
    await delivery.bring(delivery.write(LONG))
    file = delivery.write(LONGER)
    with pytest.raises(_PulledOut):
        await import_file(str(file), read(RECEIPTS), delivery.into, base=delivery.folder, watch=_Plug(chunks))
    third = [line(f"R{number}", paid=str(number)) for number in range(1, 12)]
    if chunks == 3:
        await delivery.bring(delivery.write(third))
        assert await in_effect(delivery) == {(f"R{number}", number * 100): 1 for number in range(1, 12)}
        assert (await delivery.bring(delivery.write(LONGER))).outcome == "superseded"
    else:
        report = await delivery.bring(delivery.write(LONGER))
        assert (report.items, report.unchanged, report.recorded, report.withdrawn) == (12, 7, 5, 5)
        wanted = {(f"R{number}", (number + number % 3 // 2) * 100): 1 for number in range(10)}
        assert await in_effect(delivery) == wanted | {("R20", 1990): 1, ("R21", 1990): 1}
    assert await delivery.is_sealed_truly()


async def test_an_order_told_at_the_same_moment_elsewhere_is_left_out(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other source's fact stands when the chunk is written: it is looked at again, and only the rest recorded."""
    erp = 'order_ref = { column = "receipt", prefix = "tmall:" }\n' + RECEIPTS
    shop = delivery.write([line("T1")], name="shop.csv")
    looking = fact_keys.held

    async def meanwhile(*arguments: Any) -> Any:
        found = await looking(*arguments)
        monkeypatch.setattr("workers.connectors.settling.held", looking)
        await delivery.bring(shop, erp.replace("pos shanghai", "tmall"))
        return found

    monkeypatch.setattr("workers.connectors.settling.held", meanwhile)
    report = await delivery.bring(delivery.write([line("T1"), line("T2")], name="erp.csv"), erp)
    assert (report.items, report.recorded, report.elsewhere) == (2, 1, 1)
    assert await in_effect(delivery) == {("T1", 1990): 1, ("T2", 1990): 1}
    assert await delivery.is_sealed_truly()


async def test_who_was_erased_is_neither_told_nor_taken_back(
    delivery: Delivery, secrets: Secrets, tmp_path: Path
) -> None:
    """Her rows are dropped from the correction; what is left of her in the log stays as it is."""
    await delivery.bring(delivery.write(FIRST))
    erasing = erasing_in(delivery.into.store, secrets, tmp_path / "lake", delivery.into.naming)
    await erased(erasing, identifiers=given(("phone", "13800138000")))
    report = await delivery.bring(delivery.write(SECOND))
    assert (report.suppressed, report.recorded, report.withdrawn) == (4, 1, 1)
    gone = delivery.into.naming.customer_id(identifier("member_code", "M1"))
    assert not [fact for fact in await delivery.facts() if fact["name"] == WITHDRAWN and fact["customer_id"] == gone]
