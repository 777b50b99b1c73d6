"""A nightly file of all members says what has changed since the last one, and who is gone."""

from pathlib import Path

import pytest

from domain.identity.customer import Customer
from domain.identity.identifier import identifier
from domain.ingestion.mapping_reading import read
from tests.workers.connectors.delivering import Delivery
from workers.connectors.checking import check_against
from workers.connectors.errors import SourceFileError

MEMBERS = """
source = "crm"
row    = "customer"
key    = ["card"]
time   = "exported_at"
snapshot = { left = "member.left" }
identifier = [{ column = "card", type = "member_code" }, { column = "phone", type = "phone" }]
[fields]
level = "level"
first_name = "name"
"""
_DECISIONS = "SELECT count(*) FROM decision_log WHERE topic LIKE 'customer.%'"


def night(delivery: Delivery, day: int, levels: dict[str, str], *, name: str = "") -> Path:
    """The file of a night: every member with a level, exported that night."""
    file = delivery.folder / (name or f"members_{day}.csv")
    rows = [f"{card},,2026-11-{day:02}T03:00:00,{level},李{card}" for card, level in levels.items()]
    file.write_text("\n".join(["card,phone,exported_at,level,name", *rows, ""]), encoding="utf-8")
    return file


def members(count: int, **changes: str) -> dict[str, str]:
    """So many members, some of another level than the rest."""
    return {f"M{number}": changes.get(f"M{number}", "gold") for number in range(count)}


def kept(delivery: Delivery) -> list[Path]:
    """The snapshots there are."""
    return sorted(Path(delivery.into.lake_url.removeprefix("file://")).rglob("snapshots/*/*.parquet"))


async def test_a_night_records_what_changed_and_who_is_gone(delivery: Delivery) -> None:
    """However many members the file holds; a member who is back is told anew, and one who stays away is told once."""
    await delivery.bring(night(delivery, 1, members(300)), MEMBERS)
    before = await delivery.pool.fetchval(_DECISIONS)
    changed = members(302, M5="silver", M6="silver")
    del changed["M7"], changed["M8"]
    report = await delivery.bring(night(delivery, 3, changed), MEMBERS)
    assert (report.items, report.unchanged, report.recorded, report.left) == (300, 296, 4, 2)
    # Two changes; two new members with their first words.
    assert await delivery.pool.fetchval(_DECISIONS) == before + 2 + 2 * 2
    gone = [(fact["name"], fact["customer_id"]) for fact in await delivery.facts()]
    naming = delivery.into.naming
    assert sorted(gone) == sorted(
        ("member.left", naming.customer_id(identifier("member_code", card))) for card in ("M7", "M8")
    )
    assert await delivery.is_sealed_truly()
    assert len(kept(delivery)) == 1
    back = members(302, M5="silver", M6="silver")
    del back["M8"]
    report = await delivery.bring(night(delivery, 5, back), MEMBERS)
    assert (report.recorded, report.left) == (1, 0)
    assert len(await delivery.facts()) == 2


async def test_nothing_in_a_snapshot_can_be_read(delivery: Delivery) -> None:
    """Neither cards nor names nor what they were; and without the installation's pepper nothing can be tried out."""
    await delivery.bring(night(delivery, 1, members(30)), MEMBERS)
    (file,) = kept(delivery)
    content = file.read_bytes()
    assert not [word for word in ("M17", "gold", "李") if word.encode() in content]


async def test_a_lost_snapshot_costs_time_alone(delivery: Delivery) -> None:
    """The whole file is taken again; who was known stays as she was."""
    await delivery.bring(night(delivery, 1, members(30)), MEMBERS)
    for file in kept(delivery):
        file.unlink()
    report = await delivery.bring(night(delivery, 2, members(30, M1="silver")), MEMBERS)
    assert (report.recorded, report.unchanged, report.left) == (30, 0, 0)
    who = delivery.into.naming.customer_id(identifier("member_code", "M1"))
    customer = await delivery.into.store.streams.load(Customer, who)
    assert customer.attributes["level"].value == "silver"


async def test_what_was_refused_is_looked_at_again_every_night(delivery: Delivery) -> None:
    """Until somebody has mended it; its neighbours say nothing new."""
    for day in (1, 2, 3):
        file = night(delivery, day, members(30))
        text = file.read_text()
        file.write_text(text.replace("M3,,", "M3,not-a-phone,") if day < 3 else text)
        report = await delivery.bring(file, MEMBERS)
        assert report.quarantined == (1 if day < 3 else 0)
    assert (report.recorded, report.unchanged) == (1, 29)


async def test_a_file_that_lacks_too_many_is_not_whole(delivery: Delivery) -> None:
    """A transfer that broke off must not make half the members leave."""
    await delivery.bring(night(delivery, 1, members(100)), MEMBERS)
    with pytest.raises(SourceFileError, match="50 of the 100 customers of the last file are missing"):
        await delivery.bring(night(delivery, 2, members(50)), MEMBERS)
    assert await delivery.facts() == []
    report = await delivery.bring(night(delivery, 3, members(99)), MEMBERS)
    assert (report.unchanged, report.left) == (99, 1)


async def test_a_check_of_a_night_writes_nothing(delivery: Delivery) -> None:
    """It says how many are new, changed or gone."""
    await delivery.bring(night(delivery, 1, members(30)), MEMBERS)
    before = await delivery.count("decision_log")
    file = night(delivery, 2, members(29, M2="silver"))
    told = await check_against(str(file), read(MEMBERS), delivery.into, base=delivery.folder)
    assert (told.outcome, told.recorded, told.unchanged, told.left) == ("checked", 1, 28, 1)
    assert await delivery.count("decision_log") == before
