"""What every area of the domain builds on: events, aggregates, ids, money, errors."""

from domain.kernel.aggregate import Aggregate
from domain.kernel.errors import DomainError, InvalidInputError, KoiError, NotFoundError
from domain.kernel.event import NO_META, Event, Meta

__all__ = [
    "NO_META",
    "Aggregate",
    "DomainError",
    "Event",
    "InvalidInputError",
    "KoiError",
    "Meta",
    "NotFoundError",
]
