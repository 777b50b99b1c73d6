"""The model: its versions, which of them speaks, and what was observed of it."""

import re
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.kernel.aggregate import Aggregate
from domain.kernel.event import Event
from domain.kernel.ids import derived
from domain.scoring import errors

_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """How a version came to be.

    It saw facts from `data_since` to `data_until` and no later one; its features were cut at `cut_at`, so what lies
    between that and `data_until` are outcomes. `metrics` are figures, `report` whatever tables go with them. The
    artefact is a file below the lake's `models/`, known by its digest. Times are UTC.
    """

    kind: str
    data_since: datetime | None
    data_until: datetime
    cut_at: datetime
    rows: int
    features: tuple[str, ...]
    parameters: dict[str, Any]
    metrics: dict[str, float]
    report: dict[str, Any]
    code_version: str
    artefact: str
    sha256: str


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """How good a version is on facts from `cut_at` to `data_until` (UTC), which it has not learned from."""

    cut_at: datetime
    data_until: datetime
    rows: int
    metrics: dict[str, float]
    report: dict[str, Any]


class ScoringRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a version said of everybody as of the instant `at`: a Parquet file below the lake's `scores/`."""

    run_id: UUID
    model_version: int
    at: datetime
    rows: int
    path: str
    sha256: str


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is from the training, as population stability indices: of each feature, and of the scores.

    Below 0.1 nothing has changed, above 0.25 much has; `bound` is what was passed.
    """

    run_id: UUID
    model_version: int
    at: datetime
    features: dict[str, float]
    score: float
    bound: float


def model_stream(key: str) -> UUID:
    """Return the stream of the model with this key; raises `ModelTermsError`."""
    if not _KEY.fullmatch(key):
        detail = "a model's key is up to 64 small letters, digits and _, such as ltv or churn_90"
        raise errors.ModelTermsError(detail, field="model")
    return derived("model", key)


class Model(Aggregate):
    """One model, named by its key; a training is a new version, and at most one version speaks."""

    class Trained(Event, frozen=True, kw_only=True):
        TOPIC = "model.trained.v1"
        key: str
        model_version: int
        kind: str
        data_since: datetime | None
        data_until: datetime
        cut_at: datetime
        rows: int
        features: tuple[str, ...]
        parameters: dict[str, Any]
        metrics: dict[str, float]
        report: dict[str, Any]
        code_version: str
        artefact: str
        sha256: str

    class Evaluated(Event, frozen=True, kw_only=True):
        TOPIC = "model.evaluated.v1"
        model_version: int
        cut_at: datetime
        data_until: datetime
        rows: int
        metrics: dict[str, float]
        report: dict[str, Any]

    class Promoted(Event, frozen=True, kw_only=True):
        TOPIC = "model.promoted.v1"
        model_version: int
        reason: str

    class Retired(Event, frozen=True, kw_only=True):
        TOPIC = "model.retired.v1"
        model_version: int
        reason: str

    class Scored(Event, frozen=True, kw_only=True):
        TOPIC = "model.scored.v1"
        run_id: UUID
        model_version: int
        at: datetime
        rows: int
        path: str
        sha256: str
        is_live: bool

    class DriftObserved(Event, frozen=True, kw_only=True):
        TOPIC = "model.drift_observed.v1"
        run_id: UUID
        model_version: int
        at: datetime
        features: dict[str, float]
        score: float
        bound: float

    def __init__(self, stream_id: UUID) -> None:
        """Begin before anything was learned."""
        super().__init__(stream_id)
        self.key = ""
        self.kind = ""
        self.learned_until: dict[int, datetime] = {}
        self.artefacts: dict[int, tuple[str, str]] = {}
        self.retired: set[int] = set()
        self.promoted: int | None = None

    def train(self, key: str, training: Training) -> int:
        """Keep what was learned as the next version and return its number; who speaks does not change."""
        self.require_kind(training.kind)
        version = len(self.learned_until) + 1
        self.record(Model.Trained, key=key, model_version=version, **_fields(training))
        return version

    def require_kind(self, kind: str) -> None:
        """Raise `KindChangedError` if the model is of another kind; one that was never trained is of any."""
        if self.exists and kind != self.kind:
            detail = f"{self.key} is of the kind {self.kind}: train another kind under another key"
            raise errors.KindChangedError(detail, field="kind")

    def evaluate(self, version: int, found: Evaluation) -> None:
        """Keep how good a version is on later data; raises `KnowsTheFutureError` if it has learned from them."""
        self._require(version)
        self._require_ignorance(version, found.cut_at)
        self.record(Model.Evaluated, model_version=version, **_fields(found))

    def promote(self, version: int, reason: str) -> None:
        """Let a version speak from now on, in place of the one that does."""
        self._require(version)
        if version in self.retired:
            raise errors.ModelRetiredError(f"version {version} was retired: promote another, or train anew")
        if version == self.promoted:
            raise errors.AlreadyPromotedError(f"version {version} speaks already")
        self.record(Model.Promoted, model_version=version, reason=_why(reason))

    def retire(self, version: int, reason: str) -> None:
        """Let a version speak never again; if it speaks now, the model says nothing more until another is promoted."""
        self._require(version)
        if version in self.retired:
            raise errors.ModelRetiredError(f"version {version} was retired already")
        self.record(Model.Retired, model_version=version, reason=_why(reason))

    def note_scores(self, run: ScoringRun) -> None:
        """Keep where the scores of a run lie; only those of the version that speaks are predictions."""
        self._require(run.model_version)
        self._require_ignorance(run.model_version, run.at)
        if run.model_version in self.retired:
            raise errors.ModelRetiredError(f"version {run.model_version} was retired: it scores nobody")
        self.record(Model.Scored, **_fields(run), is_live=run.model_version == self.promoted)

    def note_drift(self, drift: Drift) -> None:
        """Keep that what a run saw is no longer what the version learned from."""
        self._require(drift.model_version)
        self.record(Model.DriftObserved, **_fields(drift))

    def artefact(self, version: int) -> tuple[str, str]:
        """Return where the artefact of a version lies and its digest; raises `ModelNotFoundError`."""
        self._require(version)
        return self.artefacts[version]

    def _require(self, version: int) -> None:
        if version not in self.learned_until:
            known = ", ".join(map(str, self.learned_until)) or "none: train it first"
            raise errors.ModelNotFoundError(f"the model has no version {version}; its versions: {known}")

    def _require_ignorance(self, version: int, at: datetime) -> None:
        until = self.learned_until[version]
        if at < until:
            detail = f"version {version} learned from data until {until:%FT%TZ}: ask it about then or later"
            raise errors.KnowsTheFutureError(detail, field="at")

    def evolve(self, event: Event) -> None:
        match event:
            case Model.Trained():
                self.key, self.kind = event.key, event.kind
                self.learned_until[event.model_version] = event.data_until
                self.artefacts[event.model_version] = (event.artefact, event.sha256)
            case Model.Promoted():
                self.promoted = event.model_version
            case Model.Retired():
                self.retired.add(event.model_version)
                self.promoted = None if self.promoted == event.model_version else self.promoted
            case _:
                pass


def _fields(said: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(said, name) for name in said.__struct_fields__}


def _why(reason: str) -> str:
    if not reason.strip():
        raise errors.ModelTermsError("say why", field="reason")
    return reason.strip()
