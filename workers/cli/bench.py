"""`koi bench`."""

import asyncio
import importlib
from pathlib import Path
from typing import Annotated, Literal

import cyclopts
from cyclopts import Parameter
from rich.console import Console

from workers.bench.report import show, write

Name = Literal["ingest", "trigger", "burst", "backfill", "replay"]

app = cyclopts.App(name="bench", help="Measure Koi beside what this machine can do, on a data directory of its own.")


@app.default
def bench(
    name: Name,
    *,
    items: Annotated[int | None, Parameter(help="How many; by default as many as take about a minute.")] = None,
    json: Annotated[Path | None, Parameter(help="Write the figures to this file too.")] = None,
) -> None:
    """Run one bench: it starts what it needs, measures its floor in the same run, and prints both.

    ingest: batches of 50 events over HTTP until every view shows them.
    trigger: one event posted, one message at the sink.
    burst: 500 new customers enter a journey at once.
    backfill: facts from a file to log, profiles and lake.
    replay: customer_360 rebuilt from its events.
    """
    module = importlib.import_module(f"workers.bench.{name}")
    report = asyncio.run(getattr(module, name)(items or module.DEFAULT_ITEMS))
    show(report, Console())
    if json:
        write(report, json)
