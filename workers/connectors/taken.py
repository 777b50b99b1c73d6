"""What became of what a file is about."""

import msgspec


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """How many `items` a file has, of these told before, and elsewhere; what it took back, and who left."""

    items: int
    unchanged: int = 0
    elsewhere: int = 0
    withdrawn: int = 0
    left: int = 0
