"""What is told of the core segments."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from domain.scoring.core import core_segments
from domain.scoring.kinds import Words
from projections.segment_catalogue.shipped import segment_key


class TypicalTag(msgspec.Struct, frozen=True, kw_only=True):
    """A tag that the segment's people have more often than everybody: both shares, and how many times as often."""

    key: str
    name: Words
    share: float
    everybody: float
    lift: float


class CoreSegmentToday(msgspec.Struct, frozen=True, kw_only=True):
    """One of the eight as of the last run; `segment` is its key among segments. Money is in fen.

    Value and typical tags are from the last build of the tags, of those whom it knows (None: there is none, or it does
    not tell that). `stays` is the share of those in it at the run before who still are, `entered` and `left` count who
    changed. `recall` and `precision` are of customers that the version had not learned from, `halves_agree` how alike
    two versions learned from another half each see it.
    """

    key: str
    segment: str
    name: Words
    meaning: Words
    people: int
    share: float
    sure: float | None = None
    spent_90d: float | None = None
    spent_365d: float | None = None
    spent_365d_each: float | None = None
    share_of_spent: float | None = None
    ltv_each: float | None = None
    typical_tags: list[TypicalTag] = []
    stays: float | None = None
    entered: int | None = None
    left: int | None = None
    recall: float | None = None
    precision: float | None = None
    halves_agree: float | None = None


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """Where everybody went from the run before (rows) to the last one (columns); the last of each: not scored then."""

    since: datetime
    until: datetime
    keys: list[str]
    counts: list[list[int]]
    stays: float


class CoreReport(msgspec.Struct, frozen=True, kw_only=True):
    """The core segments today: `by` the model that speaks (its version, its last run at `at`), or by rules alone.

    `metrics` are of the version's training: agreement and calibration on customers it had not learned from, whether
    people taught it, and of the rules beside it; `confusion` and `rules` (where it put those whom each rule names) are
    tables of it, `evaluation` the last one on what has come since. `drift` is the last run's, where it passed its
    bound.
    """

    at: datetime
    by: Literal["model", "rules"]
    model_version: int | None
    people: int
    tags_at: datetime | None
    segments: list[CoreSegmentToday]
    flow: Flow | None
    metrics: dict[str, float]
    confusion: dict[str, Any] | None
    rules: dict[str, Any] | None
    evaluation: dict[str, Any] | None
    drift: dict[str, Any] | None


def today(key: str, size: int, whole: int) -> CoreSegmentToday:
    """Return a core segment of so many people, of all."""
    one = core_segments()[key]
    return CoreSegmentToday(
        key=key,
        segment=segment_key(key),
        name=Words(one.zh, one.en),
        meaning=one.meaning,
        people=size,
        share=round(size / whole, 4) if whole else 0.0,
    )
