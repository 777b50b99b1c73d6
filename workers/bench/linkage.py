"""`linkage`: who is one person on FEBRL 4 and 3, with and without the social-security number, and how fast."""

import resource
import time
from collections.abc import Callable
from typing import TypeVar

from workers.bench.report import Floor, Report, load
from workers.linkage.clustering import clusters
from workers.linkage.engine import engine
from workers.linkage.febrl import febrl
from workers.linkage.linking import Pair, link
from workers.linkage.measuring import Labelled, Quality, joined_by_rule, pairs_within, quality
from workers.linkage.model import Model, read_model
from workers.linkage.synthetic import people

T = TypeVar("T")
DEFAULT_ITEMS = 150_000
_SETS = {4: ("febrl4", "febrl4_without_ssn"), 3: ("febrl3", "febrl3_without_ssn")}
# The simple rules that a shop might use instead.
_RULES = (("given_name", "surname", "date_of_birth"),)
_PEOPLE_RULES = (("phone",), ("email",))
_MEGABYTE = 1024.0


async def linkage(items: int) -> Report:
    """Measure F1 on the public sets, and records a second, memory and F1 on made-up Chinese profiles."""
    began = time.perf_counter()
    further: dict[str, float] = {}
    for number, models in _SETS.items():
        for name in models:
            further |= _febrl(number, read_model(name))
    model, labelled = read_model("people"), people(items)
    rule_seconds, ruled = _timed(lambda: joined_by_rule(labelled.tables, _PEOPLE_RULES, labelled.records))
    cpu = time.process_time()
    seconds, pairs = _timed(lambda: linked(labelled, model))
    cpu = time.process_time() - cpu
    found = {(pair.left, pair.right) for pair in pairs}
    further |= _told("profiles", quality(found, labelled.truth), seconds)
    further |= _told("profiles, equal phone or e-mail", quality(ruled, labelled.truth), rule_seconds)
    further["memory of the process, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MEGABYTE
    return Report(
        bench="linkage",
        value=items / seconds,
        unit="profiles/s",
        floor=Floor("the same profiles joined by equal phone or e-mail", items / rule_seconds, "profiles/s"),
        ratio=rule_seconds / seconds,
        cpu_ms_per_item=cpu * 1000 / items,
        items=items,
        lost=0,
        duplicated=0,
        seconds=time.perf_counter() - began,
        load=load(),
        further=further,
    )


def linked(labelled: Labelled, model: Model) -> list[Pair]:
    """Return the pairs that the model finds."""
    with engine() as opened:
        return list(link(labelled.tables, model, opened))


def on_febrl(number: int, model: Model) -> tuple[Quality, Quality, float]:
    """Return how good the model and the simple rule are on a FEBRL set, and the seconds the model took."""
    labelled = febrl(number, model)
    seconds, pairs = _timed(lambda: linked(labelled, model))
    groups = clusters(labelled.records, pairs)
    ruled = joined_by_rule(labelled.tables, _RULES, labelled.records)
    found = _between(pairs_within(groups), labelled)
    return quality(found, labelled.truth), quality(_between(ruled, labelled), labelled.truth), seconds


def _between(pairs: set[tuple[int, int]], labelled: Labelled) -> set[tuple[int, int]]:
    """Return the pairs that the truth speaks of: between two tables, where there are two."""
    if len(labelled.tables) == 1:
        return pairs
    border = labelled.tables[0].num_rows
    return {(a, b) for a, b in pairs if a < border <= b}


def _febrl(number: int, model: Model) -> dict[str, float]:
    ours, rule, seconds = on_febrl(number, model)
    title = f"FEBRL {number}" + (" without soc_sec_id" if model.name.endswith("without_ssn") else "")
    return _told(title, ours, seconds) | {f"{title}, equal names and birthday: F1": rule.f1}


def _told(title: str, found: Quality, seconds: float) -> dict[str, float]:
    return {
        f"{title}: F1": found.f1,
        f"{title}: precision": found.precision,
        f"{title}: recall": found.recall,
        f"{title}: pairs": float(found.pairs),
        f"{title}: seconds": seconds,
    }


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    done = work()
    return time.perf_counter() - began, done
