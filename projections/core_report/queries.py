"""Read what is told of the core segments: by the model that speaks, else by their rules."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from domain.kernel.errors import NotFoundError
from domain.scoring.core import MODEL, core_segments
from projections.batch.building import builds
from projections.core_report.moving import flow, places_of
from projections.core_report.report import CoreReport, CoreSegmentToday, Flow
from projections.core_report.typical import VALUES, Worth, worth
from projections.engine.projection import Reading
from projections.lake.store import UrlStore
from projections.model_scorecard.queries import ModelRun, ModelScorecard, live_runs, scorecard
from projections.segment_catalogue.shipped import segment_key
from projections.segment_members import people
from projections.segment_members.checking import of_segment
from projections.segment_members.everybody import Everybody
from projections.tag_catalogue.queries import catalogue

_DIGITS: Final = 4


class ScoresGoneError(NotFoundError):
    """The file of a run is not in the lake."""

    code = "model.scores_gone"


async def core_report(reading: Reading, store: UrlStore, everybody: Everybody, at: Any) -> CoreReport:
    """Return the core segments as of the last run of the model that speaks; by rules at `at` where none does.

    Raises `ScoresGoneError`.
    """
    runs = (await live_runs(reading, [MODEL])).get(MODEL, [])
    if not runs or runs[-1].path is None:
        return await _by_rules(everybody, at)
    card = await scorecard(reading, MODEL)
    tags = {key: one.definition for key, one in (await catalogue(reading)).tags.items()}
    before = next((run for run in reversed(runs[:-1]) if run.path is not None), None)
    return await asyncio.to_thread(_by_model, store, card, runs[-1], before, tags)


async def _by_rules(everybody: Everybody, at: Any) -> CoreReport:
    names = await everybody.names()
    rules = {segment_key(key): of_segment(segment_key(key), names).resolved for key in core_segments()}
    found = await people.overlap(everybody, rules, at)
    counts = {key: found.counts[place][place] for place, key in enumerate(found.keys)}
    whole = sum(counts.values())
    told = [_today(key, counts[segment_key(key)], whole) for key in core_segments()]
    nothing: dict[str, Any] = dict.fromkeys(
        ("model_version", "tags_at", "flow", "confusion", "rules", "evaluation", "drift")
    )
    return CoreReport(at=at, by="rules", people=whole, segments=told, metrics={}, **nothing)


def _by_model(
    store: UrlStore, card: ModelScorecard | None, run: ModelRun, before: ModelRun | None, tags: Mapping[str, Any]
) -> CoreReport:
    keys = list(core_segments())
    now = _scores(store, run)
    version = next((one for one in card.versions if one.model_version == run.model_version), None) if card else None
    report = version.training.report if version else {}
    build = next(iter(builds(store)), None)
    has = None if build is None else worth(store, build, now, keys, tags)
    moved = _flow(store, before, run, now, keys)
    places = places_of(now, keys)
    sure = np.asarray(now["value"].cast(pa.float64()).fill_null(0.0).to_numpy())
    told = []
    for place, key in enumerate(keys):
        inside = places == place
        one = _today(key, int(inside.sum()), places.size)
        more = _valued(has, place) | _moved(moved, place) | _proved(report, place, key)
        told.append(
            msgspec.structs.replace(one, sure=round(float(sure[inside].mean()), 4) if inside.any() else None, **more)
        )
    evaluations = version.evaluations if version else []
    return CoreReport(
        at=run.at,
        by="model",
        model_version=run.model_version,
        people=places.size,
        tags_at=build.instant if build else None,
        segments=told,
        flow=moved,
        metrics=version.training.metrics if version else {},
        confusion=report.get("confusion"),
        rules=report.get("rules"),
        evaluation=msgspec.to_builtins(evaluations[0]) if evaluations else None,
        drift=run.drift,
    )


def _scores(store: UrlStore, run: ModelRun) -> pa.Table:
    try:
        return pq.read_table(
            store.path(run.path or ""), filesystem=store.filesystem, columns=["profile_id", "value", "label"]
        )
    except FileNotFoundError:
        raise ScoresGoneError(f"{run.path} is not in the lake: restore it, or let the model score anew") from None


def _flow(store: UrlStore, before: ModelRun | None, run: ModelRun, now: pa.Table, keys: list[str]) -> Flow | None:
    if before is None:
        return None
    counts = flow(_scores(store, before), now, keys)
    both = np.asarray(counts)[:-1, :-1]
    stays = float(np.trace(both) / both.sum()) if both.sum() else 0.0
    return Flow(since=before.at, until=run.at, keys=keys, counts=counts, stays=round(stays, _DIGITS))


def _today(key: str, size: int, whole: int) -> CoreSegmentToday:
    one = core_segments()[key]
    return CoreSegmentToday(
        key=key,
        segment=segment_key(key),
        name=msgspec.convert({"zh": one.zh, "en": one.en}, type(one.meaning)),
        meaning=one.meaning,
        people=size,
        share=round(size / whole, _DIGITS) if whole else 0.0,
    )


def _valued(has: Worth | None, place: int) -> dict[str, Any]:
    if has is None:
        return {}
    told: dict[str, Any] = {"typical_tags": has.typical[place]}
    quarter, year, ltv = VALUES
    if quarter in has.sums:
        told["spent_90d"] = float(has.sums[quarter][place])
    if year in has.sums:
        spent = float(has.sums[year][place])
        whole = float(has.sums[year].sum())
        told |= {
            "spent_365d": spent,
            "spent_365d_each": round(spent / max(1.0, float(has.people[place]))),
            "share_of_spent": round(spent / whole, _DIGITS) if whole else 0.0,
        }
    if ltv in has.sums and has.known[ltv][place]:
        told["ltv_each"] = round(float(has.sums[ltv][place] / has.known[ltv][place]))
    return told


def _moved(moved: Flow | None, place: int) -> dict[str, Any]:
    if moved is None:
        return {}
    counts = np.asarray(moved.counts)
    was, is_now, stayed = int(counts[place].sum()), int(counts[:, place].sum()), int(counts[place, place])
    return {
        "stays": round(stayed / was, _DIGITS) if was else None,
        "entered": is_now - stayed,
        "left": was - stayed,
    }


def _proved(report: Mapping[str, Any], place: int, key: str) -> dict[str, Any]:
    confusion = report.get("confusion")
    told: dict[str, Any] = {"halves_agree": (report.get("stability") or {}).get(key)}
    if confusion and key in confusion["keys"]:
        place = confusion["keys"].index(key)
        told |= {"recall": confusion["recall"][place], "precision": confusion["precision"][place]}
    return told
