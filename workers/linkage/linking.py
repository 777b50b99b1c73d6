"""Link records: learn without examples how much each agreement weighs, then score the pairs worth looking at."""

import logging
from collections.abc import Callable, Iterator, Sequence

import msgspec
import pyarrow as pa
from splink import Linker, SettingsCreator, block_on
from splink.internals.exceptions import EMTrainingException

from workers.linkage.comparing import comparison, level_of
from workers.linkage.engine import Engine
from workers.linkage.model import Model

_SEED = 20261125
_RANDOM_PAIRS = 1_000_000.0
_LEARNING_PAIRS = 500_000.0
_BATCH = 10_000
_LINK_TYPES = {"dedupe": "dedupe_only", "between": "link_only"}

# Told after each step: how many of how many are done.
Progress = Callable[[int, int], None]


class Reason(msgspec.Struct, frozen=True):
    """Why a pair scores as it does: how far a column agrees, and the bits it adds or takes."""

    column: str
    level: str
    weight: float


class Pair(msgspec.Struct, frozen=True):
    """Two records that may be one: by `unique_id`, the smaller first; the odds in bits and as a probability."""

    left: int
    right: int
    weight: float
    probability: float
    reasons: tuple[Reason, ...]


def link(tables: Sequence[pa.Table], model: Model, engine: Engine, progress: Progress | None = None) -> Iterator[Pair]:
    """Score the pairs of records (`unique_id`, a number, and the model's columns) that reach the model's weight."""
    steps = len(model.learn_from) + 2
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, steps)

    linker = _linker(tables, model, engine)
    linker.training.estimate_u_using_random_sampling(max_pairs=_RANDOM_PAIRS, seed=_SEED)
    step()
    learned = 0
    for rule in model.learn_from:
        learned += _learn(linker, rule)
        step()
    if not learned:  # too few records to tell what an agreement is worth
        return
    found = linker.inference.predict(threshold_match_weight=model.weight)
    step()
    yield from _pairs(engine, found.physical_name, model)


def _learn(linker: Linker, rule: Sequence[str]) -> bool:
    """Learn from the pairs that are equal in these; returns False if there are none."""
    try:
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*rule), estimate_without_term_frequencies=True, max_pairs=_LEARNING_PAIRS
        )
    except EMTrainingException:
        return False
    return True


def _linker(tables: Sequence[pa.Table], model: Model, engine: Engine) -> Linker:
    inside = [engine.table(f"records_{number}", table) for number, table in enumerate(tables)]
    records = sum(table.num_rows for table in tables)
    possible = tables[-1].num_rows if model.link == "between" else max(1, records - 1) / 2
    settings = SettingsCreator(
        link_type=_LINK_TYPES[model.link],  # type: ignore[arg-type]  # a key of the two that Splink knows
        comparisons=[comparison(one.name, one.kind, common=one.common) for one in model.columns],
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in model.look_at],
        probability_two_random_records_match=min(0.1, model.expected / max(1.0, possible)),
        retain_matching_columns=True,
        retain_intermediate_calculation_columns=True,
    )
    return Linker(inside if len(inside) > 1 else inside[0], settings, log_level=logging.ERROR)


def _pairs(engine: Engine, table: str, model: Model) -> Iterator[Pair]:
    parts = ", ".join(
        f"gamma_{one.name}, mw_{one.name}" + (f" + mw_tf_adj_{one.name}" if one.common else "") for one in model.columns
    )
    cursor = engine.connection.execute(
        f'SELECT unique_id_l, unique_id_r, match_weight, match_probability, {parts} FROM "{table}"'
    )
    while rows := cursor.fetchmany(_BATCH):
        for left, right, weight, probability, *agreed in rows:
            reasons = tuple(
                Reason(one.name, level_of(one.kind, agreed[2 * at]), round(agreed[2 * at + 1], 2))
                for at, one in enumerate(model.columns)
            )
            yield Pair(min(left, right), max(left, right), round(weight, 3), round(probability, 6), reasons)
