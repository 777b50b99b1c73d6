"""The core segments by a run of the model that speaks: its scores, those of the run before, and a build of the tags."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from domain.kernel.errors import NotFoundError
from domain.scoring.core import core_segments
from domain.tags.definition import Definition
from projections.batch.writing import builds
from projections.core_report.moving import flow, places_of
from projections.core_report.report import CoreReport, Flow, today
from projections.core_report.typical import VALUES, Worth, worth
from projections.lake.store import UrlStore
from projections.model_scorecard.queries import ModelRun, ModelScorecard

_DIGITS: Final = 4


class ScoresGoneError(NotFoundError):
    """The file of a run is not in the lake."""

    code = "model.scores_gone"


def by_model(
    store: UrlStore, card: ModelScorecard | None, run: ModelRun, before: ModelRun | None, tags: Mapping[str, Definition]
) -> CoreReport:
    """Tell of a run, and who moved since the one before. Blocks; raises `ScoresGoneError`."""
    keys = list(core_segments())
    now = _scores(store, run)
    version = next((one for one in card.versions if one.model_version == run.model_version), None) if card else None
    report = version.training.report if version else {}
    build = next(iter(builds(store)), None)
    has = None if build is None else worth(store, build, now, keys, tags)
    moved = _flow(store, before, run, now, keys)
    places = places_of(now, keys)
    found: Any = now["value"].cast(pa.float64())
    sure = np.nan_to_num(np.asarray(found.to_numpy(zero_copy_only=False), np.float64))
    told = []
    for place, key in enumerate(keys):
        inside = places == place
        one = today(key, int(inside.sum()), places.size)
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
