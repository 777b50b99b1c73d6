"""Members' tags and consents from files: mapped into the catalogue, kept with their source, the last list counts."""

from itertools import pairwise

import pytest

from domain.identity.customer import Customer
from domain.identity.identifier import identifier
from domain.ingestion.mapping import MappingError
from domain.tags.words import Tag
from tests.workers.connectors.delivering import Delivery

MEMBERS = """
source = "crm"
row = "customer"
key = ["card"]
time = "changed"
identifier = [{ column = "card", type = "member_code" }, { column = "phone", type = "phone" }]
tags = { column = "tags", mapping = "crm_tags.toml" }
[[consent]]
column = "sms"
channel = "sms"
values = { "是" = "granted", "否" = "withdrawn" }
evidence = "form"
time = "said"
[fields]
level = "level"
"""
TAGS = """
kind = "tags"
source = "crm"
[tags."咖啡爱好者"]
key = "interest.coffee"
zh = "咖啡爱好者"
en = "Coffee lover"
[tags."等级"]
key = "member.level"
zh = "会员等级"
en = "Member level"
values = { "金卡" = "gold", "银卡" = "silver" }
"""
COFFEE = Tag("interest.coffee", "", "咖啡爱好者")
GOLD, SILVER = Tag("member.level", "gold", "等级"), Tag("member.level", "silver", "等级")
TEA = Tag("crm.crm.爱喝茶", "", "爱喝茶")


def _deliver(delivery: Delivery, name: str, *lines: str) -> None:
    (delivery.folder / "crm_tags.toml").write_text(TAGS)
    header = "card,phone,changed,level,tags,sms,form,said"
    (delivery.folder / name).write_text("\n".join([header, *lines, ""]))


async def _member(delivery: Delivery, card: str) -> Customer:
    customer_id = delivery.into.naming.customer_id(identifier("member_code", card))
    return await delivery.into.store.streams.load(Customer, customer_id)


async def test_members_have_the_tags_that_the_latest_list_names(delivery: Delivery) -> None:
    """Mapped ones by their keys, others under the CRM's own name and reported; who has none any more loses them."""
    _deliver(
        delivery,
        "monday.csv",
        "M1,,2026-11-02,1,咖啡爱好者;等级=银卡;爱喝茶,,,",
        "M2,,2026-11-02,1,咖啡爱好者,,,",
        "M3,,2026-11-02,1,,,,",
    )
    looked = delivery.look(delivery.folder / "monday.csv", MEMBERS)
    report = await delivery.bring(delivery.folder / "monday.csv", MEMBERS)
    assert looked.unmapped_tags == report.unmapped_tags == {"爱喝茶": 1}
    assert (await _member(delivery, "M1")).tags.present == {"crm": (TEA, COFFEE, SILVER)}
    before = await delivery.count("decision_log")
    _deliver(
        delivery,
        "tuesday.csv",
        "M1,,2026-11-03,1,等级=金卡;咖啡爱好者,,,",
        "M2,,2026-11-03,1,,,,",
        "M3,,2026-11-03,1,,,,",
    )
    await delivery.bring(delivery.folder / "tuesday.csv", MEMBERS)
    assert (await _member(delivery, "M1")).tags.present == {"crm": (COFFEE, GOLD)}
    assert (await _member(delivery, "M2")).tags.present == {}
    # M1 untagged and tagged, M2 untagged, the three levels confirmed a day later, and the file; M3's tags not at all.
    assert await delivery.count("decision_log") == before + 7


async def test_a_partial_list_adds(delivery: Delivery) -> None:
    """Each row may say one thing more."""
    mapping = MEMBERS.replace('mapping = "crm_tags.toml"', 'mapping = "crm_tags.toml", complete = false')
    _deliver(delivery, "a.csv", "M1,,2026-11-02,1,咖啡爱好者,,,")
    _deliver(delivery, "b.csv", "M1,,2026-11-02,1,爱喝茶,,,")
    for name in ("a.csv", "b.csv"):
        await delivery.bring(delivery.folder / name, mapping)
    assert (await _member(delivery, "M1")).tags.present == {"crm": (TEA, COFFEE)}


async def test_a_withdrawal_outweighs_a_newer_grant_without_evidence(delivery: Delivery) -> None:
    """And one with evidence and a later time ends it."""
    files = [
        "M1,,2026-11-01,1,,否,,2026-11-01 10:00:00",
        "M1,,2026-11-02,1,,是,,2026-11-02 10:00:00",
        "M1,,2026-11-03,1,,是,F-7,2026-10-03 10:00:00",
        "M1,,2026-11-04,1,,是,F-8,2026-11-04 10:00:00",
        "M1,,2026-11-05,1,,,,",
    ]
    states, versions = [], []
    for number, line in enumerate(files):
        _deliver(delivery, f"{number}.csv", line)
        await delivery.bring(delivery.folder / f"{number}.csv", MEMBERS.replace('level = "level"', 'card = "card"'))
        member = await _member(delivery, "M1")
        states.append(member.consents["sms", "marketing"].state)
        versions.append(member.version)
    assert states == ["withdrawn", "withdrawn", "withdrawn", "granted", "granted"]
    assert [later - earlier for earlier, later in pairwise(versions)] == [1, 1, 2, 1]
    stored = await delivery.pool.fetch(
        "SELECT convert_from(state, 'UTF8') AS said FROM decision_log WHERE topic LIKE 'customer.consent%'"
    )
    assert stored
    assert not [
        one["said"] for one in stored if "F-7" in one["said"] or "F-8" in one["said"]
    ]  # what proves it is sealed


async def test_a_word_on_consent_that_the_mapping_does_not_know_is_no_consent(delivery: Delivery) -> None:
    """The row is refused with its line: silence is refusal, but a maybe is a mistake."""
    _deliver(delivery, "a.csv", "M1,,2026-11-01,1,,也许,,", "M2,,2026-11-01,1,,是,,")
    report = await delivery.bring(delivery.folder / "a.csv", MEMBERS)
    assert [(one.reason, one.lines) for one in report.refusals] == [("value.invalid", [2])]
    assert not (await _member(delivery, "M2")).consents["sms", "marketing"].is_proven


@pytest.mark.parametrize("text", ["[tags.x]\nkey = 'X'\nzh='x'\nen='x'\nsource='crm'", "not toml", None])
async def test_a_mapping_of_tags_that_is_wrong_stops_the_import(delivery: Delivery, text: str | None) -> None:
    """Nothing is written."""
    _deliver(delivery, "a.csv", "M1,,2026-11-01,1,咖啡爱好者,,,")
    (delivery.folder / "crm_tags.toml").unlink()
    if text is not None:
        (delivery.folder / "crm_tags.toml").write_text(text)
    with pytest.raises(MappingError) as refusal:
        await delivery.bring(delivery.folder / "a.csv", MEMBERS)
    assert refusal.value.field == "tags.mapping"
    assert await delivery.count("decision_log") == 0
