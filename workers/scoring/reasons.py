"""The reasons of a whole run at once: for each customer the features that weigh most, as one column of JSON."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from workers.scoring.kind import Numbers

MOST: Final = 3
_VALUE_DIGITS: Final = 4
_EFFECT_DIGITS: Final = 4


def reasons_column(values: Mapping[str, Numbers], effects: Numbers, most: int = MOST) -> Any:
    """Return JSON of the `most` features with the largest effects; `effects` has a column for each of `values`."""
    names = pa.array(list(values))
    matrix = np.column_stack(list(values.values()))
    order = np.argsort(-np.abs(effects), axis=1, kind="stable")[:, :most]
    said: list[Any] = []
    for rank in range(order.shape[1]):
        which = order[:, rank : rank + 1]
        value = _text(np.take_along_axis(matrix, which, axis=1)[:, 0], _VALUE_DIGITS)
        effect = _text(np.take_along_axis(effects, which, axis=1)[:, 0], _EFFECT_DIGITS)
        name = names.take(which[:, 0])
        parts: Any = ['{"feature":"', name, '","value":', value, ',"effect":', effect, "}"]
        said.append(pc.binary_join_element_wise(*parts, ""))
    inside: Any = pc.binary_join_element_wise(*said, ",")
    joined: Any = pc.binary_join_element_wise("[", inside, "]", "")
    return joined


def _text(column: Numbers, digits: int) -> Any:
    rounded: Any = pa.array(np.round(column, digits))
    finite: Any = pc.if_else(pc.is_finite(rounded), rounded, None)
    return finite.cast(pa.string()).fill_null("null")
