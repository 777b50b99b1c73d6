"""An erased person is not taken in again, by whatever door and name; others on her tablet are."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from commands.activity.intake import Intake
from commands.runtime.event_store import EventStore, open_event_store
from commands.runtime.secrets import Secrets
from domain.activity.activity import Activity
from domain.identity.customer import Customer
from domain.identity.identifier import identifier
from domain.identity.naming import Naming
from tests.commands.identity.erasing import erased, erasing_in
from tests.commands.identity.test_customer_commands import given

AT = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
NAMING = Naming(b"p" * 32)


def viewed(*names: tuple[str, str], message_id: str = "m1") -> Activity:
    """Somebody with these names, the strongest first, looked at a product."""
    return Activity(
        message_id=message_id,
        source="app",
        name="product.viewed",
        occurred_at=AT,
        received_at=AT,
        identifiers=tuple(identifier(*name) for name in names),
        personal={"properties": {"receiver_name": "王芳"}},
        traits={"name": "王芳"},
    )


HERS = (("member_code", "M1"), ("phone", "13800138000"), ("device", "tablet-1"), ("anonymous", "browser-1"))


async def opened_after(store: EventStore, secrets: Secrets, tmp_path: Path, intake: Intake) -> None:
    """Take her in, then erase her."""
    assert (await intake.take([viewed(*HERS, message_id="m0")])).accepted == 1
    await erased(erasing_in(store, secrets, tmp_path / "lake", NAMING), identifiers=given(("member_code", "M1")))


@pytest.mark.parametrize(
    ("names", "is_taken"),
    [
        ((("member_code", "M1"),), False),
        ((("member_code", "M9"), ("phone", "13800138000")), False),
        ((("device", "tablet-1"),), False),
        ((("anonymous", "browser-1"),), False),
        ((("member_code", "M9"), ("device", "tablet-1"), ("anonymous", "browser-1")), True),
        ((("device", "tablet-2"), ("anonymous", "browser-1")), False),
        ((("member_code", "M9"),), True),
    ],
)
async def test_what_names_an_erased_person_is_counted_and_not_kept(
    database: str, secrets: Secrets, tmp_path: Path, names: tuple[tuple[str, str], ...], *, is_taken: bool
) -> None:
    """Under the names of a person, or on her things alone."""
    async with open_event_store(database, secrets.master_key) as store, Intake(store, NAMING) as intake:
        await opened_after(store, secrets, tmp_path, intake)
        taken = await intake.take([viewed(*names), viewed(("member_code", "M2"), message_id="m2")])
        assert (taken.accepted, taken.suppressed) == (1 + is_taken, 1 - is_taken)
        other = await store.streams.load(Customer, NAMING.customer_id(identifier(*names[0])))
        if is_taken:  # what was hers is no claim of his
            assert set(other.claims.values()) == {"member_code"}


async def test_another_process_that_has_not_heard_yet_is_stopped_under_the_lock(
    database: str, secrets: Secrets, tmp_path: Path
) -> None:
    """Between the erasure and the news of it nothing slips in."""
    async with (
        open_event_store(database, secrets.master_key) as store,
        open_event_store(database, secrets.master_key) as other,
        Intake(store, NAMING) as intake,
        Intake(other, NAMING) as deaf,
    ):
        assert (await deaf.take([viewed(*HERS, message_id="m9")])).accepted == 1
        await opened_after(store, secrets, tmp_path, intake)
        other.suppressions.position = 0
        other.suppressions._ids.clear()  # noqa: SLF001 - there is no other way not to hear
        taken = await deaf.take([viewed(*HERS), viewed(("member_code", "M2"), message_id="m2")])
        assert (taken.accepted, taken.suppressed) == (1, 1)
        assert await store.pool.fetchval("SELECT count(*) FROM subject_key") == 1


async def test_every_process_forgets_the_keys(database: str, secrets: Secrets, tmp_path: Path) -> None:
    """One that has just shown her name cannot a moment later."""
    async with (
        open_event_store(database, secrets.master_key) as store,
        open_event_store(database, secrets.master_key) as other,
        Intake(store, NAMING) as intake,
    ):
        await intake.take([viewed(*HERS, message_id="m0")])
        her = NAMING.customer_id(identifier("member_code", "M1"))
        await other.keyring.load([her])
        sealed = other.keyring.seal(her, b"clear")
        assert other.keyring.unseal(her, sealed) == b"clear"
        await erased(erasing_in(store, secrets, tmp_path / "lake", NAMING), customer_id=her)
        await other.suppressions.refresh()  # at the latest after a second, by itself
        assert other.keyring.unseal(her, sealed) is None
        await other.keyring.load([her])
        assert other.keyring.unseal(her, sealed) is None
