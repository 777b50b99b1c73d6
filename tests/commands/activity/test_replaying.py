"""Replays: what could not be read yesterday becomes history once it can be, once; the rest says why not."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from commands.activity.intake import Intake
from commands.activity.quarantine import Chosen, Quarantine, Unusable
from commands.activity.replaying import Replayed, parsed_replayers, replay_asked
from commands.activity.settling import ask_replay, claimed, discard, discard_aged
from commands.runtime.event_store import open_event_store
from commands.runtime.secrets import Secrets
from domain.activity.vocabulary import Vocabulary
from domain.identity.naming import Naming

NAMING = Naming(b"p" * 32)
PHONE = "13800138000"


def entry(document: object, *, key: str, reason: str = "event.unknown") -> Unusable:
    """Something a tracker sent."""
    return Unusable(batch_key=key, line=0, reason=reason, detail="it was", raw=msgspec.json.encode(document))


def track(message_id: str, **fields: object) -> dict[str, object]:
    """A message that can be read today."""
    message = {"type": "track", "messageId": message_id, "event": "Product Viewed", "userId": "M1", "properties": {}}
    return message | fields


async def replay(database: str, secrets: Secrets, *, by: str = "li") -> tuple[Replayed, list[dict[str, object]], int]:
    """Ask for everything open, replay it, and return what came of it, the entries, and how many facts there are."""
    async with (
        open_event_store(database, secrets.master_key) as store,
        Intake(store, NAMING) as intake,
    ):
        quarantine = Quarantine(store.pool, secrets.master_key)
        await ask_replay(store.pool, Chosen(), by=by)
        done = await replay_asked(quarantine, parsed_replayers(quarantine, intake, Vocabulary.load()))
        lying = [msgspec.structs.asdict(one) for one in await quarantine.newest(in_clear=True)]
        return done, lying, await store.pool.fetchval("SELECT count(*) FROM fact_log")


async def test_a_message_that_can_be_read_now_becomes_history_once(database: str, secrets: Secrets) -> None:
    """Its neighbours that cannot stay, with the reason of today; what is settled is not kept any more."""
    async with open_event_store(database, secrets.master_key) as store:
        quarantine = Quarantine(store.pool, secrets.master_key)
        await quarantine.put("web", [entry(track("m1"), key="a"), entry(track("m1"), key="b")], came_by="segment")
        await quarantine.put("web", [entry(track("m2", userId=None), key="c")], came_by="segment")
        event = {"specversion": "1.0", "id": "1", "source": "s", "type": "com.example.cart.item_added"}
        subject = {"subject": "member_code:10086", "data": {"product_id": "P"}}
        await quarantine.put("shop", [entry(event | subject, key="d")], came_by="cloudevents")
        await quarantine.put("old", [entry({}, key="e")])
    done, lying, facts = await replay(database, secrets)
    assert (done.replayed, done.known, done.refused) == (2, 1, 2)
    assert facts == 2
    by_key = {one["batch_key"]: one for one in lying}
    assert [by_key[key]["state"] for key in "abcde"] == ["replayed", "replayed", "open", "replayed", "open"]
    assert by_key["c"]["reason"] == "identifier.missing"
    assert by_key["a"]["raw"] is None
    assert by_key["c"]["raw"] is not None
    assert by_key["a"]["settled_by"] == "li"
    again, _, facts = await replay(database, secrets)
    assert (again.replayed, again.refused, facts) == (0, 2, 2)


async def test_a_replay_that_was_killed_is_finished_by_the_next(database: str, secrets: Secrets) -> None:
    """What it had claimed is replayed first; what it had taken is known."""
    async with open_event_store(database, secrets.master_key) as store:
        quarantine = Quarantine(store.pool, secrets.master_key)
        await quarantine.put("web", [entry(track(f"m{n}"), key=f"k{n}") for n in range(5)], came_by="segment")
        await ask_replay(store.pool, Chosen(), by="li")
        assert len(await claimed(quarantine)) == 5  # and then the process was gone
    done, lying, facts = await replay(database, secrets)
    assert (done.replayed, facts) == (5, 5)
    assert {one["state"] for one in lying} == {"replayed"}


async def test_what_was_settled_and_comes_again_lies_there_again(database: str, secrets: Secrets) -> None:
    """Nothing is ever dropped silently: it was thrown away once, not for ever."""
    async with open_event_store(database, secrets.master_key) as store:
        quarantine = Quarantine(store.pool, secrets.master_key)
        bad = entry({"phone": PHONE}, key="a")
        await quarantine.put("web", [bad], came_by="segment")
        assert await discard(store.pool, Chosen(source="web"), by="li", why="a test") == 1
        (thrown,) = await quarantine.newest(in_clear=True)
        assert (thrown.state, thrown.raw, thrown.settled_by, thrown.outcome) == ("discarded", None, "li", "a test")
        await quarantine.put("web", [bad, bad], came_by="segment")
        (back,) = await quarantine.newest(in_clear=True)
        assert (back.state, PHONE in (back.raw or "")) == ("open", True)


async def test_the_age_of_an_entry_is_limited(database: str, secrets: Secrets) -> None:
    """What nobody repaired within it is thrown away; a younger entry is not."""
    async with open_event_store(database, secrets.master_key) as store:
        quarantine = Quarantine(store.pool, secrets.master_key)
        await quarantine.put("web", [entry({}, key="a")])
        assert await discard_aged(store.pool, datetime.now(UTC) - timedelta(days=1)) == 0
        assert await discard_aged(store.pool, datetime.now(UTC) + timedelta(days=1)) == 1
        (thrown,) = await quarantine.newest()
        assert (thrown.state, thrown.settled_by) == ("discarded", "retention")


@pytest.mark.parametrize(
    ("chosen", "keys"),
    [
        (Chosen(source="web"), {"a", "b"}),
        (Chosen(reason="r2"), {"b", "c"}),
        (Chosen(state="open", source="pos"), {"c"}),
        (Chosen(since=datetime(2100, 1, 1, tzinfo=UTC)), set()),
        (Chosen(until=datetime(2100, 1, 1, tzinfo=UTC)), {"a", "b", "c"}),
    ],
)
async def test_entries_are_found_by_source_reason_state_and_time(
    database: str, secrets: Secrets, chosen: Chosen, keys: set[str]
) -> None:
    """And counted by source and reason."""
    async with open_event_store(database, secrets.master_key) as store:
        quarantine = Quarantine(store.pool, secrets.master_key)
        await quarantine.put("web", [entry({}, key="a", reason="r1"), entry({}, key="b", reason="r2")])
        await quarantine.put("pos", [entry({}, key="c", reason="r2")])
        assert {one.batch_key for one in await quarantine.newest(chosen=chosen)} == keys
        counts = {(one.source, one.reason): one.entries for one in await quarantine.counts(state="open")}
        assert counts == {("web", "r1"): 1, ("web", "r2"): 1, ("pos", "r2"): 1}
