"""From an event posted to the entering it leads to, with 200 segments live; and from an instant to the leaving."""

import asyncio
import time
from typing import Final

import asyncpg
import msgspec

from commands.runtime.context import Context
from commands.runtime.event_store import open_event_store
from commands.segments.changing_segment import ActivateSegment, activate_segment
from commands.segments.create_segment import CreateSegment, create_segment
from domain.kernel.rules.reading import written
from domain.kernel.rules.tree import Compare, Last, Measure, Rule
from domain.segments.segment import Words
from workers.bench import posting
from workers.bench.segment_rules import rules
from workers.bench.stack import Stack

_POSTED: Final = 200
_WARM_UP: Final = 10
_PATIENCE_SECONDS: Final = 10.0
_WALKED: Final = "SELECT count(*) >= $1 FROM segmenting.segment WHERE walked IS NULL"
_ENTERED: Final = "SELECT count(*) FROM fact_log WHERE name = 'segment.entered' AND body->>'segment' = 'keen'"
_LATE: Final = """
    SELECT extract(epoch FROM recorded_at - occurred_at)::float8 * 1000 AS late FROM fact_log
    WHERE name = 'segment.left' AND body->>'segment' = 'keen'
"""
_DOUBLED: Final = """
    SELECT count(*) FROM (SELECT FROM fact_log WHERE name = 'segment.entered' AND body->>'segment' = 'keen'
    GROUP BY customer_id HAVING count(*) > 1) AS doubled
"""


class Told(msgspec.Struct, frozen=True):
    """Milliseconds from posting to entering and from the exact instant to leaving; what is missing or there twice."""

    latencies: list[float]
    leaving: list[float]
    lost: int
    duplicated: int


async def told_end_to_end(stack: Stack) -> Told:
    """Post one event of a new customer at a time; each enters a segment at once and leaves it a minute later."""
    keen = Compare(
        left=Measure(events=("wishlist.item_added",), within=Last(amount=1, unit="minute")), op="gte", right=1
    )
    await _go_live(stack, rules() | {"keen": keen})
    connection = await asyncpg.connect(stack.settings.database_url)
    news = asyncio.Event()
    await connection.add_listener("decision_log", lambda *_: news.set())
    latencies, lost = [], 0
    for number in range(-_WARM_UP, _POSTED):
        body = msgspec.json.encode(_wished(number + _WARM_UP))
        request = posting.request(stack.settings, "/v1/track", stack.secrets.write_key, body)
        posted = time.perf_counter()
        await posting.post_all(stack.settings, [request], connections=1)
        is_there = await _until(connection, news, number + _WARM_UP + 1)
        lost += not is_there
        if number >= 0 and is_there:
            latencies.append((time.perf_counter() - posted) * 1000)
    while (await connection.fetchval(_ENTERED)) > len(leaving := await connection.fetch(_LATE)):
        news.clear()
        await asyncio.wait_for(news.wait(), 70 + _PATIENCE_SECONDS)
    doubled = await connection.fetchval(_DOUBLED)
    await connection.close()
    return Told(latencies, [row["late"] for row in leaving], lost, doubled)


async def _go_live(stack: Stack, known: dict[str, Rule]) -> None:
    by = Context(actor="bench")
    async with open_event_store(stack.settings.database_url, stack.secrets.master_key) as store:
        for key, rule in known.items():
            create = CreateSegment(key=key, words=Words(name_zh=key, name_en=key), rule=written(rule))
            await create_segment(create, streams=store.streams, by=by)
            await activate_segment(ActivateSegment(key=key), streams=store.streams, by=by)
        while not await store.pool.fetchval(_WALKED, len(known)):  # noqa: ASYNC110 - another process has to get there
            await asyncio.sleep(0.05)


async def _until(connection: asyncpg.Connection, news: asyncio.Event, entered: int) -> bool:
    """Wait until so many have entered; the log tells when it grows."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                news.clear()
                if await connection.fetchval(_ENTERED) >= entered:
                    return True
                await news.wait()
    except TimeoutError:
        return False


def _wished(number: int) -> dict[str, object]:
    return {
        "type": "track",
        "messageId": f"wish-{number}",
        "userId": f"member-{number}",
        "event": "Product Added to Wishlist",
        "properties": {"product_id": f"sku-{number}", "category": "milk", "price": 12.5},
    }
