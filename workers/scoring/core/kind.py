"""The kind `core_segment`: which of the eight core segments somebody is in, how sure that is, and why."""

from datetime import datetime
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa

from domain.kernel.rules.tree import Rule, Tagged
from domain.scoring.core import MODEL, core_features, core_segments
from workers.scoring.artefact import Artefact
from workers.scoring.clusters.fitting import Labels
from workers.scoring.core.labels import LOT, first
from workers.scoring.core.learning import Known, learn
from workers.scoring.core.model import CoreModel, Ready
from workers.scoring.drift import reference, references
from workers.scoring.features import numbers
from workers.scoring.kind import Learned, NothingToLearnError, Scores, Source, Told

_TREES: Final = "trees"
_REVIEWED: Final = "reviewed_"
_LOT: Final = "lot"
_PEOPLE: Final[dict[str, Rule]] = {_REVIEWED + key: Tagged(key=MODEL, value=key) for key in core_segments()}


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The seed of samples and folds."""

    seed: int = 1


class CoreKind:
    """Rules give the first labels, clusters refine them, boosted trees assign. What people say counts instead of rules.

    Whoever knows a customer says her segment by the tag `core_segment`; once enough of them are said
    (`labels.ENOUGH_REVIEWED`), they are what is learned from.
    """

    parameters = Parameters

    def train(
        self, source: Source, at: datetime, parameters: Parameters, *, previous: Artefact | None, told: Told
    ) -> Learned:
        """Learn from everybody who ever did anything by `at`."""
        told("features", 0, 1)
        known = self.known(source, at)
        before = None if previous is None else ready(previous)
        found = learn(known, seed=parameters.seed, previous=before, told=told)
        return Learned(
            artefact=Artefact(
                kind=MODEL,
                parameters=msgspec.to_builtins(parameters),
                numbers=msgspec.to_builtins(found.model),
                parts={_TREES: found.trees},
                references=references(known.values),
                scored=reference(found.assigned.sure),
            ),
            cut_at=at,
            data_since=None,
            rows=known.ruled.size,
            features=tuple(known.values),
            metrics=found.metrics,
            report=found.report,
        )

    def score(self, artefact: Artefact, source: Source, at: datetime, *, told: Told) -> Scores:
        """Say which segment everybody is in who ever did anything by `at`; `value` is how sure that is."""
        told("features", 0, 3)
        table = _active(source.values({name: one.value for name, one in core_features().items()}, at))
        model = ready(artefact)
        values = {name: numbers(table, name) for name in model.model.features if name in table.column_names}
        rows = model.matrix(values)
        told("scores", 1, 3)
        said = model.assigned(rows)
        told("reasons", 2, 3)
        columns = {
            "profile_id": table["profile_id"],
            "value": said.sure,
            "label": pa.array(np.asarray(model.model.segments)[said.labels], pa.string()),
            "reasons": pa.array(model.reasons(rows, said.labels)),
        }
        told("done", 3, 3)
        return Scores(table=pa.table(columns), features=values)

    def known(self, source: Source, at: datetime) -> Known:
        """Return what is known of everybody who ever did anything."""
        return self.everybody(source, at)[1]

    def everybody(self, source: Source, at: datetime) -> tuple[pa.Table, Known]:
        """Return everybody who ever did anything (profile ids and features), and what is known of them.

        Raises:
            NothingToLearnError: nobody did.
        """
        table = _active(source.values({name: one.value for name, one in core_features().items()}, at))
        if not table.num_rows:
            raise NothingToLearnError("nobody ever did anything: bring in some history first")
        rules: dict[str, Rule] = {key: one.rule for key, one in core_segments().items()}
        judged = source.members(rules | _PEOPLE | {_LOT: LOT}, at)
        return table, Known(
            values={name: numbers(table, name) for name in core_features()},
            ruled=_first(table, judged, list(rules)),
            reviewed=_first(table, judged, list(_PEOPLE)),
            lot=_first(table, judged, [_LOT]) == 0,
        )

    def reviewed(self, source: Source, table: pa.Table, at: datetime) -> Labels:
        """Return what people had said by an instant of each profile of a table."""
        return _first(table, source.members(_PEOPLE, at), list(_PEOPLE))


CORE: Final = CoreKind()


def ready(artefact: Artefact) -> Ready:
    """Return the model in an artefact, to ask."""
    return Ready.opened(msgspec.convert(artefact.numbers, CoreModel), artefact.parts[_TREES])


def _active(table: pa.Table) -> pa.Table:
    return table.filter(table["days_known"].is_valid())


def _first(table: pa.Table, judged: pa.Table, names: list[str]) -> Labels:
    """Return the first rule that holds for each profile of the table."""
    where = pa.compute.index_in(table["profile_id"], judged["profile_id"]).to_numpy(zero_copy_only=False)
    found = np.column_stack([judged[name].to_numpy(zero_copy_only=False) for name in names]).astype(bool)
    return first(found[where.astype(np.int64)])
