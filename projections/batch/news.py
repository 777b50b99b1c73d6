"""What came to the log after a position: of whom facts were told, or words."""

import asyncio
from typing import Final

import asyncpg
import pyarrow as pa

from domain.activity.sealing import FactsSealed
from projections.engine.page import coalesced, decode_seal
from projections.lake import reading as log

CUSTOMERS: Final = pa.schema({"customer_id": pa.string()})
_SEALS: Final = "SELECT state FROM decision_log WHERE topic = $2 AND notification_id > $1"
# Of every decision that has a customer's stream, and of identifiers also those who are known by them: more than what
# values look at, but nobody is missed.
_TOLD: Final = """
    WITH told AS (SELECT DISTINCT originator_id AS id FROM decision_log WHERE notification_id > {position})
    SELECT c.customer_id::text FROM identity_graph.customer AS c JOIN told ON told.id = c.customer_id
    UNION SELECT c.customer_id::text FROM identity_graph.claim AS c JOIN told ON told.id = c.identifier_id
"""


async def news_since(database_url: str, position: int) -> pa.Table:
    """Return the customers (`customer_id`) of whom something was told after a position of the log."""
    connection = await asyncpg.connect(database_url)
    try:
        seals = await connection.fetch(_SEALS, position, FactsSealed.TOPIC)
    finally:
        await connection.close()
    ranges = coalesced(decode_seal(row["state"]) for row in seals)
    facts = await asyncio.to_thread(log.customers_of, database_url, ranges)
    words = await asyncio.to_thread(log.query, database_url, _TOLD.format(position=position), CUSTOMERS)
    return pa.concat_tables([facts.cast(CUSTOMERS), words])
