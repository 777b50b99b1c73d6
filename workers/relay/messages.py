"""What a stretch of the log looks like on JetStream: CloudEvents JSON, facts packed by partition."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec

from domain.activity.sealing import FactsSealed
from domain.kernel.stored import from_state
from workers.bus import PARTITIONS

# A fact older than this when it is recorded is history: it moves profiles and reports, but triggers nothing.
TRIGGER_HORIZON = timedelta(days=1)
_FACTS_A_MESSAGE = 500
_PAGE = """
    SELECT notification_id, originator_id, topic, state FROM decision_log
    WHERE notification_id > $1 ORDER BY notification_id LIMIT $2
"""
# The text is put together by the database: a fact costs one pass in C and no Python object.
_FACTS = f"""
    SELECT partition, '[' || string_agg(fact, ',' ORDER BY fact_id) || ']' AS facts
    FROM (
        SELECT fact_id, get_byte(uuid_send(customer_id), 15) % {PARTITIONS} AS partition,
               (fact_id - $2) / {_FACTS_A_MESSAGE * PARTITIONS} AS part,
               '{{"fact_id":' || fact_id || ',"customer_id":"' || customer_id || '","name":' || to_json(name)
               || ',"occurred_at":' || to_json(occurred_at)
               || coalesce(',"amount":' || amount, '') || coalesce(',"currency":' || to_json(currency), '')
               || ',"body":' || body || '}}' AS fact
        FROM fact_log WHERE recorded_at = $1 AND fact_id BETWEEN $2 AND $3 AND occurred_at > $4
    ) AS recent GROUP BY part, partition ORDER BY part, partition
"""


class Message(msgspec.Struct, frozen=True):
    """One message: `index` of the `count` that the event at `position` becomes."""

    position: int
    index: int
    count: int
    subject: str
    body: bytes

    @property
    def id(self) -> str:
        """The id by which a repeat is recognised."""
        return f"{self.position}.{self.index}"


class PackedFact(msgspec.Struct, frozen=True):
    """A fact as it travels; `body` is its JSON, unparsed."""

    fact_id: int
    customer_id: UUID
    name: str
    occurred_at: datetime
    body: msgspec.Raw
    amount: int | None = None
    currency: str | None = None


class _About(msgspec.Struct, frozen=True):
    customer_id: UUID | None = None


_about = msgspec.json.Decoder(_About).decode


def partition_of(customer_id: UUID) -> int:
    """Return the partition all messages about this customer go to."""
    return customer_id.bytes[-1] % PARTITIONS


async def page_after(connection: asyncpg.Connection, position: int, limit: int) -> Sequence[asyncpg.Record]:
    """Return the next rows of the decision log."""
    rows: Sequence[asyncpg.Record] = await connection.fetch(_PAGE, position, limit)
    return rows


class Marks(msgspec.Struct):
    """The positions of the last events that may have joined customers, and that changed a campaign.

    Packed facts carry them, so that a worker knows how far its picture of both must have come before it acts on them.
    """

    customers: int
    campaigns: int

    def pass_by(self, topic: str, position: int) -> None:
        """Move on if the event is of one of the two kinds."""
        if topic.startswith(("customer.", "identity_rules.")):
            self.customers = position
        elif topic.startswith("campaign.") and not topic.startswith("campaign.offer_reserved."):
            self.campaigns = position


async def messages_of(
    connection: asyncpg.Connection, rows: Sequence[asyncpg.Record], prefix: str, marks: Marks
) -> AsyncIterator[Message]:
    """Yield the messages of the rows, in order, moving the marks along."""
    for row in rows:
        position, topic = row["notification_id"], row["topic"]
        marks.pass_by(topic, position)
        if topic == FactsSealed.TOPIC:
            async for message in _sealed(connection, row, prefix, marks):
                yield message
            continue
        about = _about(row["state"]).customer_id or row["originator_id"]
        area, _, happening = topic.partition(".")
        body = b'{"specversion":"1.0","id":"%d","source":"koi","type":"%s","subject":"%s","data":%s}' % (
            position,
            topic.encode(),
            str(row["originator_id"]).encode(),
            row["state"],
        )
        subject = f"{prefix}.{partition_of(about)}.{area}.{happening.rsplit('.', 1)[0]}"
        yield Message(position, 0, 1, subject, body)


async def _sealed(
    connection: asyncpg.Connection, row: asyncpg.Record, prefix: str, marks: Marks
) -> AsyncIterator[Message]:
    position = row["notification_id"]
    seal = from_state(row["topic"], row["state"], row["originator_id"], 1)
    if not isinstance(seal, FactsSealed):
        msg = f"position {position} is no seal"
        raise TypeError(msg)
    packs: Sequence[asyncpg.Record] = ()
    horizon = seal.recorded_at - TRIGGER_HORIZON
    if seal.latest_occurred_at > horizon:
        packs = await connection.fetch(_FACTS, seal.recorded_at, seal.first_id, seal.last_id, horizon)
    for index, pack in enumerate(packs):
        yield Message(
            position,
            index,
            len(packs),
            f"{prefix}.{pack['partition']}.facts.sealed",
            b'{"specversion":"1.0","id":"%d.%d","source":"koi","type":"facts.sealed.v1","data":'
            b'{"position":%d,"marks":{"customers":%d,"campaigns":%d},"facts":%s}}'
            % (position, index, position, marks.customers, marks.campaigns, pack["facts"].encode()),
        )
    if not packs:  # so that the position still appears, in order
        yield Message(
            position,
            0,
            1,
            f"{prefix}.0.facts.recorded",
            b'{"specversion":"1.0","id":"%d","source":"koi","type":"facts.sealed.v1","data":%s}'
            % (position, row["state"]),
        )
