"""`koi simulate marketplaces`: shops for who has none."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx
import msgspec

from commands.marketplaces.shop import shop_of
from commands.runtime.sources import read_sources
from tests.patience import PATIENCE
from workers.cli.simulating import Simulated


async def test_the_simulated_shops_are_declared_and_answer(tmp_path: Path) -> None:
    """The files lie in the sources folder, the platforms at the address they name; Ctrl-C ends it."""
    koi = Path(sys.executable).with_name("koi")
    environment = os.environ | {"KOI_HOME": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(
        *(str(koi), "simulate", "marketplaces", "--declare", "--json", "--port", "0", "--orders", "8", "--days", "2"),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        told = msgspec.json.decode(await asyncio.wait_for(process.stdout.readline(), PATIENCE), type=Simulated)
        shops = [shop_of(source) for source in read_sources(tmp_path / "sources")]
        assert sorted(shop.kind for shop in shops) == ["douyin", "jd", "taobao", "youzan"]
        assert all(shop.platform.url.startswith(told.address) for shop in shops)
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(f"{told.address}/taobao/router/rest", data={"method": "taobao.refund.get"})
        assert answer.json()["error_response"]["code"] == 29
    finally:
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), PATIENCE) in {0, 130}
