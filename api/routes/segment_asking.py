"""What may be asked about rules and segments: who is in, how many, since when, why, and who is in several at once."""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from commands.runtime.clock import now
from domain.kernel.errors import InvalidInputError
from domain.kernel.rules.tree import Rule
from projections.rule_names.queries import Names
from projections.segment_members.checking import Checked, as_of, checked, of_segment

_MOST_INSTANTS: Final = 400
_LONGEST_STEP_DAYS: Final = 3660
_MOST_SEGMENTS: Final = 50
_MOST_SAMPLE: Final = 50


class Whom(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `rule` that need not be saved, or a `segment` by its key; as of an instant (`at`, with its zone), else now."""

    rule: dict[str, Any] | None = None
    segment: str | None = None
    at: datetime | None = None


class WhomToCount(Whom, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom; `quick`: as of the last build of the tags, if the rule asks for nothing but tags, in some milliseconds."""

    quick: bool = False


class WhomToShow(Whom, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom, and how many of them to show with reasons (50 at most); the same ones for the same salt."""

    sample: int = 10
    salt: str = ""


class WhomOverTime(Whom, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom, from `since` to `until` (now, if left out), each `step_days` (400 instants at most)."""

    since: datetime
    until: datetime | None = None
    step_days: float = 1.0


class Several(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Segments to compare, by their keys (2 to 50), as of an instant."""

    segments: tuple[str, ...]
    at: datetime | None = None


def instant(at: datetime | None, field: str = "at") -> datetime:
    """Return the instant that is asked for, in UTC; raises `InvalidInputError` without a zone or in the future."""
    return as_of(at, now(), field)


def meant(whom: Whom, names: Names) -> Checked:
    """Return the rule that is asked for; raises `RuleError` and its like."""
    if (whom.rule is None) is (whom.segment is None):
        raise InvalidInputError("give either a `rule`, or the key of a `segment`", field="rule")
    return checked(whom.rule, names) if whom.rule is not None else of_segment(str(whom.segment), names)


def of_each(several: Several, names: Names) -> dict[str, Rule]:
    """Return the rules of several segments by key."""
    keys = tuple(dict.fromkeys(several.segments))
    if not 1 < len(keys) <= _MOST_SEGMENTS:
        raise InvalidInputError(f"name 2 to {_MOST_SEGMENTS} different segments", field="segments")
    return {key: of_segment(key, names, f"segments.{place}").resolved for place, key in enumerate(keys)}


def instants(asked: WhomOverTime) -> list[datetime]:
    """Return the instants that are asked for, the last one always among them."""
    since, until = instant(asked.since, "since"), instant(asked.until, "until")
    if since > until:
        raise InvalidInputError("it begins after it ends", field="since")
    step = timedelta(days=asked.step_days) if 0 < asked.step_days <= _LONGEST_STEP_DAYS else timedelta()
    if not step:  # a millionth of a second is the least there is
        raise InvalidInputError(f"a step is more than 0 days, and at most {_LONGEST_STEP_DAYS}", field="step_days")
    steps = int((until - since) / step)
    if steps >= _MOST_INSTANTS:
        raise InvalidInputError(f"that is {steps + 1} instants, {_MOST_INSTANTS} at most", field="step_days")
    found = [since + number * step for number in range(steps + 1)]
    return found if found[-1] == until else [*found, until]


def samples(asked: WhomToShow) -> int:
    """Return how many to show."""
    if not 0 <= asked.sample <= _MOST_SAMPLE:
        raise InvalidInputError(f"show 0 to {_MOST_SAMPLE} people", field="sample")
    return asked.sample
