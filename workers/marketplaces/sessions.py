"""Calls under a token: renewed before it runs out, and once more when the platform no longer takes it."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final, TypeVar

from commands.marketplaces.shop import Shop
from commands.marketplaces.tokens import Renew, Token, Tokens, reauthorise
from commands.runtime.clock import now
from workers.marketplaces.marketplace import MarketplaceError, RefusedError, SessionError

T = TypeVar("T")

_AHEAD: Final = timedelta(hours=1)


class Sessions:
    """The token of one shop."""

    def __init__(self, shop: Shop, tokens: Tokens, renew: Renew) -> None:
        self._shop = shop
        self._tokens = tokens
        self._renew = renew

    async def call(self, use: Callable[[Token], Awaitable[T]]) -> T:
        """Return what `use` returns with a token that is taken; raises `ReauthoriseError` if there is none."""
        token = await self._tokens.current(self._shop)
        if not token.access:
            token = await self._renewed(token)
        elif token.expires_at is not None and token.expires_at - now() < _AHEAD:
            # It still lets us in: whether it really cannot be renewed shows when it no longer does.
            with suppress(MarketplaceError):
                token = await self._tokens.renewed(self._shop, token, self._renew)
        try:
            return await use(token)
        except SessionError:
            token = await self._renewed(token)
        try:
            return await use(token)
        except SessionError as error:
            raise reauthorise(self._shop, error.detail) from None

    async def _renewed(self, old: Token) -> Token:
        try:
            return await self._tokens.renewed(self._shop, old, self._renew)
        except (SessionError, RefusedError) as error:
            raise reauthorise(self._shop, error.detail) from None
