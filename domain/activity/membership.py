"""Coming into a segment and leaving it are facts like others: journeys start on them, timelines show them."""

from typing import Final

# About a person, told by Koi alone; the body names the `segment` (its key), its `version`, and the `reason` in short.
ENTERED: Final = "segment.entered"
LEFT: Final = "segment.left"
MEMBERSHIP: Final = frozenset({ENTERED, LEFT})

# The source of such facts.
SOURCE: Final = "koi.segments"
