"""The core segments in the made-up town: features are what plain SQL says, and reviewed customers beat rules."""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest

from domain.scoring.core import core_features, core_segments
from domain.scoring.reasons import in_words, read_reasons
from tests.workers.scoring.asking import source_over
from tests.workers.scoring.plain_sql import RULES, by_sql
from workers.scoring.artefact import packed
from workers.scoring.clusters.kind import CLUSTERS
from workers.scoring.clusters.kind import Parameters as ClusterParameters
from workers.scoring.core.kind import CORE, Parameters
from workers.scoring.core.labels import NONE
from workers.scoring.core.learning import Known, learn
from workers.scoring.core.model import Ready
from workers.scoring.kind import silent
from workers.scoring.simulation.happenings import Happenings, happenings
from workers.scoring.simulation.people import people
from workers.scoring.simulation.staged import lakehouse, profile_ids
from workers.scoring.simulation.types import TYPES, varied
from workers.scoring.source import LakeSource

AT = datetime(2026, 11, 25, tzinfo=UTC)
PEOPLE = 1_200
RANDOM = np.random.default_rng(8)
TOWN = people(TYPES, PEOPLE, RANDOM)
DONE = happenings(TOWN, RANDOM)
KEYS = tuple(core_segments())
TRUTH = np.array([KEYS.index(name) for name in TOWN.names])[TOWN.kind]
# In Shanghai it is eight in the morning.
SQL = by_sql(PEOPLE, DONE, hours=8)


@pytest.fixture(scope="module")
def source() -> Iterator[LakeSource]:
    """The town's lake."""
    with source_over(lakehouse(PEOPLE, DONE, AT)) as asked:
        yield asked


@pytest.fixture(scope="module")
def known(source: LakeSource) -> Known:
    """What is known of the town, by the rule language."""
    return CORE.known(source, AT)


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    """The town's people in the order of their profiles, of those who ever did anything."""
    order = np.argsort(np.asarray(profile_ids(PEOPLE)))
    return np.asarray(order[~np.isnan(SQL["days_known"][order])])


@pytest.mark.parametrize("name", list(core_features()))
def test_a_feature_is_what_plain_sql_says(name: str, known: Known, rows: np.ndarray) -> None:
    """Every one, of everybody; where nothing was counted SQL says nothing or 0."""
    ours, theirs = np.nan_to_num(known.values[name]), np.nan_to_num(SQL[name][rows])
    assert ours == pytest.approx(theirs, rel=1e-9)


def test_rules_are_what_plain_sql_says(known: Known, rows: np.ndarray) -> None:
    """In the order that they are declared in."""
    assert tuple(RULES) == KEYS
    assert known.ruled.tolist() == SQL["rule"][rows].astype(int).tolist()


def test_a_few_hundred_reviewed_customers_beat_the_rules(known: Known, rows: np.ndarray) -> None:
    """On people nobody reviewed; how sure it is stays near how right it is. Figures at size: koi bench classify."""
    truth = TRUTH[rows]
    reviewed = np.where(np.arange(rows.size) % 2 == 0, truth, NONE)
    found = learn(msgspec.structs.replace(known, reviewed=reviewed), seed=1)
    ready = Ready.opened(found.model, found.trees)
    said = ready.assigned(ready.matrix(known.values))
    places = np.array([KEYS.index(key) for key in found.model.segments])[said.labels]
    unseen = reviewed == NONE
    right = float((places == truth)[unseen].mean())
    by_rules = float((known.ruled == truth)[unseen].mean())
    assert right > by_rules + 0.15
    assert abs(float(said.sure[unseen].mean()) - right) < 0.06
    assert found.metrics["by_people"] == 1.0
    assert found.metrics["accuracy_of_rules"] < found.metrics["accuracy"]


def test_what_comes_later_is_seen_by_nobody(source: LakeSource) -> None:
    """A planted future changes neither the model, nor what it says: scores of both kinds, to the byte."""
    learned = CORE.train(source, AT, Parameters(), previous=None, told=silent)
    grouped = CLUSTERS.train(source, AT, ClusterParameters(k=5), previous=None, told=silent)
    said = CORE.score(learned.artefact, source, AT, told=silent).table
    with source_over(lakehouse(PEOPLE, _planted(DONE), AT)) as other:
        again = CORE.train(other, AT, Parameters(), previous=None, told=silent)
        assert packed(again.artefact) == packed(learned.artefact)
        assert again.metrics == learned.metrics
        assert CORE.score(learned.artefact, other, AT, told=silent).table.equals(said)
        clusters = CLUSTERS.train(other, AT, ClusterParameters(k=5), previous=None, told=silent)
        assert packed(clusters.artefact) == packed(grouped.artefact)
    assert sum(one["size"] for one in learned.report["segments"]) == learned.rows == said.num_rows
    first = [in_words(one) for one in read_reasons(msgspec.json.decode(said["reasons"][0].as_py()))]
    assert first
    assert all("{" not in one.zh + one.en for one in first)


def test_other_towns_differ_and_stay_towns() -> None:
    """Shares add up; each town is the same every time."""
    one, again = varied(3), varied(3)
    assert one == again
    assert one != TYPES == varied(0)
    assert sum(kind.share for kind in one.values()) == pytest.approx(1.0)


def _planted(done: Happenings) -> Happenings:
    """Everybody buys for a fortune, a day after the instant."""
    count = np.arange(PEOPLE)
    return msgspec.structs.replace(
        done,
        person=np.concatenate([done.person, count]),
        ago=np.concatenate([done.ago, np.full(PEOPLE, -1.0)]),
        name=np.concatenate([done.name, np.zeros(PEOPLE, np.int64)]),
        amount=np.concatenate([done.amount, np.full(PEOPLE, 10**9)]),
    )
