"""Erasing a person on a real log: all of her, for good, whatever is interrupted, and nobody else."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from commands.activity.quarantine import Quarantine, Unusable
from commands.identity.customers import SuppressedError
from commands.identity.erase_customer import EraseCustomer, erase_customer
from commands.identity.erasing import Erasing
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore, open_event_store
from commands.runtime.secrets import Secrets
from domain.identity.claim import CustomerErasedError
from domain.identity.customer import Customer
from domain.kernel.errors import InvalidInputError
from domain.kernel.ids import derived
from tests.commands.identity.erasing import CLERK, erased, erasing_in
from tests.commands.identity.test_customer_commands import NAMING, PHONE, given, registered


@pytest.fixture
async def store(database: str, secrets: Secrets) -> AsyncIterator[EventStore]:
    """The log of this test's own."""
    async with open_event_store(database, secrets.master_key, pool_size=4) as opened:
        yield opened


@pytest.fixture
def erasing(store: EventStore, secrets: Secrets, tmp_path: Path) -> Erasing:
    """What an erasure works with; no view is kept here, so that all is found in the log."""
    return erasing_in(store, secrets, tmp_path / "lake", NAMING)


async def keys(pool: asyncpg.Pool) -> int:
    """How many keys there are."""
    return int(await pool.fetchval("SELECT count(*) FROM subject_key"))


async def test_everything_that_is_one_person_is_erased(store: EventStore, erasing: Erasing) -> None:
    """The customer named and those joined to her by what they claim; a stranger stays who he is."""
    member = await registered(store.streams, ("member_code", "M-1"), ("phone", PHONE), name="王芳")
    shop = await registered(store.streams, ("openid", "wx1:o-abc"), ("phone", PHONE))
    stranger = await registered(store.streams, ("member_code", "M-2"), name="李雷")
    receipt = await erased(erasing, customer_id=member.id)
    assert (receipt.state, set(receipt.customers)) == ("completed", {member.id, shop.id})
    assert receipt.destroyed["keys"] == 2
    assert receipt.sha256 == receipt.digest
    assert await keys(store.pool) == 1
    for one in (member, shop):
        assert (await store.streams.load(Customer, one.id)).is_erased
        assert not any(event.is_personal for event in await store.streams.history([one.id]))
    kept = await store.streams.load(Customer, stranger.id)
    assert kept.attributes["name"].value == "李雷"


async def test_what_was_worked_out_about_her_goes_too(store: EventStore, erasing: Erasing) -> None:
    """Predictions with their reasons, and her place in lists of people; her neighbour keeps his."""
    member = await registered(store.streams, ("member_code", "M-1"), name="王芳")
    stranger = await registered(store.streams, ("member_code", "M-2"), name="李雷")
    predicted = (
        "INSERT INTO prediction (model, profile_id, at, model_version, further) VALUES ('ltv', $1, now(), 1, '{}')"
    )
    for one in (member, stranger):
        await store.pool.execute(predicted, one.id)
        await store.pool.execute("INSERT INTO segment_list VALUES ($1, $2)", derived("segment list", "vip"), one.id)
    receipt = await erased(erasing, customer_id=member.id)
    assert (receipt.destroyed["predictions"], receipt.destroyed["segment_lists"]) == (1, 1)
    left = "SELECT profile_id FROM prediction UNION SELECT customer_id FROM segment_list"
    assert [row["profile_id"] for row in await store.pool.fetch(left)] == [stranger.id]


async def test_a_person_is_erased_by_any_identifier_and_kept_out_by_all(store: EventStore, erasing: Erasing) -> None:
    """Naming the phone erases the member; her member code names nobody any more."""
    member = await registered(store.streams, ("member_code", "M-1"), ("phone", PHONE))
    await erased(erasing, identifiers=given(("phone", "138-0013-8000")))
    assert (await store.streams.load(Customer, member.id)).is_erased
    for name in (("member_code", "M-1"), ("phone", PHONE)):
        with pytest.raises(SuppressedError):
            await registered(store.streams, name)
    with pytest.raises(CustomerErasedError):
        store.keyring.seal(member.id, b"clear")


async def test_a_phone_that_many_use_is_nobodys_to_be_erased_by(store: EventStore, erasing: Erasing) -> None:
    """A store's phone stands in many members' records: theirs stay, and it goes on being taken in."""
    members = [await registered(store.streams, ("member_code", f"M-{n}"), ("phone", PHONE)) for n in range(40)]
    with pytest.raises(InvalidInputError, match="several people"):
        await erased(erasing, identifiers=given(("phone", PHONE)))
    receipt = await erased(erasing, customer_id=members[0].id)
    assert (receipt.customers, receipt.suppressed) == ((members[0].id,), (members[0].id,))
    assert (await registered(store.streams, ("member_code", "M-99"), ("phone", PHONE))).version > 0


async def test_who_was_never_seen_is_kept_out_as_well(store: EventStore, erasing: Erasing) -> None:
    """A revoked authorisation may name somebody no file has named yet."""
    receipt = await erased(erasing, identifiers=given(("phone", PHONE)))
    assert (receipt.customers, len(receipt.suppressed)) == ((), 1)
    with pytest.raises(SuppressedError):
        await registered(store.streams, ("member_code", "M-7"), ("phone", PHONE))


async def test_a_repeat_is_the_same_erasure(erasing: Erasing, store: EventStore) -> None:
    """Its receipt is the first one's, and nothing more is recorded."""
    member = await registered(store.streams, ("member_code", "M-1"))
    by = Context(actor="wechat", command_id=derived("revoked", "event-1"))
    first = await erased(erasing, by=by, customer_id=member.id)
    assert await erased(erasing, by=by, customer_id=member.id) == first


async def test_what_the_quarantine_holds_about_her_goes_and_nothing_else(
    store: EventStore, erasing: Erasing, secrets: Secrets
) -> None:
    """However her phone was spelled there."""
    member = await registered(store.streams, ("member_code", "M-1"), ("phone", PHONE))
    quarantine = Quarantine(store.pool, secrets.master_key)
    rows = [f'{{"tel":"{spelled}"}}' for spelled in (PHONE, "+86 138 0013 8000", "138001380001", "13900139000")]
    entries = [
        Unusable(batch_key="file", line=line, reason="value.invalid", detail="paid: not a number", raw=row.encode())
        for line, row in enumerate(rows)
    ]
    await quarantine.put("pos", entries)
    receipt = await erased(erasing, customer_id=member.id)
    assert receipt.destroyed["quarantine_entries"] == 2
    left = {entry.raw for entry in await quarantine.newest(in_clear=True) if entry.raw}
    assert left == set(rows[2:])


async def test_somebody_and_a_ground_must_be_named(erasing: Erasing) -> None:
    """An erasure nobody can judge later is not carried out."""
    with pytest.raises(InvalidInputError):
        await erased(erasing)
    command = EraseCustomer(reason=" ", legal_basis="pipl-47", identifiers=given(("phone", PHONE)))
    with pytest.raises(InvalidInputError):
        await erase_customer(command, by=CLERK, erasing=erasing)


async def test_the_receipt_lies_beside_the_lake(store: EventStore, erasing: Erasing) -> None:
    """Outside the database, and without a name."""
    member = await registered(store.streams, ("member_code", "M-1"), ("phone", PHONE))
    receipt = await erased(erasing, customer_id=member.id)
    assert erasing.receipts.ids() == {receipt.id}
    assert erasing.receipts.get(receipt.id) == receipt
    assert PHONE not in repr(receipt)
