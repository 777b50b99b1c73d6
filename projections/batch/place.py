"""Where batch finds what it reads; apart from what reads it, so that who only passes it on loads no engine."""

from typing import Final

import msgspec

# The folder of the builds of tags, below the lake.
TAGS: Final = "tags"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where the lake and the log are."""

    lake_url: str
    database_url: str
