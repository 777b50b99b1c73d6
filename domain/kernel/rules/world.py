"""What rules know beside the person: the zone, the circumstances of regions, and which events are no behaviour."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

# The attribute that says where a person is: a division code.
REGION: Final = "region"


def _nothing(_region: str | None, _instant: datetime) -> Mapping[str, Any]:
    return {}


class World(msgspec.Struct, frozen=True, kw_only=True):
    """`circumstances` returns what is the case in a region (None: unknown) at an instant, by name.

    `told` names the events that are told about a person and not done by her: they are no behaviour, so that "anything"
    does not mean them.
    """

    zone: ZoneInfo
    circumstances: Callable[[str | None, datetime], Mapping[str, Any]] = _nothing
    told: AbstractSet[str] = frozenset()
