"""The classifier of the core segments: labels, calibration, reasons, and what it refuses."""

import msgspec
import numpy as np
import pytest

from domain.scoring.core import core_features, core_segments
from domain.scoring.reasons import Reason, in_words, read_reasons
from workers.scoring.core import calibration, classifier
from workers.scoring.core.labels import ENOUGH_REVIEWED, NONE, first, supported, taught
from workers.scoring.core.learning import Known, learn
from workers.scoring.core.model import Ready
from workers.scoring.core.reasons import quantiles
from workers.scoring.core.reporting import agreement, confusion
from workers.scoring.kind import NothingToLearnError

KEYS = tuple(core_segments())


def town(rows: int = 1_500, *, seed: int = 2) -> Known:
    """Customers of three segments, each told by another feature; rules name one in five wrongly."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, 3, rows)
    values = {name: random.gamma(1.0, 1.0, rows) for name in core_features()}
    for place, name in enumerate(("spent_365d", "live_90d", "days_since_order")):
        values[name] = values[name] + 6.0 * (truth == place)
    values["coupons_90d"] = np.full(rows, np.nan)
    values["refunds_365d"] = np.zeros(rows)
    ruled = np.where(random.random(rows) < 0.2, random.integers(0, 3, rows), truth)
    return Known(
        values=values,
        ruled=ruled.astype(np.int64),
        reviewed=np.full(rows, NONE),
        lot=np.arange(rows) % 5 == 0,
    )


def test_the_first_rule_that_holds_labels() -> None:
    """Rules are asked in their order; where none holds there is no label."""
    held = np.array([[False, True, True], [False, False, False], [True, False, True]])
    assert first(held).tolist() == [1, NONE, 0]


def test_a_label_rare_among_its_like_teaches_nothing() -> None:
    """A cluster of regulars keeps the regulars' label, and drops the stray one."""
    labels = np.array([0] * 9 + [1] + [1] * 10)
    clusters = np.array([0] * 10 + [1] * 10)
    assert supported(labels, clusters, 2).tolist() == [0] * 9 + [NONE] + [1] * 10


def test_what_people_say_counts_instead_of_rules() -> None:
    """Once enough customers are reviewed; a segment of a handful is left out."""
    ruled = np.zeros(1_000, np.int64)
    reviewed = np.where(np.arange(1_000) < ENOUGH_REVIEWED, 1, NONE)
    reviewed[:3] = 2
    one = taught(ruled, reviewed, np.zeros(1_000, np.int64), 3)
    assert one.by_people
    assert set(one.labels.tolist()) == {NONE, 1}
    few = taught(ruled, np.where(np.arange(1_000) < 9, 1, NONE), np.zeros(1_000, np.int64), 3)
    assert not few.by_people
    assert set(few.labels.tolist()) == {0}


def test_calibration_takes_back_false_sureness() -> None:
    """Margins three times too sure come down to an error below 0.03; many rows a class get a vector."""
    random = np.random.default_rng(1)
    true = random.normal(0.0, 1.0, (12_000, 4))
    shares = calibration.softmax(true)
    labels = (shares.cumsum(axis=1) < random.random((12_000, 1))).sum(axis=1)
    for rows, scales in ((3_600, 1), (12_000, 4)):
        margins, said = 3.0 * true[:rows], labels[:rows]
        raw = calibration.expected_error(calibration.softmax(margins), said)
        fitted = calibration.fitted(margins, said)
        assert len(fitted.scale) == scales
        assert fitted.scale == pytest.approx([1 / 3] * scales, rel=0.2)
        assert raw > 0.1
        assert calibration.expected_error(fitted.probabilities(margins), said) < 0.03


def test_it_learns_says_how_sure_and_why() -> None:
    """Unknown and constant features do no harm; sureness is true; the telling feature is the reason."""
    known = town()
    found = learn(known, seed=1)
    assert found.model.segments == KEYS[:3]
    assert found.metrics["accuracy"] > 0.85
    assert found.metrics["calibration_error"] < 0.05
    ready = Ready.opened(found.model, found.trees)
    rows = ready.matrix(known.values)
    said = ready.assigned(rows)
    assert np.allclose(said.probabilities.sum(axis=1), 1.0)
    one = int(np.flatnonzero(said.labels == 1)[0])
    told = read_reasons(msgspec.json.decode(ready.reasons(rows[one : one + 1], said.labels[one : one + 1])[0]))
    assert told[0].feature == "live_90d"
    assert told[0].effect > 0
    exact = ready.reasons(rows[:50], said.labels[:50])
    nearly = ready.reasons(rows[:50], said.labels[:50], exact=False)
    same = [
        msgspec.json.decode(a)[0]["feature"] == msgspec.json.decode(b)[0]["feature"]
        for a, b in zip(exact, nearly, strict=True)
    ]
    assert np.mean(same) > 0.8


def test_the_same_again_comes_to_the_same_bytes() -> None:
    """Folds learn side by side, and yet nothing depends on who is first."""
    one, other = learn(town(600), seed=3), learn(town(600), seed=3)
    assert one.trees == other.trees
    assert msgspec.json.encode([one.model, one.metrics, one.report]) == msgspec.json.encode(
        [other.model, other.metrics, other.report]
    )


def test_who_moves_is_told_from_version_to_version() -> None:
    """Against the version that speaks, on today's customers."""
    known = town(600)
    before = learn(known, seed=1)
    after = learn(known, seed=1, previous=Ready.opened(before.model, before.trees))
    assert after.metrics["kept"] == 1.0
    counts = np.array(after.report["flows"]["counts"])
    assert counts.sum() == 600
    assert np.trace(counts) == 600


def test_one_segment_alone_cannot_be_learned() -> None:
    """Nor can anything from a handful of customers."""
    known = town(400)
    with pytest.raises(NothingToLearnError, match="at least two segments"):
        learn(msgspec.structs.replace(known, ruled=np.zeros(400, np.int64)), seed=1)
    with pytest.raises(NothingToLearnError, match="at least two segments"):
        learn(msgspec.structs.replace(known, ruled=np.full(400, NONE)), seed=1)
    few = {name: column[:5] for name, column in known.values.items()}
    with pytest.raises(NothingToLearnError, match="fewer than 12"):
        learn(Known(values=few, ruled=known.ruled[:5], reviewed=known.reviewed[:5], lot=known.lot[:5]), seed=1)


def test_a_sample_has_every_class_in_its_share() -> None:
    """Rare ones with as many as can be cross-validated."""
    labels = np.array([0] * 9_000 + [1] * 970 + [2] * 30)
    rows = classifier.sampled(labels, (0, 1, 2), 1_000, seed=1)
    assert np.bincount(labels[rows]).tolist() == [900, 97, 20]
    assert (np.diff(rows) > 0).all()


def test_reasons_are_sentences_beside_other_members() -> None:
    """Only what is far out is compared; who has nothing is not said to have less than all."""
    said = in_words(Reason(feature="orders_90d", value=12.0, effect=1.0, below=0.95, above=0.04))
    assert said.en == "she bought 12 times in 90 days, more than 95% of members"
    assert said.zh == "近 90 天下单 12 次，高于 95% 的会员"
    money = in_words(Reason(feature="largest_order_365d", value=250_000.0, effect=1.0, below=1.0, above=0.0))
    assert money.en == "her largest order in a year is 2,500, more than 99% of members"
    nothing = in_words(Reason(feature="live_90d", value=0.0, effect=1.0, below=0.0, above=0.3))
    assert nothing.en == "she entered live streams 0 times in 90 days"
    low = in_words(Reason(feature="visit_days_30d", value=1.0, effect=1.0, below=0.05, above=0.9))
    assert low.zh.endswith("，低于 90% 的会员")


def test_shares_beside_others_mind_ties_and_gaps() -> None:
    """Four in ten have nothing: they have less than the rest, and nobody has less than they."""
    column = np.array([0.0] * 40 + list(range(1, 61)), np.float64)
    below, above = quantiles({"x": column}).beside(0, np.array([0.0, 30.0, np.nan]))
    assert below[0] == 0.0
    assert above[0] == pytest.approx(0.6, abs=0.02)
    assert below[1] == pytest.approx(0.69, abs=0.02)
    assert np.isnan(below[2])
    nobody, _ = quantiles({"x": np.full(3, np.nan)}).beside(0, np.array([1.0]))
    assert np.isnan(nobody[0])


def test_confusion_counts_what_was_said_against_what_was_found() -> None:
    """What nobody said anything of is left out."""
    told = confusion(np.array([0, 0, 1, NONE]), np.array([0, 1, 1, 1]), ("a", "b"))
    assert told["counts"] == [[1, 1], [0, 1]]
    assert (told["recall"], told["precision"]) == ([0.5, 1.0], [1.0, 0.5])
    share, by_class = agreement(np.array([0, 0, 1]), np.array([0, 1, 1]), 3)
    assert (share, by_class) == (2 / 3, [0.5, 1.0, None])
