"""Simulated shops that sell by themselves: an order here, a payment there, as fast as somebody watches."""

import asyncio
import functools
import itertools
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import httpx

from commands.runtime.clock import now
from workers.marketplaces.simulator.baskets import Basket
from workers.marketplaces.simulator.declaring import hook_of, name_of
from workers.marketplaces.simulator.marketplaces import Marketplaces
from workers.marketplaces.simulator.pushing import Push, douyin_push, youzan_push
from workers.marketplaces.simulator.shop import Notice, SimulatedOrder, SimulatedShop

log = logging.getLogger("koi.simulate")

# A day of an order in a minute.
_PAID: Final = timedelta(seconds=3)
_SHIPPED: Final = timedelta(seconds=20)
_RECEIVED: Final = timedelta(seconds=60)
_RETURNED: Final = timedelta(seconds=90)
_EVERY_RETURN: Final = 7
_PUSHED: Final = {"douyin": douyin_push, "youzan": youzan_push}


class Selling:
    """All four shops selling; messages go to a Koi, if there is one."""

    def __init__(self, marketplaces: Marketplaces, baskets: Sequence[Basket], *, every: float, koi: str | None) -> None:
        """Place an order in each shop `every` so many seconds; `koi` is the address of its API."""
        self._marketplaces = marketplaces
        self._baskets = itertools.cycle(baskets)
        self._every = every
        self._koi = koi
        self._notices: list[tuple[str, Notice]] = []
        self._open: dict[str, list[SimulatedOrder]] = {name: [] for name in marketplaces.shops}
        for name in _PUSHED:
            marketplaces.shops[name].listeners.append(functools.partial(self._heard, name))

    def _heard(self, name: str, notice: Notice) -> None:
        self._notices.append((name, notice))

    async def run(self) -> None:
        """Sell until somebody has seen enough."""
        async with httpx.AsyncClient(timeout=5.0) as client:
            while True:
                for name, shop in self._marketplaces.shops.items():
                    self._open[name].append(shop.place(next(self._baskets), now()))
                    for order in list(self._open[name]):
                        self._age(name, shop, order)
                await self._push(client)
                await asyncio.sleep(self._every)

    def _age(self, name: str, shop: SimulatedShop, order: SimulatedOrder) -> None:
        age, at = now() - order.created, now()
        if order.paid is None and age >= _PAID:
            shop.pay(order, at)
        elif order.paid and order.shipped is None and age >= _SHIPPED:
            shop.ship(order, at)
        elif order.shipped and order.finished is None and age >= _RECEIVED:
            shop.finish(order, at)
        elif order.finished and age >= _RETURNED:
            if order.number % _EVERY_RETURN == 0:
                shop.refund(order, order.basket.lines[0].fen, at)
            self._open[name].remove(order)

    async def _push(self, client: httpx.AsyncClient) -> None:
        notices, self._notices = self._notices, []
        for name, notice in notices if self._koi else ():
            gate = self._marketplaces.gates[name]
            push: Push = _PUSHED[name](notice, gate)
            try:
                await push.to(client, f"{self._koi}/hooks/{name_of(name)}/{hook_of(gate)}")
            except httpx.TransportError as error:
                log.info("%s: a message was lost: %s", name, type(error).__name__)
