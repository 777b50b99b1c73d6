"""The live segments with their rules written out, as of a position of the log."""

import logging
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from domain.kernel.errors import InvalidInputError
from domain.kernel.rules.resolving import Definitions, resolve
from domain.kernel.rules.tree import InSegment, Rule
from projections.engine.projection import Reading
from projections.engine.waiting import wait_until
from projections.segment_catalogue.queries import SegmentSummary, definitions
from projections.tag_catalogue.queries import catalogue
from workers.segmenting.watching import Definition

_log = logging.getLogger("koi.work")
_PATIENCE_SECONDS: Final = 60.0
_VIEWS: Final = ("segment_catalogue", "tag_catalogue")


class Defining:
    """Reads the definitions; a segment whose rule cannot be written out is left out and named in the log."""

    def __init__(self, reading: Reading) -> None:
        """Take where to read."""
        self._reading = reading

    async def at(self, position: int) -> Sequence[Definition]:
        """Return the live segments as of this position or later."""
        for view in _VIEWS:
            await wait_until(self._reading, view, position, _PATIENCE_SECONDS)
        known = await definitions(self._reading)
        tags = (await catalogue(self._reading)).values
        written = Definitions(tags=tags, segments={key: _rule(one) for key, one in known.items()})
        found = (_definition(one, written) for one in known.values() if one.standing == "live" and one.meant)
        return [one for one in found if one is not None]


def _definition(segment: SegmentSummary, written: Definitions) -> Definition | None:
    version = segment.meant.segment_version if segment.meant else 0
    try:
        rule: Rule = resolve(InSegment(key=segment.key), written)
    except InvalidInputError as error:
        _log.error("segment %s is not watched: %s", segment.key, error.detail)
        return None
    return Definition(key=segment.key, version=version, rule=rule)


def _rule(segment: SegmentSummary) -> Rule | None:
    """Return the rule, None of a list; and of what is no tree any more, so that it means nobody."""
    data: dict[str, Any] | None = segment.meant.rule if segment.meant else None
    try:
        return None if data is None else msgspec.convert(data, Rule)
    except msgspec.ValidationError:
        _log.exception("the rule of segment %s cannot be read", segment.key)
        return None
