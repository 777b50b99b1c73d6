"""What was taken not long ago: an overlap tells it again, and asking for each order once more costs calls."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

_REMEMBERED: Final = 50_000


class Recent:
    """The records of a list that became history, in the very bytes they came in; the latest ones, in this process."""

    def __init__(self) -> None:
        self._taken: OrderedDict[bytes, None] = OrderedDict()

    def new(self, records: Sequence[bytes]) -> list[bytes]:
        """Return those that are not known."""
        return [record for record in records if _digest(record) not in self._taken]

    def learn(self, record: bytes) -> None:
        """Remember one that is history now."""
        self._taken[_digest(record)] = None
        if len(self._taken) > _REMEMBERED:
            self._taken.popitem(last=False)


def _digest(record: bytes) -> bytes:
    return hashlib.blake2b(record, digest_size=16).digest()
