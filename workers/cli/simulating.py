"""`koi simulate`."""

import asyncio
import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import cyclopts
import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape

from commands.runtime.clock import now
from commands.runtime.services import read_services
from commands.runtime.settings import home_from, sources_folder_from
from domain.kernel.errors import KoiError
from workers.marketplaces.simulator.baskets import baskets
from workers.marketplaces.simulator.declaring import declared
from workers.marketplaces.simulator.marketplaces import Marketplaces
from workers.marketplaces.simulator.selling import Selling
from workers.marketplaces.simulator.serving import serving
from workers.sources.http import declaring
from workers.sources.http.examples import MEMBERS
from workers.sources.http.simulator import CrmSimulator

app = cyclopts.App(
    name="simulate",
    help="""Stand in for what a newcomer does not have: shops on marketplaces, a CRM.

They are asked as the real ones are: signed, paged by time of modification, with tokens that run out.
""",
)
_out = Console()


class PortTakenError(KoiError):
    """Something listens there already."""

    code = "port.taken"


class Simulated(msgspec.Struct, frozen=True, kw_only=True):
    """What is served: the address, and the sources to declare, by the names of their files."""

    address: str
    folder: str | None
    files: dict[str, str]


@app.command
def marketplaces(
    *,
    declare: Annotated[bool, Parameter(negative=())] = False,
    port: int = 8790,
    orders: int = 100,
    days: float = 30.0,
    every: float = 5.0,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> None:
    """Serve Taobao, JD, Douyin shop and Youzan on this machine, with shops that sell, until Ctrl-C.

    With a running Koi: `koi simulate marketplaces --declare`, and `koi sources list` in another terminal: orders of
    the last days arrive at once, new ones within seconds. Remove the four files from the sources folder to end it.

    Args:
        declare: Write the sources' files into the sources folder (KOI_SOURCES); else they are printed.
        port: Where to listen; 0 takes a free port.
        orders: How many orders each shop has had in the days before.
        days: How many days.
        every: Seconds between two new orders of a shop.
        as_json: Tell address and files as one JSON object.
    """
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would tell every message it pushes
    simulated = Marketplaces.selling_since(now())
    with suppress(KeyboardInterrupt, asyncio.CancelledError), _listening(port):
        asyncio.run(
            _serve(simulated, declare=declare, port=port, orders=orders, days=days, every=every, as_json=as_json)
        )


@app.command
def crm(
    *,
    declare: Annotated[bool, Parameter(negative=())] = False,
    port: int = 8791,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> None:
    """Serve a CRM of 1,000 members with tags and consents on this machine, until Ctrl-C.

    With a running Koi: `koi simulate crm --declare`, then `koi sources list`, and `GET /api/v1/tags` shows the tags.

    Args:
        declare: Write the sources' files into the sources folder (KOI_SOURCES); else they are printed.
        port: Where to listen; 0 takes a free port.
        as_json: Tell address and files as one JSON object.
    """
    with suppress(KeyboardInterrupt, asyncio.CancelledError), _listening(port):
        asyncio.run(_serve_crm(declare=declare, port=port, as_json=as_json))


@contextmanager
def _listening(port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTakenError(f"port {port} is taken: name another with --port, or 0 for a free one") from None


async def _serve_crm(*, declare: bool, port: int, as_json: bool) -> None:
    async with CrmSimulator(MEMBERS, token=declaring.TOKEN).running(port) as simulated:
        files = declaring.declared(simulated.url)
        folder = sources_folder_from(os.environ) if declare else None
        if folder:
            await asyncio.to_thread(_write, folder, files)
        told = Simulated(address=simulated.url, folder=str(folder) if folder else None, files=files)
        _tell("CRM", told, as_json=as_json)
        await asyncio.Event().wait()


async def _serve(
    simulated: Marketplaces, *, declare: bool, port: int, orders: int, days: float, every: float, as_json: bool
) -> None:
    until, found = now(), baskets(orders * len(simulated.shops))
    for number, shop in enumerate(simulated.shops.values()):
        shop.fill(found[number::4], until - timedelta(days=days), until)
    simulated.taobao.forget_messages()
    services = read_services(home_from(os.environ))
    koi = f"http://{services.host}:{services.port}" if services else None
    async with serving(simulated, port=port) as address:
        folder = sources_folder_from(os.environ) if declare else None
        files = declared(simulated, address, days=days)
        if folder:
            await asyncio.to_thread(_write, folder, files)
        told = Simulated(address=address, folder=str(folder) if folder else None, files=files)
        _tell("marketplaces 模拟电商平台", told, as_json=as_json)
        await Selling(simulated, found, every=every, koi=koi).run()


def _write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def _tell(what: str, simulated: Simulated, *, as_json: bool) -> None:
    if as_json:
        _out.print(msgspec.json.encode(simulated).decode(), soft_wrap=True, highlight=False, markup=False)
        return
    _out.print(f"Simulated {what}: [bold]{escape(simulated.address)}[/]", highlight=False)
    if simulated.folder:
        names = ", ".join(simulated.files)
        _out.print(f"Declared 已声明: {escape(names)} in {escape(simulated.folder)}", soft_wrap=True, highlight=False)
        _out.print("See them arrive 查看: koi sources list", highlight=False)
    else:
        _out.print("Put these into the sources folder, or start with --declare 放入数据源目录:", highlight=False)
        for name, text in simulated.files.items():
            _out.print(f"\n# ---- {name}\n{text}", highlight=False, markup=False, soft_wrap=True)
    _out.print("Ctrl-C ends it 结束.", highlight=False)
