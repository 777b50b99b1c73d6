"""An erasure holds: killed at any step it is finished, and a restored backup does not bring anybody back."""

import asyncio
import signal
import sys
from pathlib import Path

import psycopg
from psycopg import sql

from commands.activity.quarantine import Quarantine, Unusable
from commands.identity.customers import GivenIdentifier, SuppressedError
from commands.identity.lift_erasure import LiftErasure, lift_erasure
from commands.identity.reapplying import reapply
from commands.identity.register_customer import RegisterCustomer, register_customer
from commands.runtime.event_store import EventStore, open_event_store
from commands.runtime.secrets import Secrets
from domain.identity.customer import Customer
from domain.identity.identifier import identifier
from domain.identity.naming import Naming
from tests.commands.identity import killed
from tests.commands.identity.erasing import CLERK, erased, erasing_in
from workers.running.embedded_postgres import EmbeddedPostgres

_COPY = sql.SQL("CREATE DATABASE {} TEMPLATE {}")


def a_member(number: int) -> RegisterCustomer:
    """Somebody with a phone of her own, and a name."""
    phone = f"138{number:08}"
    return RegisterCustomer(
        identifiers=(
            GivenIdentifier(type="member_code", value=f"member-{number:04}"),
            GivenIdentifier(type="phone", value=phone),
        ),
        attributes={"name": "王芳"},
    )


async def registered(store: EventStore, naming: Naming, number: int) -> Customer:
    """Register a member, with a row of hers in the quarantine and a message in the sandbox."""
    made = await register_customer(a_member(number), by=CLERK, streams=store.streams, naming=naming)
    await store.pool.execute(
        "INSERT INTO sandbox_outbox (message_id, customer_id, channel, body, parameters) "
        "VALUES (gen_random_uuid(), $1, 'sms', '王芳,您好', '{}')",
        made.id,
    )
    return await store.streams.load(Customer, made.id)


async def nothing_is_left(store: EventStore, customer: Customer, name: str) -> bool:
    """Whether everything of hers that can be read is gone."""
    pool = store.pool
    gone = await pool.fetchrow(
        "SELECT NOT EXISTS (SELECT FROM subject_key WHERE subject_id = $1) AS keys,"
        " NOT EXISTS (SELECT FROM sandbox_outbox WHERE customer_id = $1) AS messages,"
        " NOT EXISTS (SELECT FROM quarantine WHERE sealed <> '' AND batch_key = $2) AS quarantine",
        customer.id,
        name,
    )
    is_erased = (await store.streams.load(Customer, customer.id)).is_erased
    return is_erased and gone is not None and all(gone)


async def test_killed_after_any_step_it_comes_to_the_same_end(database: str, secrets: Secrets, tmp_path: Path) -> None:
    """Kill -9 at each of them; the next start of any process finishes it, and its receipt counts everything once."""
    (tmp_path / "secrets.json").write_bytes(secrets.stored())
    naming = Naming(secrets.pepper)
    async with open_event_store(database, secrets.master_key, pool_size=4) as store:
        works = erasing_in(store, secrets, tmp_path / "lake", naming)
        quarantine = Quarantine(store.pool, secrets.master_key)
        people = {point: await registered(store, naming, number) for number, point in enumerate(killed.POINTS)}
        for number, point in enumerate(killed.POINTS):
            row = Unusable(batch_key=point, line=1, reason="r", detail="", raw=f"tel 138{number:08}".encode())
            await quarantine.put("pos", [row])
        deaths = await asyncio.gather(*(_erase_and_die(database, tmp_path, point, people[point]) for point in people))
        assert set(deaths) == {-signal.SIGKILL}
        await reapply(works)
        assert await reapply(works) == []
        receipts = [works.receipts.get(one) for one in works.receipts.ids()]
        assert len(receipts) == len(killed.POINTS)
        for receipt in receipts:
            assert (receipt.state, receipt.sha256) == ("completed", receipt.digest)
            counted = {kind: count for kind, count in receipt.destroyed.items() if count}
            expected = {"customers": 1, "keys": 1, "sandbox_messages": 1, "quarantine_entries": 1}
            assert counted == expected
        for point, customer in people.items():
            assert await nothing_is_left(store, customer, point)


async def _erase_and_die(database: str, home: Path, point: str, customer: Customer) -> int:
    program = [sys.executable, "-m", killed.__name__, database, str(home), point, str(customer.id)]
    process = await asyncio.create_subprocess_exec(*program)
    return await process.wait()


async def test_a_restored_backup_brings_nobody_back(
    database: str, postgres: EmbeddedPostgres, secrets: Secrets, tmp_path: Path
) -> None:
    """It is older than the erasure: keys and rows are there again, until Koi starts."""
    naming = Naming(secrets.pepper)
    backup = f"{database.partition('?')[0].rpartition('/')[2]}_backup"
    async with open_event_store(database, secrets.master_key, pool_size=4) as store:
        her, neighbour = await registered(store, naming, 1), await registered(store, naming, 2)
    await _execute(postgres.url, _COPY, backup, database.partition("?")[0].rpartition("/")[2])
    async with open_event_store(database, secrets.master_key, pool_size=4) as store:
        works = erasing_in(store, secrets, tmp_path / "lake", naming)
        receipt = await erased(works, customer_id=her.id)
    try:
        async with open_event_store(postgres.url_of(backup), secrets.master_key, pool_size=4) as restored:
            assert not await nothing_is_left(restored, her, "-")
            works = erasing_in(restored, secrets, tmp_path / "lake", naming)
            (again,) = await reapply(works)
            assert (again.id, again.customers, again.destroyed) == (receipt.id, receipt.customers, receipt.destroyed)
            assert await nothing_is_left(restored, her, "-")
            assert (await restored.streams.load(Customer, neighbour.id)).attributes["name"].value == "王芳"
            try:
                await register_customer(a_member(1), by=CLERK, streams=restored.streams, naming=naming)
            except SuppressedError:
                pass
            else:
                raise AssertionError("she came back")
    finally:
        await _execute(postgres.url, sql.SQL("DROP DATABASE {} WITH (FORCE)"), backup)


async def test_she_may_come_back_by_a_new_consent_and_begins_anew(
    database: str, secrets: Secrets, tmp_path: Path
) -> None:
    """Under the phone she gave, with a key of its own; what was erased stays so."""
    naming = Naming(secrets.pepper)
    async with open_event_store(database, secrets.master_key, pool_size=4) as store:
        her = await registered(store, naming, 1)
        works = erasing_in(store, secrets, tmp_path / "lake", naming)
        receipt = await erased(works, customer_id=her.id)
        member = a_member(1).identifiers[0]
        command = LiftErasure(identifiers=(member,), reason="joined again", evidence="form 2027-3")
        lifted = await lift_erasure(command, erasure_id=receipt.id, by=CLERK, erasing=works)
        assert lifted.lifted == (her.id,)
        back = await store.streams.load(Customer, her.id)
        assert (back.is_erased, back.attributes) == (False, {})
        assert back.identifiers == {her.id: ("member_code", "member-0001")}
        assert naming.customer_id(identifier("phone", "13800000001")) in store.suppressions
        assert await reapply(works) == []
        assert (await store.streams.load(Customer, her.id)).identifiers == back.identifiers


async def _execute(url: str, statement: sql.SQL, *names: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(statement.format(*map(sql.Identifier, names)))
