"""What a bench found, for people and for machines."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table


class Floor(msgspec.Struct, frozen=True):
    """What the machine does without Koi: the least that the bench could cost."""

    name: str
    value: float
    unit: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One bench; `ratio` is `value` divided by the floor, for rates and for times alike."""

    bench: str
    value: float
    unit: str
    floor: Floor
    ratio: float
    cpu_ms_per_item: float
    items: int
    lost: int
    duplicated: int
    seconds: float
    load: float
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    further: dict[str, float] = {}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of the values lies at or below (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def load() -> float:
    """Return the machine's load average of the last minute."""
    return round(os.getloadavg()[0], 2)


def show(report: Report, console: Console) -> None:
    """Print the report as a small table."""
    table = Table(title=f"koi bench {report.bench}", title_justify="left", show_header=False)
    table.add_row("measured", f"{report.value:,.1f} {report.unit}")
    table.add_row("floor", f"{report.floor.value:,.1f} {report.floor.unit} ({report.floor.name})")
    table.add_row("ratio", f"{report.ratio:.3f}")
    table.add_row("CPU, all processes", f"{report.cpu_ms_per_item:.4f} ms an item")
    if report.p50_ms is not None:
        table.add_row("p50 / p95 / p99", f"{report.p50_ms:.1f} / {report.p95_ms:.1f} / {report.p99_ms:.1f} ms")
    table.add_row("items, lost, duplicated", f"{report.items:,}, {report.lost}, {report.duplicated}")
    table.add_row("seconds, load", f"{report.seconds:.1f}, {report.load}")
    for name, value in report.further.items():
        table.add_row(name, f"{value:,.3f}")
    console.print(table)


def write(found: Report | Sequence[Report], path: Path) -> None:
    """Write the report, or a list of them, as JSON."""
    path.write_text(json.dumps(msgspec.to_builtins(found), indent=2) + "\n")
