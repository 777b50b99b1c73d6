"""JetStream: the stream the log is relayed to, and pull consumers that lose nothing when a process dies."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

STREAM = "KOI"
# Customers are spread over this many subjects, so that work can be shared without two workers on one customer.
PARTITIONS = 8
_KEPT_SECONDS = 7 * 86_400
_FETCH_SECONDS = 5.0
_ACK_SECONDS = 15.0


@asynccontextmanager
async def connect(nats_url: str, *, name: str) -> AsyncIterator[Client]:
    """Connect, and keep reconnecting for as long as it takes: the broker may be restarted under a running worker."""

    async def quiet(_: Exception) -> None:
        """Connection trouble is told by whoever waits for an answer, not by the client's own log."""

    client = await nats.connect(
        nats_url,
        name=name,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.1,
        error_cb=quiet,
        ping_interval=5,
        max_outstanding_pings=2,
        pending_size=64 * 1024 * 1024,
    )
    try:
        yield client
    finally:
        with contextlib.suppress(NatsError, TimeoutError):
            await client.close()


async def ensure_stream(client: Client, *, stream: str = STREAM, prefix: str = "koi") -> JetStreamContext:
    """Return JetStream with the stream in place: on disk, seven days, subjects `koi.<partition>.<area>.<event>`."""
    js = client.jetstream(publish_async_max_pending=4_000)
    config = StreamConfig(
        name=stream,
        subjects=[f"{prefix}.>"],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        max_age=_KEPT_SECONDS,
        duplicate_window=120,
        allow_direct=True,
    )
    try:
        await js.stream_info(stream)
    except NotFoundError:
        await js.add_stream(config)
    return js


async def consume(
    js: JetStreamContext,
    durable: str,
    subjects: Sequence[str],
    handle: Callable[[Sequence[Msg]], Awaitable[None]],
    *,
    stream: str = STREAM,
    batch: int = 64,
) -> None:
    """Hand batches to `handle` for ever; what it did not acknowledge comes again, also after a kill -9."""
    subscription = (
        await js.pull_subscribe_bind(durable=durable, stream=stream)
        if await _exists(js, stream, durable)
        else await _create(js, stream, durable, subjects)
    )
    while True:
        try:
            messages = await subscription.fetch(batch, timeout=_FETCH_SECONDS)
        except TimeoutError:
            continue
        if messages:
            await handle(messages)


async def _exists(js: JetStreamContext, stream: str, durable: str) -> bool:
    try:
        await js.consumer_info(stream, durable)
    except NotFoundError:
        return False
    return True


async def _create(
    js: JetStreamContext, stream: str, durable: str, subjects: Sequence[str]
) -> JetStreamContext.PullSubscription:
    config = ConsumerConfig(
        durable_name=durable,
        filter_subjects=list(subjects),
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=_ACK_SECONDS,
        deliver_policy=DeliverPolicy.ALL,
        max_ack_pending=1_000,
    )
    await js.add_consumer(stream, config)
    return await js.pull_subscribe_bind(durable=durable, stream=stream)


async def acknowledge(messages: Sequence[Msg]) -> None:
    """Tell the broker that the work is durably done."""
    await asyncio.gather(*(message.ack() for message in messages))
