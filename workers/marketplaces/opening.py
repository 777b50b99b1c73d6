"""Opening a shop: its platform's adapter over one HTTP client."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Protocol

import httpx

from commands.marketplaces.shop import Shop
from commands.marketplaces.tokens import Tokens
from workers.marketplaces.asking import Asking
from workers.marketplaces.douyin import Douyin
from workers.marketplaces.jd import Jd
from workers.marketplaces.marketplace import Marketplace
from workers.marketplaces.taobao import Taobao
from workers.marketplaces.youzan import Youzan

_TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)


class _Adapter(Protocol):
    def __call__(self, shop: Shop, asking: Asking, tokens: Tokens) -> Marketplace: ...


_ADAPTERS: Final[dict[str, _Adapter]] = {"taobao": Taobao, "jd": Jd, "douyin": Douyin, "youzan": Youzan}


@asynccontextmanager
async def open_marketplace(shop: Shop, tokens: Tokens) -> AsyncIterator[Marketplace]:
    """Yield the shop, ready to be asked; the client keeps its connections until the end."""
    # It would tell every address it asks, and tokens are in some of them.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    async with httpx.AsyncClient(timeout=_TIMEOUT) as client:
        asking = Asking(client, shop.platform.codes, name=shop.name, pause=shop.settings.pause_seconds)
        yield _ADAPTERS[shop.kind](shop, asking, tokens)
