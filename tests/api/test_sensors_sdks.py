"""The SDKs of Sensors Analytics, each in a process (or a real browser) that knows nothing of Koi but its address."""

import asyncio
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from playwright.async_api import Page, Route

from tests.api.asking import a_name, a_phone, having, newest, profile
from tests.api.running import RunningKoi
from tests.api.test_browser_sdks import Watched
from tests.clients.running import run_node, run_python
from tests.patience import PATIENCE

_PYTHON: Final = """
import sensorsanalytics
from sensorsanalytics.sdk import SensorsAnalyticsIdentity as Identity
made = getattr(sensorsanalytics, consumer)
sa = sensorsanalytics.SensorsAnalytics(made(url, **options))
try:
    sa.track_signup(name, cookie)
    sa.profile_set_once(name, {"first_channel": "store"}, is_login_id=True)
    sa.profile_set(name, {"city": "Hangzhou"}, is_login_id=True)
    sa.profile_increment(name, {"visits": 2}, is_login_id=True)
    sa.profile_increment(cookie, {"visits": 1})
    sa.profile_append(name, {"hobbies": ["tea"]}, is_login_id=True)
    sa.profile_unset(name, ["nothing"], is_login_id=True)
    sa.bind(Identity(Identity.LOGIN_ID, name), Identity(Identity.MOBILE, phone))
    sa.track_by_id("ViewProduct", {"number": -1}, Identity(Identity.MOBILE, phone))
    sa.item_set("sku", name, {"price": 9})
    for number in range(count):
        sa.track(name, "ViewProduct", {"number": number}, is_login_id=True)
    sa.flush()
    sa.close()
except BaseException as error:
    print("error", repr(error))
"""
_UNBINDING: Final = """
from sensorsanalytics import DefaultConsumer, SensorsAnalytics
from sensorsanalytics.sdk import SensorsAnalyticsIdentity as Identity
sa = SensorsAnalytics(DefaultConsumer(url))
sa.unbind(Identity(Identity.MOBILE, phone))
"""
_TRACKED: Final = 60


def address(koi: RunningKoi, path: str = "/sa") -> str:
    """The collector's address as a shop tells it to an SDK."""
    return f"{koi.url}{path}?project=default&token={koi.keys['ingest']}"


def knows(customer: dict[str, Any], channel: str, visits: int) -> None:
    """Check what every client told of the profile."""
    told = {name: customer["attributes"].get(name) for name in ("first_channel", "city", "visits")}
    assert told == {"first_channel": channel, "city": "Hangzhou", "visits": visits}
    assert "tea" in customer["attributes"]["hobbies"]


@pytest.mark.parametrize(
    ("consumer", "options"),
    [
        ("DefaultConsumer", {}),
        ("BatchConsumer", {"max_size": 20}),
        ("AsyncBatchConsumer", {"flush_size": 20, "max_batch_size": 50}),
        ("DebugConsumer", {"write_data": True}),
    ],
)
async def test_every_consumer_of_the_python_sdk(
    koi: RunningKoi, everything: httpx.AsyncClient, consumer: str, options: dict[str, Any]
) -> None:
    """Events, a profile, a binding and a product: none lost, none twice, none refused."""
    name, phone = a_name(), a_phone()
    told = {"name": name, "cookie": a_name(), "phone": phone, "count": _TRACKED}
    complaints = await run_python(_PYTHON, url=address(koi), consumer=consumer, options=options, **told)
    assert not complaints
    customer = await having(everything, f"member_code:{name}", _TRACKED + 1)
    assert {one["name"]: one["events"] for one in customer["activities"]}["custom.view_product"] == _TRACKED + 1
    knows(customer, "store", 3)
    assert customer["profile_id"] == (await profile(everything, f"phone:{phone}", 0))["profile_id"]
    params: dict[str, str | int] = {"item_type": "sku", "item_id": name, "wait_for": await newest(everything)}
    (product,) = (await everything.get("/api/v1/products", params=params)).json()["items"]
    assert product["attributes"] == {"price": 9}
    assert not await run_python(_UNBINDING, url=address(koi), phone=phone)
    customer = await profile(everything, f"member_code:{name}", await newest(everything))
    assert "phone" not in {one["type"] for one in customer["identifiers"]}


async def test_the_python_sdk_may_check_without_writing(koi: RunningKoi, everything: httpx.AsyncClient) -> None:
    """`write_data=False` sends `Dry-Run`; a record that is wrong raises in the shop's own code."""
    name = a_name()
    told = {"name": name, "cookie": a_name(), "phone": a_phone(), "count": 1}
    dry = {"write_data": False}
    assert not await run_python(_PYTHON, url=address(koi), consumer="DebugConsumer", options=dry, **told)
    found = await everything.get("/api/v1/customers", params={"identifier": f"member_code:{name}"})
    assert found.json()["items"] == []
    wrong = _PYTHON.replace("sa.track_signup(name, cookie)", 'sa.profile_increment(name, {"phone": 1})')
    assert "Debug" in await run_python(wrong, url=address(koi), consumer="DebugConsumer", options=dry, **told)


@pytest.mark.parametrize(("gzip", "mode"), [(True, "track"), (False, "track"), (True, "debug_and_track")])
async def test_the_node_sdk(
    koi: RunningKoi, everything: httpx.AsyncClient, javascript: Path, *, gzip: bool, mode: str
) -> None:
    """It never says that an id is a login: what it was told by `trackSignup` holds all the same."""
    name = a_name()
    told = {"name": name, "cookie": a_name(), "count": _TRACKED, "gzip": gzip, "mode": mode}
    assert not await run_node("sensors.cjs", url=address(koi), **told)
    customer = await having(everything, f"member_code:{name}", _TRACKED + 1)
    assert {one["name"]: one["events"] for one in customer["activities"]}["custom.view_product"] == _TRACKED
    knows(customer, "web", 3)


async def test_the_mini_programs_sdk(koi: RunningKoi, everything: httpx.AsyncClient, javascript: Path) -> None:
    """With a phone's stand-in around it: batches as text/plain, the OpenID scoped by its AppID, a phone bound."""
    name, phone = a_name(), a_phone()
    told = {"name": name, "phone": phone, "count": 10}
    assert not await run_node("miniprogram.cjs", url=address(koi), **told)
    customer = await having(everything, f"member_code:{name}", 10)
    knows(customer, "mini-program", 1)
    assert customer["attributes"]["hobbies"] == ["tea", "silk"]
    types = {one["type"]: one["value"] for one in customer["identifiers"]}
    assert types["phone"] == f"+86{phone}"
    assert types["openid"] == f"wx1a2b3c4d5e6f7890:o{name}"


_SDK: Final = "/sa-sdk-javascript/sensorsdata.min.js"
_VISIT: Final = """
({url, ways, name, phone, count}) => {
    const sensors = window.sensorsDataAnalytic201505;
    sensors.init({server_url: url, show_log: false, is_track_single_page: false, heatmap: {}, ...ways});
    sensors.quick('autoTrack');
    sensors.setOnceProfile({first_channel: 'web'});
    sensors.incrementProfile({visits: 1});
    sensors.login(name);
    sensors.bind('$identity_mobile', phone);
    sensors.setProfile({city: 'Hangzhou'});
    sensors.appendProfile({hobbies: ['tea', 'silk']});
    for (let number = 0; number < count; number++) sensors.track('ViewProduct', {number, price: 19.9});
}
"""


@pytest.mark.parametrize(
    ("ways", "asked"),
    [
        ({"send_type": "image"}, "GET /sa.gif"),
        ({"send_type": "ajax"}, "POST /sa.gif"),
        ({"send_type": "beacon"}, "POST /sa.gif"),
        ({"batch_send": {"datasend_timeout": 6000, "send_interval": 300}}, "POST /sa.gif"),
    ],
    ids=["image", "ajax", "beacon", "batch"],
)
async def test_the_web_sdk(
    koi: RunningKoi, everything: httpx.AsyncClient, page: Page, ways: dict[str, Any], asked: str
) -> None:
    """A visitor logs in on a shop's page, in a real browser: every way of sending, no error in its console."""
    watched, name, phone = Watched(page, koi.url), a_name(), a_phone()
    await page.add_script_tag(url=_SDK)
    told = {"url": address(koi), "ways": ways, "name": name, "phone": phone, "count": 5}
    await page.evaluate(_VISIT, told)
    customer = await having(everything, f"member_code:{name}", 8)
    seen = {one["name"]: one["events"] for one in customer["activities"]}
    assert (seen["custom.view_product"], seen["page.viewed"]) == (5, 1)
    knows(customer, "web", 1)
    assert {"member_code", "phone", "anonymous"} <= {one["type"] for one in customer["identifiers"]}
    assert (watched.complaints, asked in watched.asked) == ([], True)


async def test_the_web_sdk_sends_again_what_it_has_no_answer_to(
    koi: RunningKoi, everything: httpx.AsyncClient, page: Page
) -> None:
    """Its batch got through, the answer did not: the same records come again, and count once."""
    name = a_name()
    await page.add_script_tag(url=_SDK)
    lost: list[Any] = []
    heard = asyncio.Event()

    async def lose(route: Route) -> None:
        answer = await route.fetch()
        if len(lost) < 2:
            lost.append(answer)
            await route.abort()
        else:
            await route.fulfill(response=answer)
            heard.set()

    await page.route(f"{koi.url}/sa.gif*", lose)
    ways = {"batch_send": {"datasend_timeout": 2000, "send_interval": 300}}
    told = {"url": address(koi), "ways": ways, "name": name, "phone": a_phone(), "count": 5}
    await page.evaluate(_VISIT, told)
    await asyncio.wait_for(heard.wait(), PATIENCE)
    customer = await profile(everything, f"member_code:{name}", await newest(everything))
    assert {one["name"]: one["events"] for one in customer["activities"]}["custom.view_product"] == 5
    assert customer["attributes"]["visits"] == 1
    assert len(lost) == 2
