"""`koi sources`: what a person, or a nightly job, sees of the declared sources."""

import asyncio
import os
import sys
from typing import Any

import msgspec

from tests.workers.connectors.delivering import RECEIPTS, line
from tests.workers.sources.declaring import Shop


async def koi(shop: Shop, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    """Run `koi sources` as another process; return how it ended, its JSON lines, and what it complained of."""
    settings = shop.means.settings
    env = os.environ | {"KOI_HOME": str(settings.home), "KOI_DATABASE_URL": settings.database_url}
    env |= {"KOI_NATS_URL": settings.nats_url, "KOI_SECRETS_FILE": str(settings.secrets_file)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workers", "sources", *arguments),
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told, complained = await process.communicate()
    lines = [msgspec.json.decode(one) for one in told.splitlines() if one.startswith(b"{")]
    return process.returncode or 0, lines, complained.decode()


async def test_sources_are_checked_run_and_listed(shop: Shop) -> None:
    """A check writes nothing; a run is noted; a slip of the pen is told, and ends with 1."""
    shop.declare("till")
    shop.deliver("sales_1.csv", [line("R1"), line("R2", qty="x")])
    (shop.folder / "slip.toml").write_text("kind = ", encoding="utf-8")
    _, [checked], _ = await koi(shop, "check", "till", "--json")
    assert (checked["source"], checked["accepted"], checked["quarantined"]) == ("till", 1, 1)
    assert checked["files"][0]["refusals"][0]["lines"] == [3]
    assert await shop.facts() == []
    _, [ran], _ = await koi(shop, "run", "till", "--json")
    assert (ran["accepted"], ran["files"][0]["outcome"]) == (1, "imported")
    _, rows, _ = await koi(shop, "list", "--json")
    assert [(row["source"], row["state"]) for row in rows] == [("slip", "parked"), ("till", "waiting")]
    assert (rows[1]["run"]["accepted"], rows[1]["run"]["quarantined"]) == (1, 1)
    code, _, complained = await koi(shop, "run", "slip")
    assert (code, "cannot be read as TOML" in complained) == (1, True)
    shop.declare("wrong", RECEIPTS.replace("shanghai", "beijing").replace('"receipt", "line"', '"recipt"'))
    code, _, complained = await koi(shop, "check", "wrong")
    assert (code, "has no column recipt" in complained) == (1, True)
