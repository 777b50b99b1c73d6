"""`koi segments core`: the eight core segments today, in one report."""

import asyncio
from typing import Annotated, Any

from cyclopts import Parameter
from rich.table import Table

from commands.runtime.clock import now
from domain.scoring.core import core_segments
from projections.core_report.queries import core_report
from projections.core_report.report import CoreReport, CoreSegmentToday, Flow
from projections.lake.store import UrlStore
from workers.segments import showing
from workers.segments.opening import Opened, acting

_FEN = 100
_TAGS = 4


def core(*, as_json: Annotated[bool, Parameter(name="--json", negative=())] = False) -> None:
    """Report on the eight core segments: size, value, typical tags, stability, confusion, beside rules, who moved.

    By the last run of the model core_segment; before any version of it speaks, by the rules that come with Koi.

    Args:
        as_json: One JSON document, with everything.
    """

    async def ask(open_: Opened) -> CoreReport:
        return await core_report(open_.store.pool, UrlStore(open_.lake_url), open_.everybody, now())

    with showing.working("looking at everybody", shown=not as_json):
        found = asyncio.run(acting(ask))
    showing.as_document(found) if as_json else _show(found)


def _show(found: CoreReport) -> None:
    _show_segments(found)
    if found.flow:
        showing.out.print(_flow(found.flow))
    _show_proofs(found)


def _show_segments(found: CoreReport) -> None:
    if found.by == "rules":
        showing.said(f"By rules, as of {found.at:%Y-%m-%d %H:%M}Z: no version of core_segment speaks yet.")
        showing.said("koi models train core_segment --promote, then koi models score core_segment")
    else:
        showing.said(f"By version {found.model_version} of core_segment, as of {found.at:%Y-%m-%d %H:%M}Z.")
    showing.out.print(_worth(found.segments))
    if found.by == "model":
        showing.out.print(_standing(found.segments))
    if found.tags_at:
        showing.said(f"Value and tags as of the build of {found.tags_at:%Y-%m-%d %H:%M}Z; money in yuan.")
    elif found.by == "model":
        showing.said("Value and typical tags are told once tags are built: koi tags build")


def _show_proofs(found: CoreReport) -> None:
    if found.confusion:
        title = "What was said (rows) and what was found, on customers not learned from"
        showing.out.print(_counts(found.confusion["keys"], found.confusion["counts"], title))
    if found.rules:
        showing.out.print(_counts(found.rules["keys"], found.rules["counts"], "From rules (rows) to segments"))
    if found.metrics:
        showing.said(_sentence(found.metrics))
    if found.evaluation:
        figures = ", ".join(f"{name} {value:.3f}" for name, value in found.evaluation["metrics"].items())
        showing.said(f"On {found.evaluation['rows']:,} reviewed since: {figures}")
    if found.drift:
        showing.said("The data have moved away from what it learned from: koi models drift core_segment")


def _worth(told: list[CoreSegmentToday]) -> Table:
    table = Table("segment", "people", "share", "90 d", "365 d each", "of all", "ltv each", title="Size and value")
    for one in told:
        table.add_row(
            f"{one.name.zh}\n{one.name.en}",
            f"{one.people:,}",
            f"{one.share:.1%}",
            _yuan(one.spent_90d),
            _yuan(one.spent_365d_each),
            _percent(one.share_of_spent),
            _yuan(one.ltv_each),
        )
    return table


def _standing(told: list[CoreSegmentToday]) -> Table:
    table = Table("segment", "stay", "in / out", "recall", "typical tags (times as often)", title="Who stays, and why")
    for one in told:
        tags = "\n".join(f"{tag.name.zh} {tag.name.en} x{tag.lift:.1f}" for tag in one.typical_tags[:_TAGS])
        moved = "" if one.entered is None else f"+{one.entered:,} -{one.left:,}"
        table.add_row(one.segment, _percent(one.stays), moved, _percent(one.recall), tags)
    return table


def _flow(moved: Flow) -> Table:
    title = f"From {moved.since:%Y-%m-%d %H:%M}Z (rows) to {moved.until:%Y-%m-%d %H:%M}Z: {moved.stays:.1%} stay"
    return _counts(moved.keys, moved.counts, title, beyond="not there")


def _counts(keys: list[str], counts: list[list[Any]], title: str, beyond: str = "no rule") -> Table:
    """Return a table of counts; a row, or column, beyond the segments is of those in none."""
    named = [core_segments()[key].en for key in keys]
    wide = len(counts[0]) if counts else 0
    table = Table("", *named, *([beyond] * (wide - len(named))), title=title, title_justify="left")
    for place, row in enumerate(counts):
        name = named[place] if place < len(named) else beyond
        table.add_row(name, *(f"{count:,}" if count else "" for count in row))
    return table


def _sentence(metrics: dict[str, float]) -> str:
    """Say how right it proved, beside rules."""
    said = f"Right about {metrics['accuracy']:.1%} of what was said" if "accuracy" in metrics else ""
    if "accuracy_of_rules" in metrics:
        said += f" (rules alone {metrics['accuracy_of_rules']:.1%})"
    by = "people" if metrics.get("by_people") else "rules, so this means agreement with them"
    said += f", learned from {by}; calibration error {metrics.get('calibration_error', 0.0):.3f}"
    return f"{said}; halves agree on {metrics.get('stability', 0.0):.1%}."


def _yuan(fen: float | None) -> str:
    return "" if fen is None else f"{fen / _FEN:,.0f}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"
