"""The port to a marketplace: what Koi asks all of them alike."""

from datetime import datetime
from typing import Protocol

import msgspec

from commands.marketplaces.tokens import Token
from domain.kernel.errors import KoiError


class MarketplaceError(KoiError):
    """A marketplace does not give what was asked for."""

    code = "source.marketplace"


class RefusedError(MarketplaceError):
    """The platform refuses the request for a reason that asking again will not change."""

    code = "source.refused"


class AbsentError(RefusedError):
    """The platform knows no such thing."""

    code = "source.absent"


class SessionError(MarketplaceError):
    """The platform no longer takes the token."""

    code = "source.session"


class BusyError(MarketplaceError):
    """The platform lets nobody in just now, for longer than it is worth waiting here: the next pull goes on."""

    code = "source.patience"

    def __init__(self, detail: str, *, seconds: float | None = None) -> None:
        """Keep the words, and how long the platform asked for, if it did."""
        super().__init__(detail)
        self.seconds = seconds


class Window(msgspec.Struct, frozen=True):
    """A stretch of time, both ends belong to it; UTC."""

    start: datetime
    end: datetime


class Page(msgspec.Struct, frozen=True):
    """A page of records as they came, each by itself, and how many there are on all pages just now."""

    records: tuple[bytes, ...]
    total: int


class Message(msgspec.Struct, frozen=True):
    """A message that waits at the platform: its number there, and the subject of the hint it gives (None: none)."""

    id: str
    subject: str | None


class Marketplace(Protocol):
    """A shop on a platform. Pages count from 1; every method raises `MarketplaceError` where it cannot answer."""

    async def orders(self, window: Window, page: int) -> Page:
        """Return a page of the orders modified in the window."""
        ...

    async def refunds(self, window: Window, page: int) -> Page:
        """Return a page of the refunds modified in the window."""
        ...

    async def after_sales(self, window: Window, page: int) -> Page:
        """Return a page of the after-sales asked for in the window, where the platform lists them apart."""
        ...

    async def order(self, order_id: str) -> bytes | None:
        """Return an order in full, None if there is none (yet)."""
        ...

    async def refund(self, refund_id: str) -> bytes | None:
        """Return a refund in full, None if there is none (yet)."""
        ...

    async def renew(self, token: Token) -> Token:
        """Return a new token for an old one."""
        ...

    async def messages(self) -> list[Message]:
        """Return messages that wait to be fetched, where the platform keeps such."""
        ...

    async def confirm(self, messages: list[Message]) -> None:
        """Tell the platform that these were taken."""
        ...
