"""An erasure ends what is under way: walks and messages of the person, nobody else's; the lake keeps no clear value."""

from pathlib import Path
from uuid import UUID

import pyarrow.parquet as pq

from commands.activity.intake import Intake
from commands.channels.dispatch_message import DispatchMessage, dispatch_message
from commands.runtime.event_store import open_event_store
from commands.runtime.secrets import Secrets
from domain.channels.message import Message
from domain.identity.identifier import identifier
from domain.journeys.run import JourneyRun, message_id
from projections.engine.verify import verify
from projections.lake.projector import lake_at
from tests.commands.activity.test_admission import HERS, NAMING, viewed
from tests.commands.campaigns.test_advance_journey import ADDED, DUE, HALF_PAST, run_of, tell
from tests.commands.identity.erasing import CLERK, erased, erasing_in
from tests.commands.launched import a_launched_campaign
from tests.projections.following import current


async def test_walks_end_and_messages_stay_unsent(database: str, secrets: Secrets, tmp_path: Path) -> None:
    """One who waits in a journey, one whose message waits to be sent; a neighbour goes on."""
    async with open_event_store(database, secrets.master_key) as store, Intake(store, NAMING) as intake:
        streams = store.streams
        waiting, told, neighbour = (NAMING.customer_id(identifier("member_code", f"W{n}")) for n in range(3))
        people = [viewed(("member_code", f"W{n}"), message_id=f"w{n}") for n in range(3)]
        await intake.take(people)
        campaign_id = await a_launched_campaign(streams)
        for one in (waiting, told, neighbour):
            await tell(streams, campaign_id, ADDED, customer_id=one)
        await tell(streams, campaign_id, DUE, HALF_PAST, told)
        asked = message_id((await run_of(streams, campaign_id, told)).id, "tell", 3)
        works = erasing_in(store, secrets, tmp_path / "lake", NAMING)
        receipts = [await erased(works, customer_id=one) for one in (waiting, told)]
        assert [(one.destroyed["walks"], one.destroyed["messages"]) for one in receipts] == [(1, 0), (1, 1)]
        assert (await run_of(streams, campaign_id, waiting)).state.status == "finished"
        assert (await streams.load(Message, asked)).status == "suppressed"
        assert (await run_of(streams, campaign_id, neighbour)).state.status == "waiting"
        late = DispatchMessage(message_id=asked, members=(told,), guards_duplicates=True, now=HALF_PAST)
        assert await dispatch_message(late, streams=streams, by=CLERK) is None
        exits = await store.pool.fetchval("SELECT count(*) FROM decision_log WHERE topic = $1", JourneyRun.Exited.TOPIC)
        assert exits == 1


async def test_the_lake_holds_no_clear_value_and_is_written_the_same_again(
    database: str, secrets: Secrets, tmp_path: Path
) -> None:
    """What was sealed before the erasure lies there sealed for ever, under a key that is gone."""
    lake = lake_at((tmp_path / "lake").as_uri(), database, most_rows=1)
    async with open_event_store(database, secrets.master_key) as store, Intake(store, NAMING) as intake:
        await intake.take([viewed(*HERS)])
        her: UUID = NAMING.customer_id(identifier("member_code", "M1"))
        works = erasing_in(store, secrets, tmp_path / "lake", NAMING)
        receipt = await erased(works, customer_id=her)
        await current(database, receipt.position, lake)
        files = list((tmp_path / "lake").rglob("*.parquet"))
        assert files
        for file in files:
            text = str(pq.read_table(file).to_pylist())
            for value in ("王芳", "13800138000", "tablet-1"):
                assert value not in text
        (sealed,) = await store.pool.fetch("SELECT sealed FROM fact_log WHERE sealed IS NOT NULL")
        await store.keyring.apart().load([her])
        assert store.keyring.unseal(her, sealed["sealed"]) is None
        assert (await verify(database, lake)).equal
