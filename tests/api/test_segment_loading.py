"""What browser SDKs ask before they send anything."""

import base64

import httpx

from tests.api.asking import SUCCESS, a_name, is_problem, profile, tracked
from tests.api.running import RunningKoi

_SHOP = {"Origin": "https://shop.example.cn"}


async def test_a_page_has_to_name_koi_once(koi: RunningKoi) -> None:
    """The settings tell analytics-next to send to where it asked, and nothing about itself."""
    async with koi.client() as browser:
        answer = await browser.get(f"/v1/projects/{koi.keys['ingest']}/settings", headers=_SHOP)
    assert answer.status_code == 200
    settings = answer.json()
    assert settings["integrations"]["Segment.io"] == {
        "apiKey": koi.keys["ingest"],
        "apiHost": f"{koi.url.removeprefix('http://')}/v1",
        "protocol": "http",
    }
    assert settings["metrics"] == {"sampleRate": 0}
    assert answer.headers["access-control-allow-origin"] == "https://shop.example.cn"


async def test_rudderstacks_source_is_live_and_sends_to_nobody_else(koi: RunningKoi) -> None:
    """Asked with and without the slash at its end, by header or by query."""
    key = koi.keys["ingest"]
    async with koi.client() as browser:
        for path in ("/sourceConfig/", "/sourceConfig"):
            by_header = await browser.get(path, auth=(key, ""))
            by_query = await browser.get(path, params={"writeKey": key})
            assert by_header.json() == by_query.json()
            source = by_header.json()["source"]
            assert (source["enabled"], source["writeKey"], source["destinations"]) == (True, key, [])


async def test_a_key_for_something_else_loads_no_sdk(koi: RunningKoi) -> None:
    """An SDK that can send nothing had better say so at once; the page may read why."""
    async with koi.client() as browser:
        for path in ("/v1/projects/koi_write_wrong/settings", "/sourceConfig/?writeKey=koi_write_wrong"):
            answer = await browser.get(path, headers=_SHOP)
            is_problem(answer, 401, "key.unknown")
            assert answer.headers["access-control-allow-origin"] == "https://shop.example.cn"
        is_problem(await browser.get(f"/v1/projects/{koi.keys['read']}/settings"), 403, "scope.missing")


async def test_the_browser_may_ask_beforehand_on_every_path(koi: RunningKoi) -> None:
    """GET with a key in the header wants a preflight, as a POST with one does."""
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    async with koi.client() as browser:
        for path in ("/v1/projects/x/settings", "/sourceConfig/", "/v1/m", "/v1/b", "/v1/identify", "/beacon/v1/batch"):
            allowed = await browser.options(path, headers=_SHOP | asked)
            assert allowed.status_code == 204
            assert {"GET", "POST"} <= set(allowed.headers["access-control-allow-methods"].split(", "))


async def test_figures_about_the_sdk_are_no_events(koi: RunningKoi) -> None:
    """Thanked for, whatever they are, and dropped."""
    async with koi.client() as browser:
        answer = await browser.post("/v1/m", content=b'{"series":[]}', headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()) == (200, SUCCESS)


async def test_a_visitor_told_in_a_header_is_somebody(source: httpx.AsyncClient, everything: httpx.AsyncClient) -> None:
    """RudderStack's SDK sends the anonymous id as base64, beside the body."""
    name = a_name()
    event = tracked("") | {"userId": None}
    headers = {"AnonymousId": base64.b64encode(name.encode()).decode()}
    answer = await source.post("/v1/track", json=event, headers=headers)
    customer = await profile(everything, f"anonymous:{name}", int(answer.headers["koi-position"]))
    assert customer["events"] == 1
    nonsense = await source.post("/v1/track", json=event, headers={"AnonymousId": "%%%"})
    assert nonsense.status_code == 200, "it names nobody, and is kept in the quarantine"
