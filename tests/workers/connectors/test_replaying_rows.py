"""Rows of files are replayed through the mapping their source has now; what the file had taken is untouched."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from commands.activity.intake import Intake
from commands.activity.quarantine import Chosen
from commands.activity.replaying import Replayed, replay_asked
from commands.activity.settling import ask_replay, claimed
from commands.runtime.settings import Settings
from tests.workers.connectors.delivering import RECEIPTS, Delivery, line
from workers.quarantine.replayers import replayers

# The till writes exchanges as well since this week.
MORE = RECEIPTS.replace('"退货" = "order.refunded"', '"退货" = "order.refunded", "换货" = "order.completed"')
ROWS = [
    line("R1"),
    line("R2", type="换货", paid="5.00"),
    line("R2", 2, paid="1.00"),
    line("R3", paid="a lot"),
    line("R4", card="M4"),
]


@asynccontextmanager
async def replaying(delivery: Delivery, settings: Settings) -> AsyncIterator[Replayed]:
    """Ask for everything, and replay it."""
    async with Intake(delivery.into.store, delivery.into.naming) as intake:
        await ask_replay(delivery.pool, Chosen(), by="li")
        yield await replay_asked(delivery.into.quarantine, replayers(settings, delivery.into, intake))


def declare(settings: Settings, mapping: str) -> None:
    """Declare the mapping of the tills, or correct it."""
    settings.sources_folder.mkdir(parents=True, exist_ok=True)
    (settings.sources_folder / "tills.toml").write_text(mapping)


async def test_rows_are_replayed_through_the_corrected_mapping(delivery: Delivery, settings: Settings) -> None:
    """A receipt comes with all its lines; what is broken still says so; nothing comes twice."""
    declare(settings, RECEIPTS)
    report = await delivery.bring(delivery.write(ROWS))
    assert (report.items, report.quarantined) == (2, 3)
    before = [fact for fact in await delivery.facts() if fact["body"]["order_id"] in {"R1", "R4"}]
    declare(settings, MORE)
    async with replaying(delivery, settings) as done:
        assert (done.replayed, done.refused) == (2, 1)
    facts = await delivery.facts()
    assert {fact["body"]["order_id"]: fact["amount"] for fact in facts} == {"R1": 1990, "R2": 600, "R4": 1990}
    assert [fact for fact in facts if fact["body"]["order_id"] in {"R1", "R4"}] == before
    assert await delivery.is_sealed_truly()
    entries = {one.line: one for one in await delivery.into.quarantine.newest()}
    assert [(entries[number].state, entries[number].reason) for number in (3, 4, 5)] == [
        ("replayed", "value.invalid"),
        ("replayed", "group.incomplete"),
        ("open", "value.invalid"),
    ]
    async with replaying(delivery, settings) as again:
        assert (again.replayed, again.refused) == (0, 1)
    assert await delivery.facts() == facts


async def test_a_replay_killed_before_its_outcome_was_kept_takes_nothing_twice(
    delivery: Delivery, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same entries make the same small file, which is known."""
    declare(settings, RECEIPTS)
    await delivery.bring(delivery.write(ROWS))
    declare(settings, MORE)
    with monkeypatch.context() as patched:

        async def killed(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        patched.setattr("workers.quarantine.file_rows.settle_refused", killed)
        with pytest.raises(KeyboardInterrupt):
            async with replaying(delivery, settings):
                pass
    assert len(await claimed(delivery.into.quarantine)) == 3
    facts = await delivery.facts()
    assert len(facts) == 3
    async with replaying(delivery, settings) as done:
        assert (done.replayed, done.refused) == (2, 1)
    assert await delivery.facts() == facts
    assert {one.line: one.state for one in await delivery.into.quarantine.newest()} == {
        3: "replayed",
        4: "replayed",
        5: "open",
    }


async def test_without_a_mapping_rows_stay_and_say_so(delivery: Delivery, settings: Settings) -> None:
    """As does a line that is no row at all."""
    await delivery.bring(delivery.write([*ROWS, "a line,of,nothing"]))
    async with replaying(delivery, settings) as done:
        assert (done.replayed, done.refused) == (0, 4)
    details = {one.detail.partition(":")[0] for one in await delivery.into.quarantine.newest()}
    assert details == {"it is no row of its file", "no declared source has the mapping pos shanghai/fact any more"}
