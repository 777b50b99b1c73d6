"""Events as the SDKs of Sensors Analytics send them: every form the same record comes in, and one answer to all."""

import base64
import json
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import pytest

from tests.api.asking import a_name, profile, timeline
from tests.api.running import RunningKoi
from tests.api.sensing import checked, collect, encoded, record, tracked

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_SHOP = {"Origin": "https://shop.example.cn"}


async def _refused(client: httpx.AsyncClient, holding: str) -> list[dict[str, Any]]:
    """What lies in the quarantine of those among whose bytes this is, the newest first."""
    answer = await client.get("/api/v1/quarantine", params={"limit": 200, "in_clear": True})
    assert answer.status_code == 200, answer.text
    return [one for one in answer.json()["items"] if holding in (one["raw"] or "")]


async def test_a_batch_of_a_server_becomes_facts_of_its_member(koi: RunningKoi, everything: httpx.AsyncClient) -> None:
    """Preset events and properties in Koi's words, the rest under its own name."""
    name = a_name()
    async with koi.client() as client:
        opened = tracked(name, "$AppStart", **{"$os": "iOS", "channel": "store"})
        position = await collect(client, koi.keys["ingest"], opened, tracked(name, "支付订单", revenue=19.9))
    customer = await profile(everything, f"member_code:{name}", position)
    assert {one["name"] for one in customer["activities"]} == {"app.opened", "order.completed"}
    assert customer["windows"][0]["money"] == [{"currency": "CNY", "orders": 1, "amount": 1990}]
    bodies = {
        one.get("name"): one["body"]
        for one in await timeline(everything, customer["profile_id"], position)
        if one["type"] == "fact"
    }
    assert bodies["app.opened"]["channel"] == "store"
    assert bodies["app.opened"]["$"]["context"]["os"] == {"name": "iOS"}


async def test_the_same_record_may_come_in_every_form(koi: RunningKoi, everything: httpx.AsyncClient) -> None:
    """Form, text, query; one or a list; gzip or not; a raw + or one that a form turned into a space; on both paths."""
    name, key = a_name(), koi.keys["ingest"]
    zipped, plain = encoded(tracked(name, n=1, pad="~~~???")), encoded(tracked(name, n=2, pad="~~~???"), zipped=False)
    single = base64.b64encode(json.dumps(tracked(name, n=3)).encode()).decode()
    bodies = [
        (f"data_list={quote(zipped, safe='')}&gzip=1", _FORM),
        (f"data_list={quote_plus(plain)}&gzip=0", {"Content-Type": "text/plain"}),
        (f"gzip=0&data_list={plain}", {}),
        (f"data_list={plain.replace('+', ' ')}", {"Content-Type": "text/plain;charset=UTF-8"}),
        (f"data={quote(single, safe='')}&ext=", _FORM),
        (json.dumps([tracked(name, n=4)]), {"Content-Type": "application/json"}),
    ]
    async with koi.client() as client:
        for path in ("/sa", "/sa.gif"):
            for body, headers in bodies:
                answer = await client.post(path, params={"token": key}, content=body, headers=headers)
                assert (answer.status_code, answer.content) == (200, b"")
        answer = await client.get("/sa", params={"token": key, "data": single, "gzip": "0"})
        assert answer.status_code == 200
    customer = await profile(everything, f"member_code:{name}", int(answer.headers["koi-position"]))
    assert customer["events"] == 4, "sent again it is the same record"


async def test_an_image_is_answered_with_an_image(koi: RunningKoi, everything: httpx.AsyncClient) -> None:
    """43 bytes, whatever came; the check sum holds; a page of any shop may ask."""
    name = a_name()
    async with koi.client() as client:
        query = {"token": koi.keys["ingest"]} | checked(tracked(name, "$pageview", **{"$url": "https://shop.cn/?a=1"}))
        answer = await client.get("/sa.gif", params=query, headers=_SHOP)
        broken = await client.get("/sa.gif", params={"token": koi.keys["ingest"], "data": "***"})
        asked = await client.options("/sa.gif", headers=_SHOP | {"Access-Control-Request-Method": "POST"})
    assert [one.status_code for one in (answer, broken, asked)] == [200, 200, 204]
    assert {one.headers["access-control-allow-origin"] for one in (answer, asked)} == {_SHOP["Origin"]}
    assert [(one.headers["content-type"], len(one.content)) for one in (answer, broken)] == [("image/gif", 43)] * 2
    customer = await profile(everything, f"member_code:{name}", int(answer.headers["koi-position"]))
    assert [one["name"] for one in customer["activities"]] == ["page.viewed"]


async def test_what_cannot_be_read_is_kept_with_its_reason_and_answered_all_the_same(
    koi: RunningKoi, everything: httpx.AsyncClient
) -> None:
    """Damaged, encrypted, no base64, no JSON, too large when unzipped; a bad record among good ones."""
    name, key = a_name(), {"token": koi.keys["ingest"]}
    damaged = checked(tracked(name)) | {"ext": "crc=1"}
    encrypted = json.dumps({"pkv": 1, "ekey": name, "payloads": ["x"]})
    bomb = encoded(tracked(name, pad="0" * 5_000_000))
    bodies = {
        "body.encrypted": f"data_list={quote(encrypted)}&gzip=9",
        "message.encrypted": f"data={quote(base64.b64encode(encrypted.encode()).decode())}",
        "body.malformed": f"data_list={quote('{' + name)}",
        "body.empty": f"what={name}",
        "body.too_large": f"data_list={quote(bomb, safe='')}&gzip=1&n={name}",
        "event.missing": f"data_list={quote(encoded(tracked(name), tracked(name) | {'event': None}), safe='')}&gzip=1",
    }
    async with koi.client() as client:
        assert (await client.get("/sa.gif", params=key | damaged)).status_code == 200
        for body in bodies.values():
            answer = await client.post("/sa", params=key, content=body, headers=_FORM)
            assert answer.status_code == 200
    held = {one["reason"] for one in await _refused(everything, name)}
    text = damaged["data"][:40]
    held |= {one["reason"] for one in await _refused(everything, quote(text, safe=""))}
    held |= {one["reason"] for one in await _refused(everything, text)}
    assert held == {*bodies, "body.crc_mismatch"}
    customer = await profile(everything, f"member_code:{name}", int(answer.headers["koi-position"]))
    assert customer["events"] == 1, "its neighbour was taken"


async def test_nobody_is_turned_away_and_strangers_lie_apart(koi: RunningKoi, everything: httpx.AsyncClient) -> None:
    """Browsers could not do anything with a 401: what nobody vouches for is kept under `unknown`."""
    name = a_name()
    one = tracked(name)
    async with koi.client() as client:
        for token in ("", "koi_wrong", koi.keys["read"]):
            await collect(client, token, one)
    found = await _refused(everything, name)
    assert [(one["source"], one["reason"]) for one in found] == [("unknown", "source.unknown")]
    answer = await everything.get("/api/v1/customers", params={"identifier": f"member_code:{name}"})
    assert answer.json()["items"] == []


async def test_who_names_hundreds_of_owners_is_nobody(koi: RunningKoi, everything: httpx.AsyncClient) -> None:
    """Each token is looked up, so only so many a request are."""
    name = a_name()
    async with koi.client() as client:
        records = [tracked(name, n=number) | {"token": f"koi_wrong_{number}"} for number in range(40)]
        await collect(client, koi.keys["ingest"], *records, tracked(name, n=40))
    assert {one["source"] for one in await _refused(everything, name)} == {"unknown"}


async def test_a_declared_project_needs_no_key_and_has_words_of_its_own(
    koi: RunningKoi, everything: httpx.AsyncClient
) -> None:
    """`?project=` as the shop's old collector had it; a record's own project and token go before the address."""
    koi.sources.mkdir(parents=True, exist_ok=True)
    (koi.sources / "shop-app.toml").write_text(
        'kind = "sensors"\nproject = "production"\n'
        '[identities]\n"$identity_card" = "member_code"\ntaobao = "marketplace_buyer:taobao"\n'
        '[events]\nBuyNow = "checkout.started"\n'
    )
    (koi.sources / "guarded.toml").write_text('kind = "sensors"\nproject = "guarded"\ntoken = "its-token"\n')
    name, other = a_name(), a_name()
    own = {"type": "track", "event": "BuyNow", "identities": {"$identity_card": name, "taobao": f"tb-{name}"}}
    records = [
        record("track", f"$identity_card+{name}", properties={}) | own,
        tracked(other) | {"project": "guarded", "token": "its-token"},
        tracked(other) | {"project": "guarded", "token": "wrong"},
    ]
    form = f"data_list={quote(encoded(*records), safe='')}&gzip=1"
    async with koi.client() as client:
        answer = await client.post("/sa", params={"project": "production"}, content=form, headers=_FORM)
    position = int(answer.headers["koi-position"])
    customer = await profile(everything, f"marketplace_buyer:taobao:tb-{name}", position)
    assert [one["type"] for one in customer["identifiers"]] == ["member_code", "marketplace_buyer"]
    assert [one["name"] for one in customer["activities"]] == ["checkout.started"]
    facts = [one for one in await timeline(everything, customer["profile_id"], position) if one["type"] == "fact"]
    assert {one["source"] for one in facts} == {"shop-app"}
    assert (await profile(everything, f"member_code:{other}", position))["events"] == 1


async def test_the_debug_path_tells_what_is_wrong_and_can_leave_it_at_that(
    koi: RunningKoi, everything: httpx.AsyncClient
) -> None:
    """Its status is the verdict; `Dry-Run` takes nothing."""
    name, key = a_name(), {"token": koi.keys["ingest"]}
    good = f"data={quote(base64.b64encode(json.dumps(tracked(name)).encode()).decode(), safe='')}"
    bad = f"data={quote(base64.b64encode(json.dumps(tracked(name) | {'time': 'noon'}).encode()).decode(), safe='')}"
    async with koi.client() as client:
        dry = await client.post("/debug", params=key, content=good, headers=_FORM | {"Dry-Run": "true"})
        wrong = await client.post("/debug", params=key, content=bad, headers=_FORM | {"Dry-Run": "true"})
        assert (await everything.get("/api/v1/customers", params={"identifier": f"member_code:{name}"})).json()[
            "items"
        ] == []
        written = await client.post("/sa/debug", params=key, content=good, headers=_FORM)
        stranger = await client.post("/debug", content=good, headers=_FORM)
    assert [one.status_code for one in (dry, wrong, written, stranger)] == [200, 400, 200, 400]
    assert "time" in wrong.json()["faults"][0]
    assert "token" in stranger.json()["faults"][0]
    customer = await profile(everything, f"member_code:{name}", int(written.headers["koi-position"]))
    assert customer["events"] == 1


async def test_items_are_products_and_nobodys_doing(koi: RunningKoi, everything: httpx.AsyncClient) -> None:
    """The last word by business time, whatever arrives first; a deleted item may come back."""
    sku, then = a_name(), 1_764_028_800_000
    told = [
        {"type": "item_set", "item_type": "sku", "item_id": sku, "time": then + 2_000, "properties": {"price": 9}},
        {
            "type": "item_set",
            "item_type": "sku",
            "item_id": sku,
            "time": then,
            "properties": {"price": 7, "name": "茶"},
        },
        {"type": "item_delete", "item_type": "sku", "item_id": sku, "time": then + 1_000},
    ]
    async with koi.client() as client:
        for one in told:
            position = await collect(client, koi.keys["ingest"], one)
    params = {"item_type": "sku", "item_id": sku}
    answer = await everything.get("/api/v1/products", params=params, headers={"Koi-Wait-For": str(position)})
    (shown,) = answer.json()["items"]
    assert (shown["attributes"], shown["is_withdrawn"]) == ({"price": 9}, False)


@pytest.mark.parametrize("path", ["/mp_login", "/koi/sa"])
async def test_other_paths_are_harmless(koi: RunningKoi, path: str) -> None:
    """An old plug-in asks for an OpenID here and goes on without."""
    async with koi.client() as client:
        assert (await client.get(path)).status_code == 404
