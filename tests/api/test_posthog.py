"""Events as PostHog's SDKs send them, on the paths they build by themselves."""

import base64
import gzip
import json
import uuid
from typing import Any

import httpx
import pytest

from tests.api.asking import a_name, is_problem, profile
from tests.api.running import RunningKoi

_TAKEN = {"status": 1}
_SHOP = {"Origin": "https://shop.example.cn"}


def captured(name: str, **fields: Any) -> dict[str, Any]:
    """Return one event with an id of its own."""
    return {"event": "Product Viewed", "distinct_id": name, "properties": {}, "uuid": str(uuid.uuid4())} | fields


@pytest.mark.parametrize("path", ["/batch/", "/capture/", "/e/", "/i/v0/e/"])
async def test_events_come_in_on_every_path_and_in_every_form(
    koi: RunningKoi, everything: httpx.AsyncClient, path: str
) -> None:
    """A batch, one event, a bare array, gzip without saying so, a form; the key lies in the body or the query."""
    name, key = a_name(), koi.keys["ingest"]
    batch = {"api_key": key, "batch": [captured(name)]}
    form = b"data=" + base64.b64encode(json.dumps(batch | {"batch": [captured(name)]}).encode())
    bodies: list[bytes] = [
        json.dumps(batch).encode(),
        json.dumps({"api_key": key} | captured(name)).encode(),
        json.dumps([captured(name, properties={"token": key})]).encode(),
        gzip.compress(json.dumps([captured(name, properties={"token": key})]).encode()),
        form,
        json.dumps(batch).encode(),
    ]
    async with koi.client() as client:
        answers = [await client.post(path, content=body, headers={"Content-Type": "text/plain"}) for body in bodies]
        by_query = await client.post(path, json=[captured(name)], params={"token": key, "_": "1795637856948"})
    assert [(answer.status_code, answer.json()) for answer in (*answers, by_query)] == [(200, _TAKEN)] * 7
    customer = await profile(everything, f"member_code:{name}", int(by_query.headers["koi-position"]))
    assert customer["events"] == 6, "the first body was sent twice"


async def test_a_bad_event_lands_in_quarantine_and_its_neighbours_go_through(
    koi: RunningKoi, everything: httpx.AsyncClient
) -> None:
    """Told with its reason."""
    name = a_name()
    body = {"api_key": koi.keys["ingest"], "batch": [captured(name), captured(name, event=None)]}
    async with koi.client() as client:
        answer = await client.post("/batch/", json=body)
    assert (answer.status_code, answer.json()) == (200, _TAKEN)
    assert (await profile(everything, f"member_code:{name}", int(answer.headers["koi-position"])))["events"] == 1
    newest = (await everything.get("/api/v1/quarantine", params={"limit": 1, "in_clear": True})).json()["items"][0]
    assert newest["reason"] == "event.missing"
    assert name in newest["raw"]


async def test_without_a_key_nothing_is_taken(koi: RunningKoi) -> None:
    """401 for none and for an unknown one, 403 for one that opens something else; 400 for what is no JSON."""
    async with koi.client() as client:
        is_problem(await client.post("/batch/", json={"batch": []}), 401, "key.unknown")
        is_problem(await client.post("/batch/", json={"api_key": "phc_wrong", "batch": []}), 401, "key.unknown")
        is_problem(await client.post("/e/", json={"api_key": koi.keys["read"], "batch": []}), 403, "scope.missing")
        is_problem(await client.post("/e/", content=b"data=%"), 400, "body.malformed")
        is_problem(await client.post("/e/", content=b"{"), 400, "body.malformed")


async def test_the_sdks_get_harmless_answers_to_what_koi_does_not_do(koi: RunningKoi) -> None:
    """No feature flags, no recording of screens and clicks; readable from a page of any shop."""
    async with koi.client() as client:
        for path in ("/flags/?v=2", "/decide/?v=3"):
            answer = await client.post(path, content=gzip.compress(b'{"token":"k"}'), headers=_SHOP)
            assert (answer.status_code, answer.json()["featureFlags"]) == (200, {})
            assert answer.headers["access-control-allow-origin"] == "https://shop.example.cn"
        behaviour = (await client.get("/array/phc_k/config", headers=_SHOP)).json()
        asked = await client.options("/i/v0/e/", headers=_SHOP | {"Access-Control-Request-Method": "POST"})
    assert behaviour["sessionRecording"] is False
    assert behaviour["autocapture_opt_out"] is True
    assert asked.status_code == 204
