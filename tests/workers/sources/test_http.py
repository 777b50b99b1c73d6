"""A CRM that is asked over HTTP: page by page, only what changed, mapped like a file."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from commands.runtime.sources import SourceError
from domain.identity.customer import Customer
from domain.identity.identifier import identifier
from domain.tags.words import Tag
from tests.workers.sources.declaring import Shop
from workers.sources.http import declaring
from workers.sources.http.examples import MEMBERS
from workers.sources.http.simulator import CrmSimulator
from workers.sources.registry import kind_of

TOKEN = "crm-token"
TAGS = """
kind = "tags"
source = "crm"
[tags."咖啡爱好者"]
key = "interest.coffee"
zh = "咖啡爱好者"
en = "Coffee lover"
"""
SOURCE = """
kind = "http"
url = "{url}/members"
rows = "data.items"
every = 5
{asking}
[headers]
Authorization = "Bearer {token}"
[since]
field = "updated_at"
[mapping]
row = "customer"
key = ["id"]
time = "updated_at"
identifier = [{{ column = "id", type = "member_code" }}, {{ column = "mobile", type = "phone" }}]
tags = {{ column = "tags", mapping = "crm_tags.toml" }}
[mapping.fields]
city = "city"
"""
VISITS = """
[mapping]
row = "fact"
event = "order.completed"
key = ["id"]
time = "updated_at"
unit = "yuan"
amount = "paid"
operation = { column = "status", values = { "void" = "delete" }, otherwise = "upsert" }
identifier = [{ column = "member", type = "member_code" }]
[mapping.fields]
order_id = "id"
"""
_SAID = """
    SELECT count(*) FROM decision_log
    WHERE topic LIKE 'customer.attributes_changed%' OR topic LIKE 'customer.tagged%' OR topic LIKE 'customer.untagged%'
"""
BY_PAGE = """
query = { page = "{page}", size = "{size}", since = "{since}" }
paging = { style = "page", size = 3 }
"""
BY_CURSOR = """
query = { cursor = "{cursor}", size = "{size}", since = "{since}" }
paging = { style = "cursor", size = 3, next = "data.next_cursor" }
"""


def a_member(number: int, day: int = 1, **fields: Any) -> dict[str, Any]:
    """A member as the CRM tells her."""
    told = {"id": f"M{number}", "mobile": f"1391234{number:04}", "city": "杭州", "tags": "咖啡爱好者"}
    return {**told, "updated_at": f"2026-11-{day:02}T10:00:00+08:00", **fields}


@pytest.fixture
async def crm() -> AsyncIterator[CrmSimulator]:
    """A CRM of seven members."""
    async with CrmSimulator([a_member(number, number) for number in range(1, 8)], token=TOKEN).running() as simulator:
        yield simulator


def declare(
    shop: Shop, crm: CrmSimulator, asking: str = BY_PAGE, *, path: str = "/members", token: str = TOKEN
) -> None:
    """Declare the CRM as a source."""
    text = SOURCE.format(url=crm.url, asking=asking, token=token).replace("/members", path)
    (shop.folder / "crm.toml").write_text(text, encoding="utf-8")
    (shop.folder / "crm_tags.toml").write_text(TAGS, encoding="utf-8")


async def member(shop: Shop, code: str) -> Customer:
    """A member as Koi knows her."""
    customer_id = shop.means.into.naming.customer_id(identifier("member_code", code))
    return await shop.means.store.streams.load(Customer, customer_id)


@pytest.mark.parametrize("asking", [BY_PAGE, BY_CURSOR])
async def test_all_members_come_page_by_page_and_then_only_what_changed(
    shop: Shop, crm: CrmSimulator, asking: str
) -> None:
    """The newest change seen is where the next pull begins; told again, nothing happens twice."""
    declare(shop, crm, asking)
    came = await shop.run("crm")
    assert (came.read, came.accepted, came.quarantined) == (7, 7, 0)
    assert len(crm.asked) == 3
    assert "since" not in crm.asked[0]
    known = await member(shop, "M7")
    assert known.attributes["city"].value == "杭州"
    assert known.tags.present == {"crm": (Tag("interest.coffee", "", "咖啡爱好者"),)}
    events = await shop.pool.fetchval(_SAID)
    crm.members[0] = a_member(1, 9, city="上海", tags="")
    came = await shop.run("crm")
    assert crm.asked[3]["since"] == "2026-11-07T10:00:00+08:00"
    assert (came.read, came.files[0].outcome) == (2, "imported")
    changed = await member(shop, "M1")
    assert (changed.attributes["city"].value, changed.tags.present) == ("上海", {})
    again = await shop.run("crm")
    assert again.read <= 1
    assert await shop.pool.fetchval(_SAID) == events + 2


async def test_a_system_may_be_asked_by_post(shop: Shop, crm: CrmSimulator) -> None:
    """With a body of its own; numbers stay numbers."""
    asking = """
method = "POST"
body = { offset = "{offset}", size = "{size}", since = "{since}" }
paging = { style = "offset", size = 4 }
"""
    declare(shop, crm, asking, path="/members/search")
    assert (await shop.run("crm")).accepted == 7
    assert crm.asked == [{"offset": "0", "size": "4"}, {"offset": "4", "size": "4"}]


async def test_who_asks_for_patience_gets_it_and_nothing_is_lost(shop: Shop, crm: CrmSimulator) -> None:
    """At the first page the run is put off as the system says; in the middle it waits, and goes on."""
    declare(shop, crm)
    crm.busy_after = 0
    came = await shop.run("crm")
    assert (came.read, came.again_in and came.again_in.total_seconds()) == (0, 1)
    crm.busy_after = 1
    assert (await shop.run("crm")).accepted == 7
    assert [asked["page"] for asked in crm.asked] == ["1", "1", "2", "2", "3"]


async def test_a_former_state_that_comes_back_is_taken_again(shop: Shop, crm: CrmSimulator) -> None:
    """Without a time of change the rows of the first day may be those of the third: that is no file known before."""
    declare(shop, crm, 'paging = { style = "none" }')
    text = (shop.folder / "crm.toml").read_text(encoding="utf-8").replace('[since]\nfield = "updated_at"\n', "")
    (shop.folder / "crm.toml").write_text(text.replace('time = "updated_at"\n', ""), encoding="utf-8")
    cities = []
    days = ["杭州", "上海", "上海", "杭州", "上海", "杭州"]
    for city in days:
        crm.members = [a_member(1, city=city)]
        await shop.run("crm")
        cities.append((await member(shop, "M1")).attributes["city"].value)
    assert cities == days
    assert (await member(shop, "M1")).attributes["city"].value == "杭州"


async def test_facts_of_pulls_that_overlap_count_once_and_follow_their_changes(shop: Shop, crm: CrmSimulator) -> None:
    """What is told again is known by its key; another amount replaces it, an end takes it back; also a former state."""
    declare(shop, crm, BY_PAGE.replace("size = 3", "size = 50"))
    text = (shop.folder / "crm.toml").read_text(encoding="utf-8")
    (shop.folder / "crm.toml").write_text(text.partition("[mapping]")[0] + VISITS, encoding="utf-8")

    def visit(number: int, paid: str = "10.00", status: str = "open") -> dict[str, Any]:
        return {
            "id": f"V{number}",
            "member": "M1",
            "paid": paid,
            "status": status,
            "updated_at": f"2026-11-0{number}T10:00:00Z",
        }

    amounts = []
    for rows in (
        [visit(1), visit(2)],
        [visit(2), visit(3)],
        [visit(3, paid="12.00")],
        [visit(3)],
        [visit(3, status="void")],
    ):
        crm.members = rows
        await shop.run("crm")
        withdrawn = {fact["body"]["fact_id"] for fact in await shop.facts() if fact["name"] == "fact.withdrawn"}
        standing = [fact for fact in await shop.facts() if fact["name"] == "order.completed"]
        amounts.append(sorted(fact["amount"] for fact in standing if fact["fact_id"] not in withdrawn))
    assert amounts == [[1000, 1000], [1000] * 3, [1000, 1000, 1200], [1000] * 3, [1000, 1000]]


def test_facts_without_what_tells_a_change_are_refused(shop: Shop, crm: CrmSimulator) -> None:
    """They would count twice."""
    declare(shop, crm)
    text = (shop.folder / "crm.toml").read_text(encoding="utf-8").partition("[mapping]")[0]
    (shop.folder / "crm.toml").write_text(text + VISITS.replace("operation", "# operation"), encoding="utf-8")
    with pytest.raises(SourceError) as refused:
        kind_of(shop.source("crm")).interval(shop.source("crm"))
    assert refused.value.field == "crm.toml: mapping.operation"


async def test_rows_that_cannot_be_read_are_kept_with_their_reason(shop: Shop, crm: CrmSimulator) -> None:
    """Their neighbours go through."""
    crm.members = [a_member(1), a_member(2, mobile="not a phone"), a_member(3)]
    declare(shop, crm, BY_PAGE.replace("3", "50"))
    came = await shop.run("crm")
    assert (came.accepted, came.quarantined) == (2, 1)
    assert came.files[0].refusals[0].reason == "identifier.invalid"


async def test_a_check_asks_for_one_page_and_writes_nothing(shop: Shop, crm: CrmSimulator) -> None:
    """It says what would become of its rows."""
    declare(shop, crm)
    source = shop.source("crm")
    came = await kind_of(source).check(source, shop.means)
    assert (came.read, came.accepted, came.notes) == (3, 3, ["the first page has 3 rows"])
    assert await shop.pool.fetchval("SELECT count(*) FROM decision_log") == 0
    assert not list((shop.means.into.home / "pulls").iterdir())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (("Bearer", "Basic"), "crm: url"),
        (("url = ", "address = "), "crm.toml"),
        (('style = "page"', 'style = "cursor"'), "crm.toml: paging.next"),
        (('row = "customer"', 'row = "fact"'), "crm.toml: mapping.event"),
        (
            ('column = "id", type = "member_code"', 'column = "id", type = "member"'),
            "crm.toml: mapping.identifier[0].type",
        ),
    ],
)
async def test_a_declaration_that_cannot_work_is_told_by_its_key(
    shop: Shop, crm: CrmSimulator, change: tuple[str, str], field: str
) -> None:
    """The source is parked until its file changes; secrets are never told."""
    declare(shop, crm)
    file = shop.folder / "crm.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    with pytest.raises(SourceError) as refusal:
        await shop.run("crm")
    assert (refusal.value.field or "").startswith(field)
    assert TOKEN not in str(refusal.value)
    assert (await shop.state("crm")).state == "parked"


async def test_the_example_crm_is_taken_as_it_is_declared(shop: Shop) -> None:
    """What `koi simulate crm --declare` writes works: members, mapped tags, consents."""
    async with CrmSimulator(MEMBERS, token=declaring.TOKEN).running() as simulated:
        for name, text in declaring.declared(simulated.url).items():
            (shop.folder / name).write_text(text, encoding="utf-8")
        came = await shop.run("crm")
    assert (came.accepted, came.quarantined, came.files[0].unmapped_tags) == (1_000, 0, {"宝妈": 200})
    known = await member(shop, "crm-3")
    assert [tag.key for tag in known.tags.present["crm"]] == ["crm.crm.宝妈", "member.level"]
    assert known.consents["sms", "marketing"].state == "granted"
