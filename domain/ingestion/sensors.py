"""Sensors Analytics (神策): the records of a request that belong to one source, read into what they say."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from domain.activity.activity import Activity
from domain.activity.vocabulary import Vocabulary
from domain.ingestion.refusal import DEFAULTS, Defaults, Limits, MessageError, Parsed, Refused
from domain.ingestion.sensors_reading import Declared, SensorsReading
from domain.ingestion.sensors_record import Record
from domain.kernel.errors import DomainError
from domain.products.product import Told

__all__ = ["NOTHING_DECLARED", "Declared", "Said", "read"]

NOTHING_DECLARED: Final = Declared()
_ITEMS: Final = frozenset({"item_set", "item_delete"})


class Said(msgspec.Struct, frozen=True):
    """What came of records: activities and refusals, and words about products, which have no customer."""

    parsed: Parsed
    products: list[Told]


def read(
    records: Iterable[tuple[int, bytes, Record]],
    *,
    source: str,
    received_at: datetime,
    vocabulary: Vocabulary,
    limits: Limits,
    declared: Declared = NOTHING_DECLARED,
    defaults: Defaults = DEFAULTS,
) -> Said:
    """Read records that reached us at `received_at` (UTC), each by itself; a bad one is among the refused."""
    reading = SensorsReading(source, received_at, vocabulary, limits, declared=declared, defaults=defaults)
    accepted: list[Activity] = []
    refused: list[Refused] = []
    products: list[Told] = []
    for index, raw, record in records:
        try:
            if isinstance(record.type, str) and record.type in _ITEMS:
                products.append(reading.product(record, index))
            else:
                accepted.append(reading.activity(record, index))
        except DomainError as error:
            reason = error.reason if isinstance(error, MessageError) else error.code
            refused.append(Refused(index=index, reason=reason, detail=error.detail, field=error.field, raw=raw))
    return Said(Parsed(accepted, refused), products)
