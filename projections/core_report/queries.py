"""Read what is told of the core segments: by the model that speaks, else by their rules."""

import asyncio
from datetime import datetime
from typing import Any

from domain.scoring.core import MODEL, core_segments
from projections.core_report.report import CoreReport, today
from projections.engine.projection import Reading
from projections.lake.store import UrlStore
from projections.model_scorecard.queries import live_runs, scorecard
from projections.segment_catalogue.shipped import segment_key
from projections.segment_members import people
from projections.segment_members.checking import of_segment
from projections.segment_members.everybody import Everybody
from projections.tag_catalogue.queries import catalogue


async def core_report(reading: Reading, store: UrlStore, everybody: Everybody, at: datetime) -> CoreReport:
    """Return the core segments as of the last run of the model that speaks; by rules at `at` where none does.

    Raises `ScoresGoneError`.
    """
    runs = (await live_runs(reading, [MODEL])).get(MODEL, [])
    if not runs or runs[-1].path is None:
        return await _by_rules(everybody, at)
    # Tables are read with what computes over everybody, which is loaded when it is used.
    from projections.core_report.reading import by_model

    card = await scorecard(reading, MODEL)
    tags = {key: one.definition for key, one in (await catalogue(reading)).tags.items()}
    before = next((run for run in reversed(runs[:-1]) if run.path is not None), None)
    return await asyncio.to_thread(by_model, store, card, runs[-1], before, tags)


async def _by_rules(everybody: Everybody, at: datetime) -> CoreReport:
    names = await everybody.names()
    rules = {segment_key(key): of_segment(segment_key(key), names).resolved for key in core_segments()}
    found = await people.overlap(everybody, rules, at)
    counts = {key: found.counts[place][place] for place, key in enumerate(found.keys)}
    whole = sum(counts.values())
    told = [today(key, counts[segment_key(key)], whole) for key in core_segments()]
    nothing: dict[str, Any] = dict.fromkeys(
        ("model_version", "tags_at", "flow", "confusion", "rules", "evaluation", "drift")
    )
    return CoreReport(at=at, by="rules", people=whole, segments=told, metrics={}, **nothing)
