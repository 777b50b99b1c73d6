"""Events as the Segment family sends them."""

import asyncio
import base64
import gzip
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest

from tests.api.asking import SUCCESS, a_name, is_problem, profile, send, timeline, tracked
from tests.api.running import RunningKoi
from tests.patience import PATIENCE


async def test_an_answered_event_is_there_when_one_reads_from_its_position(
    source: httpx.AsyncClient, everything: httpx.AsyncClient
) -> None:
    """200 means durable, and the answer says from where on it can be seen."""
    name = a_name()
    position = await send(source, tracked(name), tracked(name, "Order Completed", properties={"revenue": 19.9}))
    customer = await profile(everything, f"member_code:{name}", position)
    assert customer["events"] == 2
    assert customer["windows"][0] == {
        "days": 7,
        "orders": 1,
        "money": [{"currency": "CNY", "orders": 1, "amount": 1990}],
    }


@pytest.mark.parametrize("path", ["/v1/track", "/v1/t"])
async def test_a_single_event_may_come_alone(
    source: httpx.AsyncClient, everything: httpx.AsyncClient, path: str
) -> None:
    """Browsers send one event a request, on short paths."""
    name = a_name()
    answer = await source.post(path, json=tracked(name))
    assert (answer.status_code, answer.json()) == (200, SUCCESS)
    customer = await profile(everything, f"member_code:{name}", int(answer.headers["koi-position"]))
    assert customer["events"] == 1


async def test_a_body_is_known_by_its_bytes_whatever_its_type_says(
    koi: RunningKoi, everything: httpx.AsyncClient
) -> None:
    """RudderStack's Node SDK labels gzipped JSON as a form, browsers send JSON as text/plain."""
    name = a_name()
    zipped = gzip.compress(httpx.Request("POST", "http://x", json={"batch": [tracked(name)]}).content)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"}
    async with koi.client("ingest") as client:
        labelled = await client.post("/v1/batch", content=zipped, headers=headers)
    async with koi.client() as browser:
        body = {"writeKey": koi.keys["ingest"], **tracked(name)}
        content = httpx.Request("POST", "http://x", json=body).content
        plain = await browser.post("/v1/t", content=content, headers={"Content-Type": "text/plain"})
    assert (labelled.status_code, plain.status_code) == (200, 200)
    position = int(plain.headers["koi-position"])
    assert (await profile(everything, f"member_code:{name}", position))["events"] == 2


async def test_a_key_is_taken_from_wherever_an_sdk_puts_it(koi: RunningKoi) -> None:
    """Basic user name, Bearer, X-API-Key, the body of a batch, or a beacon's query."""
    key = koi.keys["ingest"]
    basic = base64.b64encode(f"{key}:".encode()).decode()
    async with koi.client() as client:
        answers = [
            await client.post("/v1/batch", json={"batch": [tracked(a_name())]}, headers=headers)
            for headers in (
                {"Authorization": f"Basic {basic}"},
                {"Authorization": f"Bearer {key}"},
                {"X-API-Key": key},
            )
        ]
        answers.append(await client.post("/v1/batch", json={"batch": [tracked(a_name())], "writeKey": key}))
        beacon = {"writeKey": key}
        answers.append(await client.post("/beacon/v1/batch", params=beacon, json={"batch": [tracked(a_name())]}))
    assert [answer.status_code for answer in answers] == [200] * 5


async def test_an_unknown_key_and_a_key_for_something_else_are_told_apart(koi: RunningKoi) -> None:
    """401 asks for a key, 403 names the scope that is missing."""
    async with koi.client() as client, koi.client("read") as reader:
        wrong = await client.post("/v1/batch", json={"batch": []}, headers={"X-API-Key": "koi_write_wrong"})
        none = await client.post("/v1/batch", json={"batch": []})
        other = await reader.post("/v1/batch", json={"batch": []})
    is_problem(wrong, 401, "key.unknown")
    is_problem(none, 401, "key.unknown")
    assert "ingest" in is_problem(other, 403, "scope.missing")["detail"]


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b'{"batch":[', {}, 400, "body.malformed"),
        (b"", {}, 400, "body.malformed"),
        (b"\xff\xfe", {}, 400, "body.malformed"),
        (b"[]", {}, 400, "body.malformed"),
        (b'{"batch":{}}', {}, 400, "body.malformed"),
        (gzip.compress(b'{"batch":[]}')[:-9], {"Content-Encoding": "gzip"}, 400, "body.malformed"),
        (b'{"batch":[' + b"[" * 100_000, {}, 400, "body.too_deep"),
        (b'{"batch":[' + b"{}," * 2_500 + b"{}]}", {}, 413, "body.too_many_messages"),
        (gzip.compress(b" " * 50_000_000), {"Content-Encoding": "gzip"}, 413, "body.too_large"),
        (b" " * 5_000_000, {}, 413, "body.too_large"),
    ],
    ids=["broken", "empty", "no text", "an array", "no list", "cut gzip", "deep", "too many", "gzip bomb", "too large"],
)
async def test_a_body_that_cannot_be_read_is_refused_as_a_whole(
    source: httpx.AsyncClient, content: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    """Only such a body is an error: repeating it would never help, so the SDKs must drop it."""
    is_problem(await source.post("/v1/batch", content=content, headers=headers), status, code)


async def test_a_bad_event_lands_in_quarantine_and_its_neighbours_go_through(
    koi: RunningKoi, source: httpx.AsyncClient, everything: httpx.AsyncClient
) -> None:
    """Nothing is lost, nobody is held up, and what was sent lies sealed."""
    name, phone = a_name(), "13912345678"
    bad = {"type": "track", "event": "Nobody did this", "messageId": "m-bad", "properties": {"phone": phone}}
    position = await send(source, tracked(name), bad, tracked(name))
    assert (await profile(everything, f"member_code:{name}", position))["events"] == 2
    await send(source, tracked(name), bad)
    async with koi.client("admin") as operator:
        lies = (await operator.get("/api/v1/quarantine")).json()["items"]
        mine = [entry for entry in lies if entry["line"] == 1]
        assert mine[0]["reason"] == "identifier.missing"
        assert mine[0]["source"] == "web"
        assert mine[0]["raw"] is None
    seen = (await everything.get("/api/v1/quarantine", params={"source": "web", "in_clear": True})).json()["items"]
    assert sum(phone in (entry["raw"] or "") for entry in seen) == 1, "sent again, it lies there once"
    connection = await asyncpg.connect(koi.database)
    try:
        stored = await connection.fetch("SELECT sealed, reason, detail FROM quarantine")
    finally:
        await connection.close()
    assert not any(phone.encode() in bytes(row["sealed"]) or phone in row["detail"] for row in stored)


async def test_an_event_sent_again_counts_once(source: httpx.AsyncClient, everything: httpx.AsyncClient) -> None:
    """SDKs repeat a batch whose answer they lost: within a batch, after it, and at the same time."""
    name = a_name()
    once = tracked(name)
    await send(source, once, once)
    positions = await asyncio.gather(*(send(source, once, tracked(name)) for _ in range(10)))
    repeated = await send(source, once)
    assert repeated >= max(positions), "who repeats may still wait for what he sent"
    assert (await profile(everything, f"member_code:{name}", repeated))["events"] == 11


async def test_many_sources_at_once_lose_nothing(koi: RunningKoi, everything: httpx.AsyncClient) -> None:
    """Requests that come together share a commit, about the same new customers too."""
    names = [a_name() for _ in range(5)]
    async with koi.client("ingest") as client:
        positions = await asyncio.gather(
            *(send(client, *(tracked(name) for name in names for _ in range(4))) for _ in range(20))
        )
    for name in names:
        assert (await profile(everything, f"member_code:{name}", max(positions)))["events"] == 80


async def test_the_clock_of_the_client_does_not_matter(
    source: httpx.AsyncClient, everything: httpx.AsyncClient
) -> None:
    """A phone two hours ahead says so itself by what it takes for now."""
    name, fast = a_name(), datetime.now(UTC) + timedelta(hours=2)
    happened = fast - timedelta(minutes=10)
    position = await send(source, tracked(name, timestamp=happened.isoformat()), sentAt=fast.isoformat())
    customer = await profile(everything, f"member_code:{name}", position)
    (fact,) = [one for one in await timeline(everything, customer["profile_id"], position) if one["type"] == "fact"]
    corrected = datetime.fromisoformat(fact["occurred_at"])
    assert abs(datetime.now(UTC) - timedelta(minutes=10) - corrected) < timedelta(minutes=1)


async def test_a_browser_of_any_shop_may_ask_and_read_the_answer(koi: RunningKoi) -> None:
    """Asked once a day rather than before every event; errors can be read as well."""
    origin = {"Origin": "https://shop.example.cn"}
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,anonymousid"}
    async with koi.client() as browser:
        allowed = await browser.options("/v1/t", headers=origin | asked)
        refused = await browser.post("/v1/t", content=b"{", headers=origin)
    assert allowed.status_code == 204
    assert allowed.headers["access-control-allow-origin"] == "https://shop.example.cn"
    assert allowed.headers["access-control-max-age"] == "86400"
    assert {"authorization", "anonymousid", "content-type", "sentat"} <= set(
        allowed.headers["access-control-allow-headers"].split(", ")
    )
    assert refused.headers["access-control-allow-origin"] == "https://shop.example.cn"


async def test_a_page_closed_while_it_sends_is_no_failure_of_ours(
    koi: RunningKoi, everything: httpx.AsyncClient
) -> None:
    """Visitors do that all day: nobody is to be woken for it."""
    _, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(koi.url).port)
    key = koi.keys["ingest"]
    writer.write(f"POST /v1/t HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Length: 99\r\n\r\n{{".encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    counted = 'koi_http_requests_total{method="POST",route="/v1/t",status="400"}'
    async with asyncio.timeout(PATIENCE):
        while counted not in (metrics := (await everything.get("/metrics")).text):
            pass
    assert 'status="500"' not in metrics


async def test_a_log_that_cannot_keep_up_sends_the_sources_away_for_a_moment(
    koi: RunningKoi, source: httpx.AsyncClient
) -> None:
    """Rather 429 at once than an ever longer queue; what was let in before is answered once it is durable."""
    name = a_name()
    connection = await asyncpg.connect(koi.database)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE decision_log IN EXCLUSIVE MODE")
            batches = [{"batch": [tracked(name) for _ in range(2_500)]} for _ in range(10)]
            asked = [asyncio.create_task(source.post("/v1/batch", json=batch)) for batch in batches]
            await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        answers = await asyncio.gather(*asked)
    finally:
        await connection.close()
    refused = [answer for answer in answers if answer.status_code != 200]
    assert len(refused) == 2, "8 batches are 20,000 events"
    for answer in refused:
        is_problem(answer, 429, "ingest.crowded")
        assert int(answer.headers["retry-after"]) > 0
    assert await send(source, *batches[-1]["batch"]) > 0
