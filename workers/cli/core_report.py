"""`koi models report core_segment`: who the core segments are, what they are worth, how sure that is, who moved."""

import os
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from commands.runtime.event_store import open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.scoring.core import MODEL, core_segments
from domain.scoring.errors import ModelNotFoundError
from projections.model_scorecard import queries
from projections.model_scorecard.queries import ModelVersion

_out = Console()
_FEN = 100


async def told(key: str, version: int | None) -> ModelVersion:
    """Return the version that speaks (or the newest, or the one named) of a model of core segments."""
    settings = Settings.from_environment(os.environ)
    secrets = Secrets.load(settings.secrets_file)
    async with open_event_store(settings.database_url, secrets.master_key, pool_size=1) as store:
        found = await queries.scorecard(store.pool, key)
    if found is None or found.model.kind != MODEL:
        detail = f"there is no model of core segments {key}: koi models train core_segment makes one"
        raise ModelNotFoundError(detail, field="key")
    wanted = version or found.model.promoted or found.versions[0].model_version
    for one in found.versions:
        if one.model_version == wanted:
            return one
    raise ModelNotFoundError(f"{key} has no version {wanted}", field="version")


def show(version: ModelVersion, *, as_json: bool) -> None:
    """Print it."""
    if as_json:
        content = {"model_version": version.model_version, "metrics": version.training.metrics}
        encoded = msgspec.json.encode(content | version.training.report).decode()
        _out.print(encoded, soft_wrap=True, highlight=False, markup=False)
        return
    metrics, report = version.training.metrics, version.training.report
    by = "people's reviews" if metrics.get("by_people") else "rules that clusters support"
    _out.print(f"Version {version.model_version}: {version.training.rows:,} customers, learned from {by}.")
    _out.print(_segments(report))
    for name, title in (("rules", "From rules (rows) to segments"), ("flows", "From the version before (rows)")):
        if name in report:
            _out.print(_counts(report[name], title))
    _out.print(_counts(report["confusion"], "What was said (rows) and what was found, on customers not learned from"))
    _out.print(", ".join(f"{name} {value:,.3f}" for name, value in metrics.items()), highlight=False)


def _segments(report: dict[str, Any]) -> Table:
    table = Table("segment", "size", "share", "spent in a year each", "of all", "halves agree", "typical")
    for one in report["segments"]:
        typical = "\n".join(f"{of['en']} {'+' if of['distance'] > 0 else '-'}" for of in one["typical"][:3])
        stable = report["stability"].get(one["key"])
        table.add_row(
            f"{one['zh']}\n{one['en']}",
            f"{one['size']:,}",
            f"{one['share']:.1%}",
            f"{one['value_each'] / _FEN:,.0f}",
            f"{one['value_share']:.1%}",
            "" if stable is None else f"{stable:.1%}",
            typical,
        )
    return table


def _counts(told_counts: dict[str, Any], title: str) -> Table:
    """Return a table of counts; a row beyond the segments is of those whom no rule names."""
    names = [core_segments()[key].en for key in told_counts["keys"]]
    table = Table("", *names, title=title, title_justify="left")
    for place, row in enumerate(told_counts["counts"]):
        table.add_row(
            names[place] if place < len(names) else "no rule", *(f"{count:,}" if count else "" for count in row)
        )
    return table
