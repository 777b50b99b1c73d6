"""The SDKs that shops put on their pages, in a real browser, on a page of another origin than Koi's."""

from typing import Any, Final

import httpx
import pytest
from playwright.async_api import ConsoleMessage, Page, Request

from tests.api.asking import a_name, a_phone, having
from tests.api.running import RunningKoi

_SEGMENT: Final = "/@segment/analytics-next/dist/umd/index.js"
_RUDDER: Final = "/@rudderstack/analytics-js/dist/npm/modern/bundled/umd/index.js"
_POSTHOG: Final = "/posthog-js/dist/array.no-external.js"
_SHOPPING: Final = """
async ({name, phone}) => {
    await analytics.page('Shop', 'Home');
    await analytics.identify(name, {phone, city: 'Hangzhou'});
    for (let number = 0; number < 5; number++)
        await analytics.track('Product Viewed', {product_id: String(number), price: 19.9});
}
"""


class Watched:
    """What a page asked of Koi and what its console complained about."""

    def __init__(self, page: Page, koi: str) -> None:
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self._koi = koi
        page.on("request", self._request)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _request(self, request: Request) -> None:
        if request.url.startswith(self._koi):
            self.asked.append(f"{request.method} {request.url.removeprefix(self._koi).partition('?')[0]}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)


@pytest.mark.parametrize(
    ("delivery", "path"), [({}, "POST /v1/t"), ({"strategy": "batching", "config": {"size": 3}}, "POST /v1/b")]
)
async def test_segments_browser_sdk(
    koi: RunningKoi, everything: httpx.AsyncClient, page: Page, delivery: dict[str, Any], path: str
) -> None:
    """An anonymous visitor becomes a member: told one by one or in batches, Koi's address said once."""
    watched, name, phone = Watched(page, koi.url), a_name(), a_phone()
    await page.add_script_tag(url=_SEGMENT)
    await page.evaluate(
        """async ({key, url, delivery}) => {
            const {AnalyticsBrowser} = window.AnalyticsNext;
            const options = delivery.strategy ? {integrations: {'Segment.io': {deliveryStrategy: delivery}}} : {};
            [window.analytics] = await AnalyticsBrowser.load({writeKey: key, cdnURL: url}, options);
        }""",
        {"key": koi.keys["ingest"], "url": koi.url, "delivery": delivery},
    )
    await page.evaluate(_SHOPPING, {"name": name, "phone": phone})
    await page.goto("about:blank")  # who leaves the shop leaves nothing behind unsent
    _is_all_there(await having(everything, f"member_code:{name}", 7), phone)
    assert watched.complaints == []
    assert path in watched.asked


@pytest.mark.parametrize("by_beacon", [False, True], ids=["one by one", "by beacon"])
async def test_rudderstacks_browser_sdk(
    koi: RunningKoi, everything: httpx.AsyncClient, page: Page, *, by_beacon: bool
) -> None:
    """The same visitor, by the SDK that asks for its source first and sends with headers of its own."""
    watched, name, phone = Watched(page, koi.url), a_name(), a_phone()
    await page.add_script_tag(url=_RUDDER)
    await page.evaluate(
        """({key, url, useBeacon}) => new Promise(resolve => {
            window.analytics = new window.rudderanalytics.RudderAnalytics();
            analytics.ready(resolve);
            analytics.load(key, url, {configUrl: url, useBeacon});
        })""",
        {"key": koi.keys["ingest"], "url": koi.url, "useBeacon": by_beacon},
    )
    await page.evaluate(_SHOPPING, {"name": name, "phone": phone})
    if by_beacon:
        await page.goto("about:blank")  # its queue waits ten minutes, or until the visitor leaves
    _is_all_there(await having(everything, f"member_code:{name}", 7), phone)
    assert watched.complaints == []
    assert "GET /sourceConfig/" in watched.asked
    # The browser sends a beacon after the page is gone, and does not tell the page's watchers.
    assert ("POST /v1/track" in watched.asked) is not by_beacon


async def test_posthogs_browser_sdk(koi: RunningKoi, everything: httpx.AsyncClient, page: Page) -> None:
    """It asks how to behave, sends gzip, and the last of it as a form while the page goes."""
    watched, name, phone = Watched(page, koi.url), a_name(), a_phone()
    await page.add_script_tag(url=_POSTHOG)
    async with page.expect_response(f"{koi.url}/array/**"):
        await page.evaluate(
            """({key, url}) => posthog.init(key, {
                api_host: url,
                opt_out_useragent_filter: true,  // it would take this browser for a bot
                request_queue_config: {flush_interval_ms: 250},
            })""",
            {"key": koi.keys["ingest"], "url": koi.url},
        )
    # Until it has taken the answer it sends to its old address, which Koi knows as well.
    await page.wait_for_function("posthog.analyticsDefaultEndpoint === '/i/v0/e/'")
    await page.evaluate(
        """({name, phone}) => {
            posthog.capture('Product Viewed', {product_id: '0', price: 19.9});
            posthog.identify(name, {phone, city: 'Hangzhou'});
            for (let number = 1; number < 4; number++)
                posthog.capture('Product Viewed', {product_id: String(number), price: 19.9});
        }""",
        {"name": name, "phone": phone},
    )
    await having(everything, f"member_code:{name}", 6)
    await page.evaluate("posthog.capture('Product Viewed', {product_id: '4', price: 19.9})")
    await page.goto("about:blank")
    customer = await having(everything, f"member_code:{name}", 8)
    assert watched.complaints == []
    _is_all_there(customer, phone, **{"custom.pageleave": 1})
    assert "POST /i/v0/e/" in watched.asked


def _is_all_there(customer: dict[str, Any], phone: str, **more: int) -> None:
    seen = {one["name"]: one["events"] for one in customer["activities"]}
    assert seen == {"page.viewed": 1, "customer.identified": 1, "product.viewed": 5} | more
    assert customer["attributes"]["city"] == "Hangzhou"
    assert customer["attributes"]["phone"] == f"+86{phone}"  # cleaned
    assert {"member_code", "anonymous", "phone"} == {one["type"] for one in customer["identifiers"]}
