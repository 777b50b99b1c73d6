"""Names of clusters in Chinese and English, made of what sets each apart from everybody."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import numpy as np

from domain.scoring.kinds import Words
from workers.scoring.kind import Numbers

_PARTS: Final = 2
# Closer than this to everybody, in spreads, is nothing to be named by.
_FAR: Final = 0.25


class Distinction(msgspec.Struct, frozen=True, kw_only=True):
    """What sets a group apart: the feature, how many spreads from everybody's mean, and both typical values."""

    feature: str
    distance: float
    typical: float | None
    everybody: float | None


def distinctions(
    scaled: Numbers, inside: np.ndarray, names: Sequence[str], values: Mapping[str, Numbers], most: int
) -> list[Distinction]:
    """Return what sets these rows apart, the farthest `most`; typical values are medians of what is known."""
    far = scaled[inside].mean(axis=0) - scaled.mean(axis=0) if inside.any() else np.zeros(len(names))
    order = np.argsort(-np.abs(far), kind="stable")
    return [
        Distinction(
            feature=names[place],
            distance=round(float(far[place]), 4),
            typical=_median(values[names[place]][inside]),
            everybody=_median(values[names[place]]),
        )
        for place in order[:most]
    ]


def named(apart: Sequence[Sequence[Distinction]], words: Mapping[str, Words]) -> list[Words]:
    """Return a name for each group; two groups never have the same."""
    names: list[Words] = []
    for ones in apart:
        parts = _PARTS
        name = _name(ones[:parts], words)
        while name in names and parts < len(ones):
            parts += 1
            name = _name(ones[:parts], words)
        names.append(name)
    return names


def _name(ones: Sequence[Distinction], words: Mapping[str, Words]) -> Words:
    told = [one for one in ones if abs(one.distance) >= _FAR]
    if not told:
        return Words("与整体相近", "Like everybody")
    zh = "、".join(f"{words[one.feature].zh}{'高' if one.distance > 0 else '低'}" for one in told)
    en = "; ".join(f"{words[one.feature].en}: {'high' if one.distance > 0 else 'low'}" for one in told)
    return Words(zh, en)


def _median(column: Numbers) -> float | None:
    known = column[np.isfinite(column)]
    return round(float(np.median(known)), 4) if known.size else None
