"""Tomorrow's file brings nobody back who was erased today."""

from pathlib import Path

import msgspec

from commands.runtime.secrets import Secrets
from domain.identity.customer import Customer
from tests.commands.identity.erasing import erased, erasing_in
from tests.commands.identity.test_customer_commands import given
from tests.workers.connectors.delivering import Delivery, line

PHONE = "13800138000"
MEMBERS = """
source     = "crm"
row        = "customer"
key        = ["card"]
identifier = [{ column = "card", type = "member_code" }, { column = "phone", type = "phone" }]

[fields]
name = "name"
"""


async def test_rows_of_an_erased_person_are_dropped_and_counted(
    delivery: Delivery, secrets: Secrets, tmp_path: Path
) -> None:
    """Whichever of her identifiers they bear, good or broken: they are neither facts nor in the quarantine."""
    await delivery.bring(delivery.write([line("R1", phone=PHONE), line("R2", card="M2")], name="monday.csv"))
    erasing = erasing_in(delivery.into.store, secrets, tmp_path / "lake", delivery.into.naming)
    await erased(erasing, identifiers=given(("phone", PHONE)))
    tuesday = [
        line("R3"),
        line("R3", 2, card=""),
        line("R4", card="", phone=PHONE),
        line("R5", paid="a lot"),
        line("R6", card="M2"),
    ]
    report = await delivery.bring(delivery.write(tuesday, name="tuesday.csv"))
    assert (report.rows, report.items, report.suppressed, report.quarantined) == (5, 1, 4, 0)
    assert await delivery.count("quarantine") == 0
    assert len(await delivery.facts()) == 3
    assert await delivery.is_sealed_truly()


async def test_the_members_file_brings_her_back_neither(delivery: Delivery, secrets: Secrets, tmp_path: Path) -> None:
    """Her neighbours are registered as ever."""
    erasing = erasing_in(delivery.into.store, secrets, tmp_path / "lake", delivery.into.naming)
    await erased(erasing, identifiers=given(("phone", PHONE)))
    file = delivery.folder / "members.csv"
    file.write_text(f"card,phone,name\nM1,{PHONE},王芳\nM2,13900139000,李雷\n")
    report = await delivery.bring(file, MEMBERS)
    assert (report.items, report.suppressed) == (1, 1)
    names = await delivery.pool.fetch(
        "SELECT originator_id FROM decision_log WHERE topic = $1", Customer.Registered.TOPIC
    )
    assert len(names) == 1


async def test_an_erasure_in_the_middle_of_a_file_counts_for_the_rest_of_it(
    delivery: Delivery, secrets: Secrets, tmp_path: Path
) -> None:
    """What was loaded before the decision is compared again under the log's lock."""
    store = delivery.into.store
    erasing = erasing_in(store, secrets, tmp_path / "lake", delivery.into.naming)
    file = delivery.write([line("R1", phone=PHONE), line("R2", card="M2")])
    await erased(erasing, identifiers=given(("phone", PHONE)))
    # As if this process had not heard of it yet.
    store.suppressions.position, heard = 0, store.suppressions.position
    store.suppressions._ids.clear()  # noqa: SLF001 - there is no other way not to hear
    report = await delivery.bring(file)
    assert store.suppressions.position == heard
    assert (report.items, report.suppressed) == (1, 1)
    assert [fact["customer_id"] for fact in await delivery.facts()] != []
    assert PHONE not in msgspec.json.encode([str(fact) for fact in await delivery.facts()]).decode()
