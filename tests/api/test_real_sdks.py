"""The SDKs people really use, each in a process of its own that knows nothing of Koi but its address."""

from pathlib import Path

import httpx
import pytest

from tests.api.asking import a_name, a_phone, newest, profile
from tests.api.running import RunningKoi
from tests.clients.running import run_node, run_python

_SEGMENT = """
import segment.analytics as analytics
analytics.write_key, analytics.host, analytics.gzip = key, url, gzip
analytics.debug = True
analytics.on_error = lambda error, items: print("error", error)
analytics.identify(name, {"city": "Hangzhou", "phone": phone})
for number in range(250):
    analytics.track(name, "Product Viewed", {"product_id": str(number)})
analytics.page(name, "Shop", "Home", {"url": "https://shop.example.cn/"})
analytics.shutdown()
"""
_RUDDER = """
import rudderstack.analytics as analytics
analytics.write_key, analytics.dataPlaneUrl, analytics.gzip = key, url, gzip
analytics.max_retries = 2
analytics.on_error = lambda error, items: print("error", error)
analytics.identify(name, {"city": "Hangzhou", "phone": phone})
for number in range(250):
    analytics.track(name, "Product Viewed", {"product_id": str(number)})
analytics.page(name, "Shop", "Home", {"url": "https://shop.example.cn/"})
analytics.shutdown()
"""
_POSTHOG = """
from posthog import Posthog
posthog = Posthog(key, host=url, gzip=gzip, max_retries=2, on_error=lambda error, items: print("error", error))
posthog.set(distinct_id=name, properties={"city": "Hangzhou", "phone": phone})
posthog.set_once(distinct_id=name, properties={"first_shop": "West Lake"})
posthog.set_once(distinct_id=name, properties={"first_shop": "Bund"})
posthog.alias(previous_id=f"{name}-before", distinct_id=name)
posthog.group_identify("company", "c1", {"name": "Tea"}, distinct_id=name)
for number in range(count):
    posthog.capture("Product Viewed", distinct_id=name, properties={"product_id": str(number)})
for _ in range(2):
    posthog.capture("Product Added", distinct_id=name, uuid="7d7f7a3e-0000-4000-8000-" + name[-12:])
posthog.shutdown()
"""
_CLOUDEVENTS = """
import json, uuid
import httpx
from cloudevents.core.bindings.http import to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

def event(number, data):
    attributes = {"type": "com.example.cart.item_added", "source": "/stores/12/pos", "id": str(uuid.uuid4())}
    attributes |= {"specversion": "1.0", "subject": f"member_code:{name}"}
    return CloudEvent(attributes=attributes, data=data(number))

def plain(number): return {"product_id": str(number), "price": 19.9, "currency": "CNY"}
def in_bytes(number): return json.dumps(plain(number)).encode()  # the SDK makes data_base64 of it

requests = []
for number in range(3):
    for encoded in (to_structured, to_binary):
        for data in (plain, in_bytes):
            message = encoded(event(number, data), JSONFormat())
            requests.append((message.headers, message.body))
# The SDK has no batch mode: a batch is an array of what it makes.
structured = [to_structured(event(0, data), JSONFormat()).body for data in (plain, in_bytes) for _ in range(3)]
requests.append(({"content-type": "application/cloudevents-batch+json"}, b"[" + b",".join(structured) + b"]"))
if b"data_base64" not in requests[-1][1]:
    print("error", "nothing in base64")
for headers, body in requests * 2:
    answer = httpx.post(url + "/api/v1/events", headers=headers | {"X-API-Key": key}, content=body)
    if answer.status_code != 202:
        print("error", answer.status_code, answer.text)
"""


@pytest.mark.parametrize("gzip", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("script", [_SEGMENT, _RUDDER], ids=["segment", "rudderstack"])
async def test_everything_an_sdk_was_told_arrives_once(
    koi: RunningKoi, everything: httpx.AsyncClient, script: str, *, gzip: bool
) -> None:
    """250 events, an identify and a page: none lost, none refused, none twice."""
    name, phone = a_name(), a_phone()
    complaints = await run_python(script, key=koi.keys["ingest"], url=koi.url, name=name, phone=phone, gzip=gzip)
    assert not complaints
    customer = await profile(everything, f"member_code:{name}", await newest(everything))
    seen = {one["name"]: one["events"] for one in customer["activities"]}
    assert seen["product.viewed"] == 250
    assert sum(seen.values()) == 252
    assert customer["attributes"]["city"] == "Hangzhou"
    assert customer["attributes"]["phone"] == f"+86{phone}"  # cleaned


@pytest.mark.parametrize("gzip", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("script", ["segment.cjs", "rudder.cjs"])
async def test_everything_a_node_sdk_was_told_arrives_once(
    koi: RunningKoi, everything: httpx.AsyncClient, javascript: Path, script: str, *, gzip: bool
) -> None:
    """The same of the SDKs of Node.js, one of which calls its gzipped JSON a form."""
    name, phone = a_name(), a_phone()
    complaints = await run_node(
        script, key=koi.keys["ingest"], url=koi.url, name=name, phone=phone, count=100, gzip=gzip
    )
    assert not complaints
    customer = await profile(everything, f"member_code:{name}", await newest(everything))
    seen = {one["name"]: one["events"] for one in customer["activities"]}
    assert seen == {"customer.identified": 1, "product.viewed": 100, "page.viewed": 1}
    assert customer["attributes"]["city"] == "Hangzhou"
    assert customer["attributes"]["phone"] == f"+86{phone}"  # cleaned


@pytest.mark.parametrize("gzip", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("language", ["python", "node"])
async def test_posthogs_sdks(
    koi: RunningKoi, everything: httpx.AsyncClient, javascript: Path, language: str, *, gzip: bool
) -> None:
    """Who it is, under which id before, of which group, and what was done; one `uuid` sent twice is one event."""
    name, phone = a_name(), a_phone()
    given = {"key": koi.keys["ingest"], "url": koi.url, "name": name, "phone": phone, "count": 100, "gzip": gzip}
    complaints = await (run_python(_POSTHOG, **given) if language == "python" else run_node("posthog.cjs", **given))
    assert not complaints
    customer = await profile(everything, f"member_code:{name}", await newest(everything))
    seen = {one["name"]: one["events"] for one in customer["activities"]}
    assert seen == {
        "customer.identified": 3,
        "customer.aliased": 1,
        "customer.grouped": 1,
        "product.viewed": 100,
        "cart.item_added": 1,
    }
    assert customer["attributes"]["city"] == "Hangzhou"
    assert customer["attributes"]["phone"] == f"+86{phone}"  # cleaned
    assert customer["attributes"]["first_shop"] == "West Lake", "the first word holds"
    before = await profile(everything, f"member_code:{name}-before", await newest(everything))
    assert before["profile_id"] == customer["profile_id"]


async def test_the_cloudevents_sdk_may_send_in_every_mode(koi: RunningKoi, everything: httpx.AsyncClient) -> None:
    """Structured, binary and in a batch, data as JSON or as base64, all sent twice: one source and id are one event."""
    name = a_name()
    complaints = await run_python(_CLOUDEVENTS, key=koi.keys["ingest"], url=koi.url, name=name)
    assert not complaints
    customer = await profile(everything, f"member_code:{name}", await newest(everything))
    assert {one["name"]: one["events"] for one in customer["activities"]} == {"cart.item_added": 18}
