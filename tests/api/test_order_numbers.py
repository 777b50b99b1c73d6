"""An order told by an app and by the till is one order, once the app's numbers are declared to be the till's."""

import httpx

from commands.access.keys import create_key
from commands.runtime.event_store import open_pool
from tests.api.asking import a_name, profile
from tests.api.running import RunningKoi

DECLARED = """kind = "tracker"
name = "shop-app"
[orders]
property = "order_id"
prefix = "erp"
"""


async def ordered(koi: RunningKoi, key: str, member: str, message_id: str, order_id: str) -> int:
    """Post an order with a write key, and return its position."""
    body = {
        "messageId": message_id,
        "userId": member,
        "event": "Order Completed",
        "properties": {"order_id": order_id, "total": "¥19.90"},
    }
    async with httpx.AsyncClient(base_url=koi.url, auth=(key, "")) as client:
        answer = await client.post("/v1/track", json=body)
    assert answer.status_code == 200, answer.text
    return int(answer.headers["koi-position"])


async def test_one_order_told_by_two_trackers_counts_once(koi: RunningKoi, everything: httpx.AsyncClient) -> None:
    """The declared one shares its numbers with whoever calls them so; another source's own numbers stay apart."""
    koi.sources.mkdir(parents=True, exist_ok=True)
    (koi.sources / "shop-app.toml").write_text(DECLARED, encoding="utf-8")
    (koi.sources / "till.toml").write_text(DECLARED.replace("shop-app", "till"), encoding="utf-8")
    keys = {}
    async with await open_pool(koi.database, size=1) as pool:
        for source in ("shop-app", "till", "stranger"):
            keys[source] = (await create_key(pool, label=source, wanted=("ingest",), source=source)).key
    member, order = a_name(), a_name()
    for source in ("shop-app", "till", "shop-app", "stranger"):
        position = await ordered(koi, keys[source], member, f"{source} {a_name()}", order)
    shown = await profile(everything, f"member_code:{member}", position)
    ever = next(window for window in shown["windows"] if window["days"] is None)
    assert ever["orders"] == 2
    assert shown["purchase_interval_days"] == 0.0
    assert ever["money"] == [{"currency": "CNY", "orders": 2, "amount": 3980}]


async def test_metrics_tell_what_the_rules_of_cleaning_did(everything: httpx.AsyncClient) -> None:
    """By rule and outcome, without a value."""
    name = a_name()
    given = {"identifiers": [{"type": "member_code", "value": name}], "attributes": {"sex": "♂", "name": "测试"}}
    assert (await everything.post("/api/v1/customers", json=given)).status_code == 201
    text = (await everything.get("/metrics")).text
    assert 'koi_cleaning_values_total{outcome="refused",rule="sex.unknown_spelling"}' in text
    assert 'koi_cleaning_values_total{outcome="dropped",rule="name.placeholder"}' in text
    assert "♂" not in text
