"""Features on one scale, so that distances mean something: logarithms of money, counts, days; then robust scaling."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec
import numpy as np

from workers.scoring.kind import Numbers

Scale = Literal["money", "count", "days", "share"]
_LEAST_SPREAD: Final = 1e-9
# One customer a hundred times as far out as the rest must not have a cluster of her own.
_FARTHEST: Final = 4.0
# What the middle half of a normal distribution spans, in standard deviations.
_NORMAL: Final = 1.349


class Scaling(msgspec.Struct, frozen=True, kw_only=True):
    """How each feature was scaled: by its middle and spread after the logarithm; a spread of 0 says nothing at all."""

    names: tuple[str, ...]
    scales: tuple[Scale, ...]
    middles: tuple[float, ...]
    spreads: tuple[float, ...]


def fitted(values: Mapping[str, Numbers], scales: Mapping[str, Scale]) -> Scaling:
    """Return the scaling of these features: the median is 0, the middle half spans what it does in a normal one.

    Where the middle half is all the same (most customers never saw a live stream) the standard deviation counts. A
    constant feature, or one that is never known, is 0 for everybody.
    """
    middles, spreads = [], []
    for name, column in values.items():
        known = _logged(column, scales[name])
        known = known[~np.isnan(known)]
        if not known.size:
            middles.append(0.0)
            spreads.append(0.0)
            continue
        low, middle, high = np.percentile(known, (25, 50, 75))
        spread = (high - low) / _NORMAL
        spread = max(spread, float(known.std())) if spread > _LEAST_SPREAD else float(known.std())
        middles.append(float(middle))
        spreads.append(float(spread) if spread > _LEAST_SPREAD else 0.0)
    return Scaling(
        names=tuple(values),
        scales=tuple(scales[name] for name in values),
        middles=tuple(middles),
        spreads=tuple(spreads),
    )


def scaled(scaling: Scaling, values: Mapping[str, Numbers]) -> Numbers:
    """Return a row a customer; what is not known of her is as for the one in the middle."""
    rows = next(iter(values.values())).size if values else 0
    out = np.zeros((rows, len(scaling.names)))
    for place, (name, scale) in enumerate(zip(scaling.names, scaling.scales, strict=True)):
        spread = scaling.spreads[place]
        if spread:
            far = (_logged(values[name], scale) - scaling.middles[place]) / spread
            out[:, place] = np.clip(np.nan_to_num(far, nan=0.0), -_FARTHEST, _FARTHEST)
    return out


def _logged(column: Numbers, scale: Scale) -> Numbers:
    finite = np.where(np.isfinite(column), column, np.nan)
    return finite if scale == "share" else np.sign(finite) * np.log1p(np.abs(finite))
