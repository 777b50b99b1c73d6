"""The indexes are really used: what is quick on a test's ten rows stays quick on a hundred million."""

import asyncpg

from projections.customer_360 import facts
from projections.customer_360.projector import PROJECTION as CUSTOMER_360
from projections.engine.connecting import connect
from projections.event_timeline import queries as event_timeline
from projections.event_timeline.projector import PROJECTION as EVENT_TIMELINE
from projections.identity_graph import queries as identity_graph
from projections.identity_graph.projector import PROJECTION as IDENTITY_GRAPH
from tests.projections.following import current
from tests.projections.log import NOON, Log, a_fact, customer_id

LI = customer_id("li")


async def _plan(database: str, schema: str, statement: str, *parameters: object) -> str:
    """Return the generic plan, as if scanning a table were out of the question."""
    connection = await connect(database, schema, enable_seqscan="off", plan_cache_mode="force_generic_plan")
    rows = await connection.fetch(f"EXPLAIN {statement}", *parameters)
    await connection.close()
    return "\n".join(row[0] for row in rows)


async def test_the_members_of_a_profile_come_from_its_index(database: str, log: Log) -> None:
    """Never from a scan of all customers."""
    await current(database, log.register("li"), IDENTITY_GRAPH)

    plan = await _plan(database, "identity_graph", identity_graph.MEMBERS, LI)

    assert "customer_profile" in plan
    assert "Seq Scan" not in plan


async def test_a_timeline_reads_a_customer_s_latest_facts_from_the_index(database: str, log: Log) -> None:
    """In every month's partition, in the order asked for."""
    log.seal(a_fact("li"))
    await current(database, log.register("li"), EVENT_TIMELINE)
    direction = {"op": "<", "order": "DESC"}

    facts_plan = await _plan(database, "public", event_timeline.FACTS.format(**direction), [LI], NOON, 1, 1, 50)
    decisions_plan = await _plan(database, "public", event_timeline.DECISIONS.format(**direction), [LI], NOON, 1, 1, 50)

    assert "Index Scan Backward using fact_log_2026_11_customer_id_occurred_at_idx" in facts_plan
    assert "Index Scan Backward using decision_pkey" in decisions_plan
    assert "Seq Scan" not in facts_plan + decisions_plan


async def test_facts_are_counted_by_their_range_of_ids(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """A live batch costs what it holds, however much the month holds already."""
    await current(database, log.seal(a_fact("li")), CUSTOMER_360)

    plan = await _plan(database, "customer_360", facts.COUNT, NOON, NOON, 1, 200, ["order.completed"], [1])

    assert "fact_log_2026_11_pkey" in plan
    assert "Seq Scan" not in plan
