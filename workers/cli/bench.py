"""`koi bench`."""

import asyncio
import importlib
from pathlib import Path
from typing import Annotated, Literal

import cyclopts
from cyclopts import Parameter
from rich.console import Console

from workers.bench.families import FAMILIES
from workers.bench.report import Report, show, write
from workers.bench.stack import BenchError

Name = Literal[
    "ingest",
    "callbacks",
    "trigger",
    "burst",
    "backfill",
    "mixed",
    "replay",
    "linkage",
    "tags",
    "tags-nightly",
    "segment-count",
    "segment-live",
    "live-tags",
    "ltv",
    "cluster",
    "classify",
]
Speaking = Literal["segment", "posthog", "cloudevents", "sensors", "all"]

app = cyclopts.App(name="bench", help="Measure Koi beside what this machine can do, on a data directory of its own.")


@app.default
def bench(
    name: Name,
    *,
    items: Annotated[int | None, Parameter(help="How many; by default as many as take about a minute.")] = None,
    family: Annotated[Speaking | None, Parameter(help="ingest: in whose words; all: one after the other.")] = None,
    kill: Annotated[bool, Parameter(negative=(), help="backfill: kill the importer in the middle, go on.")] = False,
    json: Annotated[Path | None, Parameter(help="Write the figures to this file too: of all families, a list.")] = None,
) -> None:
    """Run one bench: it starts what it needs, measures its floor in the same run, and prints both.

    ingest: batches of 50 events over HTTP, as the SDKs of a family send them, until every view shows them.
    callbacks: encrypted events of WeChat, each told twice; how long WeChat waits for its answers.
    trigger: one event posted, one message at the sink.
    burst: 500 new customers enter a journey at once.
    backfill: facts from a file to log, profiles and lake.
    mixed: one event posted, one message at the sink, while a back-fill runs.
    replay: customer_360 rebuilt from its events.
    tags: 300 tags of everybody over so many events of a tenth as many customers, beside the same as SQL by hand.
    tags-nightly: those tags a night later, carried over but for whom the night touched, beside building them anew.
    segment-count: how many of so many people three conditions and an exclusion mean, in DuckDB and by bitmaps.
    segment-live: whether an event changes any of 200 live segments, and how soon entering and leaving is told.
    live-tags: all tags of one person, so many times, from 3,000 things she did (and from 300).
    cluster: so many customers put into clusters, beside as many matrix products; as good as 100 starts find them.
    classify: core segments learned and told to so many; how right they are in made-up towns whose truth is known.
    linkage: who is one person on FEBRL 4 and 3 (F1), and on made-up Chinese profiles (speed, memory, F1).
    ltv: lifetime value of made-up customers fitted and scored, one asked, and the figures on CDNOW.
    """
    if family and name != "ingest":
        raise BenchError(f"{name} knows no families: leave --family out", field="family")
    if kill and name != "backfill":
        raise BenchError(f"{name} has no importer to kill: leave --kill out", field="kill")
    called = name.replace("-", "_")
    module = importlib.import_module(f"workers.bench.{called}")
    run = getattr(module, called)
    wanted = [()] if family is None else [(one,) for one in FAMILIES if family in (one, "all")]
    reports: list[Report] = []
    for words in wanted:
        more = {"kill": True} if kill else {}
        reports.append(asyncio.run(run(items or module.DEFAULT_ITEMS, *words, **more)))
        show(reports[-1], Console())
    if json:
        write(reports if family == "all" else reports[0], json)
