"""What a kind of model is: it learns from what was known at an instant, and says something of everybody."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Protocol
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from domain.kernel.errors import DomainError, InvalidInputError
from domain.kernel.rules.tree import Rule, Value
from workers.scoring.artefact import Artefact

Numbers = NDArray[np.float64]
# Parameters of trainings: so many, one at least; a span of days, a hundred years at most.
Many = Annotated[int, msgspec.Meta(ge=1)]
Days = Annotated[int, msgspec.Meta(ge=1, le=36_500)]
# What is being done, how much of it is done, of how much (0: unknown).
Told = Callable[[str, int, int], None]


class NothingToLearnError(DomainError):
    """The data cannot teach this: the words say what is missing."""

    code: ClassVar[str] = "model.nothing_to_learn"


class ParameterError(InvalidInputError):
    """A parameter of a training is not of its form."""

    code: ClassVar[str] = "model.parameter"


class Source(Protocol):
    """What was known of everybody at an instant; what came later is never seen, so that no feature can be a leak."""

    @property
    def zone(self) -> ZoneInfo:
        """Whose days are counted."""

    def values(self, columns: Mapping[str, Value], at: datetime) -> pa.Table:
        """Return `profile_id` and the columns, a row a profile, ordered by profile. Blocks."""

    def purchase_days(self, at: datetime) -> pa.Table:
        """Return the days on which everybody bought: `profile_id` and `day` (days from 1970), each once. Blocks."""

    def members(self, rules: Mapping[str, Rule], at: datetime) -> pa.Table:
        """Return `profile_id` and whether each rule holds, a row a profile, ordered by profile. Blocks."""


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """What a training came to: features were cut at `cut_at`, over so many rows; `metrics` and `report` say how good.

    Everything in it is a function of the data and the parameters: the same again gives the same bytes.
    """

    artefact: Artefact
    cut_at: datetime
    data_since: datetime | None
    rows: int
    features: tuple[str, ...]
    metrics: dict[str, float]
    report: dict[str, Any] = {}


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """What a run says: `table` has `profile_id`, `value` (a number) or `label`, perhaps `reasons`, and further numbers.

    `reasons` is JSON: a list of {"feature", "value", "effect"}, the weightiest first, for `domain.scoring.reasons`.
    `features` are what it went by, to watch their drift.
    """

    table: pa.Table
    features: Mapping[str, Numbers]


class Kind(Protocol):
    """One kind of model. Trainings and runs block: they are called in a thread."""

    @property
    def parameters(self) -> type[msgspec.Struct]:
        """What a training can be told, with defaults."""

    def train(self, source: Source, at: datetime, parameters: Any, *, previous: Artefact | None, told: Told) -> Learned:
        """Learn from what was known at `at`; `previous` is the version that speaks, to begin from.

        Raises:
            NothingToLearnError: the data do not suffice.
        """

    def score(self, artefact: Artefact, source: Source, at: datetime, *, told: Told) -> Scores:
        """Say something of everybody known at `at`."""


def silent(_what: str, _done: int, _of: int) -> None:
    """Tell nobody."""


def read_parameters(kind: Kind, said: Mapping[str, Any]) -> Any:
    """Return the parameters of a training, the rest by default; raises `ParameterError` naming the one at fault."""
    known = kind.parameters.__struct_fields__
    for name in said:
        if name not in known:
            detail = f"this kind of model has no such parameter; its parameters: {', '.join(known)}"
            raise ParameterError(detail, field=f"parameters.{name}")
    try:
        return msgspec.convert(dict(said), kind.parameters, strict=False)
    except msgspec.ValidationError as error:
        words, _, place = str(error).partition(" - at `$.")
        raise ParameterError(words, field=f"parameters.{place.rstrip('`')}" if place else "parameters") from None
