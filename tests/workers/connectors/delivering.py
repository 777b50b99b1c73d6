"""What the tests of imports share: a source's receipts and their mapping, and what became of them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from commands.runtime.facts import DIGEST
from domain.activity.sealing import FactsSealed
from domain.ingestion.mapping import Mapping
from domain.ingestion.mapping_reading import read
from domain.kernel.stored import from_state
from workers.connectors.destination import Destination
from workers.connectors.importing import check_file, import_file
from workers.connectors.report import FileReport

RECEIPTS = """
source   = "pos shanghai"
row      = "fact"
event    = { column = "type", values = { "销售" = "order.completed", "退货" = "order.refunded" } }
group_by = ["receipt"]
key      = ["receipt", "line"]
time     = "paid_at"
unit     = "yuan"
amount   = "paid"

identifier = [{ column = "card", type = "member_code" }, { column = "phone", type = "phone" }]

[fields]
order_id      = "receipt"
receiver_name = "name"

[lines]
product_id = "sku"
quantity   = { column = "qty", type = "integer" }
amount     = { column = "paid", type = "money" }
"""
HEADER = "receipt,line,type,paid_at,card,phone,name,sku,qty,paid"


def line(receipt: str, number: int = 1, **changes: str) -> str:
    """One line of a receipt as the till writes it, varied by column."""
    values = {"receipt": receipt, "line": str(number), "type": "销售", "paid_at": "2026-11-01 10:00:00"}
    values |= {"card": "M1", "phone": "", "name": "", "sku": "A", "qty": "1", "paid": "19.90"} | changes
    return ",".join(values.values())


def written(folder: Path, lines: Sequence[str], *, name: str = "sales.csv", encoding: str = "utf-8") -> Path:
    """Write a file of these lines under the header of receipts."""
    file = folder / name
    file.write_bytes("\n".join([HEADER, *lines, ""]).encode(encoding))
    return file


class Delivery:
    """A source's folder and the Koi it is imported into."""

    def __init__(self, folder: Path, into: Destination) -> None:
        self.folder = folder
        self.into = into
        self.pool: asyncpg.Pool = into.store.pool

    def write(self, lines: Sequence[str], *, name: str = "sales.csv", encoding: str = "utf-8") -> Path:
        """Deliver a file of these lines under the header of receipts."""
        return written(self.folder, lines, name=name, encoding=encoding)

    async def bring(self, file: Path, mapping: str | Mapping = RECEIPTS) -> FileReport:
        """Import a file under a mapping."""
        declared = read(mapping) if isinstance(mapping, str) else mapping
        return await import_file(str(file), declared, self.into, base=self.folder)

    def look(self, file: Path, mapping: str = RECEIPTS) -> FileReport:
        """Say what an import would do."""
        naming = self.into.naming
        return check_file(str(file), read(mapping), base=self.folder, home=self.into.home, naming=naming)

    async def facts(self) -> list[dict[str, Any]]:
        """All facts by their time, then by what they say, bodies decoded."""
        rows = await self.pool.fetch('SELECT * FROM fact_log ORDER BY occurred_at, body::text COLLATE "C"')
        return [{**row, "body": msgspec.json.decode(row["body"])} for row in rows]

    async def seals(self) -> list[FactsSealed]:
        """All seals in their order."""
        query = "SELECT originator_id, topic, state FROM decision_log WHERE topic = $1 ORDER BY notification_id"
        rows = await self.pool.fetch(query, FactsSealed.TOPIC)
        events = [from_state(row["topic"], row["state"], row["originator_id"], 1) for row in rows]
        return [event for event in events if isinstance(event, FactsSealed)]

    async def is_sealed_truly(self) -> bool:
        """Whether every seal's digest, count and latest time are those of the rows as the database reads them."""
        query = DIGEST.format(recorded_at="$1", first_id="$2", last_id="$3")
        for seal in await self.seals():
            row = await self.pool.fetchrow(query, seal.recorded_at, seal.first_id, seal.last_id)
            said = (seal.sha256, seal.count, seal.latest_occurred_at)
            if row is None or (row["sha256"], row["count"], row["latest"]) != said:
                return False
        return True

    async def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(await self.pool.fetchval(f"SELECT count(*) FROM {table}"))


async def content(pool: asyncpg.Pool | asyncpg.Connection) -> tuple[str, int, list[str]]:
    """Return what a history says, whenever it was recorded: a digest of its facts, how many, and its customers."""
    digest = hashlib.sha256()
    rows = await pool.fetch(
        "SELECT occurred_at, customer_id, name, source, amount, currency, body FROM fact_log ORDER BY fact_id"
    )
    for row in rows:
        digest.update(repr(tuple(row.values())).encode())
    customers = await pool.fetch(
        "SELECT DISTINCT originator_id::text AS id FROM decision_log WHERE topic = 'customer.registered.v1' ORDER BY 1"
    )
    return digest.hexdigest(), len(rows), [row["id"] for row in customers]
