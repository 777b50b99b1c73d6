"""Members, campaigns and offers from files; customers without a card; what a second, newer file changes."""

import pytest

from commands.activity.import_campaigns import campaign_id
from domain.campaigns.campaign import Campaign
from domain.campaigns.errors import CampaignNotFoundError
from domain.identity.customer import Customer
from domain.identity.identifier import identifier
from tests.workers.connectors.delivering import Delivery

MEMBERS = """
source = "crm"
row = "customer"
key = ["card"]
time = "changed"
identifier = [{ column = "card", type = "member_code" }, { column = "openid", type = "openid", prefix = "wx1:" }]
[fields]
level = "level"
first_name = "name"
points = { column = "points", type = "integer" }
hobby = { column = "hobby", personal = true }
"""


async def _member(delivery: Delivery, card: str) -> Customer:
    customer_id = delivery.into.naming.customer_id(identifier("member_code", card))
    return await delivery.into.store.streams.load(Customer, customer_id)


def _deliver(delivery: Delivery, name: str, *lines: str) -> str:
    file = delivery.folder / name
    file.write_text("\n".join(["card,openid,changed,level,name,points,hobby", *lines, ""]))
    return str(file)


async def test_members_come_with_their_attributes_the_personal_ones_sealed(delivery: Delivery) -> None:
    """Name and hobby lie under the member's key; level and points can be read."""
    file = delivery.folder / "members.csv"
    _deliver(delivery, "members.csv", "M1,o1,2026-11-01,gold,李娜,120,chess", "M2,,2026-11-01,silver,,,")
    report = await delivery.bring(file, MEMBERS)
    assert (report.items, report.customers, report.quarantined) == (2, 2, 0)
    first, second = await _member(delivery, "M1"), await _member(delivery, "M2")
    told = {"level": "gold", "points": 120, "first_name": "李娜", "hobby": "chess"}
    assert {name: one.value for name, one in first.attributes.items()} == told
    assert {name: one.value for name, one in second.attributes.items()} == {"level": "silver"}
    assert sorted(first.identifiers.values()) == [("member_code", "M1"), ("openid", "wx1:o1")]
    stored = await delivery.pool.fetch("SELECT convert_from(state, 'UTF8') AS state FROM decision_log")
    assert not [row for row in stored if "李娜" in row["state"] or "chess" in row["state"]]
    assert await delivery.count("fact_log") == 0


async def test_the_next_file_of_members_writes_what_changed_and_nothing_else(delivery: Delivery) -> None:
    """The last word wins; who says nothing new gets no event."""
    _deliver(delivery, "monday.csv", "M1,,2026-11-02,gold,,120,", "M2,,2026-11-02,silver,,5,")
    await delivery.bring(delivery.folder / "monday.csv", MEMBERS)
    before = await delivery.count("decision_log")
    _deliver(delivery, "tuesday.csv", "M1,,2026-11-02,gold,,120,", "M2,,2026-11-03,gold,,5,", "M3,,2026-11-01,gold,,1,")
    await delivery.bring(delivery.folder / "tuesday.csv", MEMBERS)
    # The change of M2, the two first words of M3, the file itself; M1 said what was known.
    assert await delivery.count("decision_log") == before + 4
    assert (await _member(delivery, "M1")).version == 2
    assert (await _member(delivery, "M2")).attributes["level"].value == "gold"


async def test_a_visitor_without_a_card_is_known_by_the_visit_alone(delivery: Delivery) -> None:
    """A fallback names the customer only where nothing else does, and then keeps no value."""
    visits = """
        source = "doors"
        row = "fact"
        event = "store.entered"
        key = ["id"]
        time = "at"
        identifier = [{ column = "id", type = "anonymous", fallback = true }, { column = "card", type = "member_code" }]
    """
    file = delivery.folder / "visits.csv"
    file.write_text("id,at,card\nv1,2026-11-01,M1\nv2,2026-11-02,\n")
    await delivery.bring(file, visits)
    known, unknown = await delivery.facts()
    assert known["customer_id"] == delivery.into.naming.customer_id(identifier("member_code", "M1"))
    assert unknown["customer_id"] == delivery.into.naming.customer_id(identifier("anonymous", "v2"))
    assert known["body"] == {}
    customer = await delivery.into.store.streams.load(Customer, unknown["customer_id"])
    assert (list(customer.claims.values()), customer.identifiers) == (["anonymous"], {})
    assert list((await _member(delivery, "M1")).claims.values()) == ["member_code"]
    assert await delivery.is_sealed_truly()


CAMPAIGNS = """
source = "crm"
row = "campaign"
key = ["id"]
currency = "CNY"
[fields]
external_id = "id"
name = "title"
starts_at = { column = "first", type = "time" }
ends_at = { column = "last", type = "time", last_day = true }
"""
OFFERS = """
source = "crm"
row = "offer"
group_by = ["campaign", "coupon"]
key = ["campaign", "coupon", "sku"]
unit = "yuan"
[fields]
campaign = "campaign"
offer_id = "coupon"
value = { column = "off", type = "money" }
[lines]
product_id = "sku"
"""


async def test_campaigns_and_their_offers_come_as_the_other_system_decided_them(delivery: Delivery) -> None:
    """From the first moment of the first day until the end of the last one; an offer with its goods."""
    campaigns, offers = delivery.folder / "campaigns.csv", delivery.folder / "offers.csv"
    campaigns.write_text("id,title,first,last\nC1,双十一,2026-11-01,2026-11-11\nC2,,2026-11-01,2026-11-11\n")
    offers.write_text("campaign,coupon,off,sku\nC1,K1,5,A\nC1,K1,5,B\nC1,K1,5,A\nC1,K2,,A\n")
    with pytest.raises(CampaignNotFoundError, match="import campaigns first"):
        await delivery.bring(offers, OFFERS)
    made = await delivery.bring(campaigns, CAMPAIGNS)
    assert (made.items, [(one.reason, one.lines) for one in made.refusals]) == (1, [("field.missing", [3])])
    added = await delivery.bring(offers, OFFERS)
    assert (added.items, added.duplicates) == (2, 1)
    campaign = await delivery.into.store.streams.load(Campaign, campaign_id("crm", "C1"))
    assert campaign.starts_at is not None
    assert campaign.ends_at is not None
    assert (campaign.starts_at.isoformat(), campaign.ends_at.isoformat()) == (
        *("2026-10-31T16:00:00+00:00", "2026-11-11T16:00:00+00:00"),
    )
    terms = {offer.offer_id: (offer.value, offer.product_ids) for offer in campaign.offers.values()}
    assert terms == {"K1": (500, ("A", "B")), "K2": (0, ("A",))}
    assert campaign.offers["K1"].valid_seconds == 11 * 86_400


CARDS = """
source = "crm"
row = "customer"
key = ["card"]
time = "changed"
identifier = [{ column = "card", type = "member_code" }, { column = "id_card", type = "national_id" }]
[fields]
"性别" = "sex"
birthday = "born"
home = { column = "home", type = "region" }
"""


async def test_members_are_cleaned_and_what_follows_is_inferred_as_at_every_door(delivery: Delivery) -> None:
    """Under one name and in one form; a birthday nobody can read is kept beside its reason, the number is not kept."""
    number = "330184199005030023"
    lines = [
        "card,id_card,changed,sex,born,home",
        f"M1,{number},2026-11-01,女,31/02/1990,杭州",
        "M2,,2026-11-01,未知,1990/5/3,",
    ]
    file = delivery.folder / "cards.csv"
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    report = await delivery.bring(file, CARDS)
    assert (report.items, report.quarantined) == (2, 0)
    first, second = await _member(delivery, "M1"), await _member(delivery, "M2")
    assert {name: one.value for name, one in first.attributes.items()} == {
        "sex": "female",
        "home": "330100",
        "refused.birthday": "birthday.no_date",
        "raw.birthday": "31/02/1990",
    }
    assert {name: one.value for name, one in second.attributes.items()} == {"birthday": "1990-05-03"}
    inferred = {held.grounds.attribute: held.value for held in first.inferred.values()}
    assert inferred == {"birthday": "1990-05-03", "sex": "female", "region": "330110"}
    stored = await delivery.pool.fetch("SELECT convert_from(state, 'UTF8') AS state FROM decision_log")
    assert not [row for row in stored if number in row["state"] or "31/02" in row["state"]]


async def test_a_column_with_a_type_of_persons_is_cleaned_in_the_engine(delivery: Delivery) -> None:
    """In facts as well: what says nothing is left out, nonsense breaks its row, money loses its signs."""
    orders = """
        source = "shop"
        row = "fact"
        event = "order.completed"
        key = ["no"]
        time = "paid_at"
        unit = "yuan"
        amount = "paid"
        identifier = [{ column = "card", type = "member_code" }]
        [fields]
        receiver_sex = { column = "sex", type = "sex" }
        receiver_phone = { column = "tel", type = "phone" }
        """
    lines = [
        "no,card,paid_at,paid,sex,tel",
        '1,M1,2026-11-01 10:00:00,"¥1,299.00",女,138 0013 8000',
        "2,M1,2026-11-01 11:00:00,１９．９０元,未知,",
        "3,M1,2026-11-01 12:00:00,$5,男,",
        "4,M1,2026-11-01 12:00:00,5,男,12",
    ]
    file = delivery.folder / "orders.csv"
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    report = await delivery.bring(file, orders)
    assert (report.items, report.quarantined) == (2, 2)
    assert {(one.reason, one.detail) for one in report.refusals} == {
        ("value.invalid", "paid: not an amount such as 19.90"),
        ("value.invalid", "tel: not a phone number"),
    }
    facts = await delivery.facts()
    assert {fact["amount"]: fact["body"] for fact in facts} == {1990: {}, 129900: {"receiver_sex": "female"}}
