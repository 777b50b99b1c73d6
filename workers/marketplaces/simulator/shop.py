"""A simulated shop: orders that are placed, paid, shipped and received, some of them refunded."""

import itertools
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from workers.marketplaces.simulator.baskets import Basket

State = Literal["placed", "paid", "shipped", "finished", "closed"]

_PAY: Final = timedelta(minutes=2)
_SHIP: Final = timedelta(hours=14)
_RECEIVE: Final = timedelta(days=3)
_REFUND: Final = timedelta(days=1)
# Every so many orders one is never paid, one is sent back.
_UNPAID, _RETURNED = 17, 29


class SimulatedOrder(msgspec.Struct, kw_only=True):
    """An order; the times of what has not happened are None."""

    number: int
    basket: Basket
    created: datetime
    modified: datetime
    paid: datetime | None = None
    shipped: datetime | None = None
    finished: datetime | None = None
    closed: datetime | None = None

    @property
    def state(self) -> State:
        """How far it has come."""
        if self.closed is not None:
            return "closed"
        if self.finished is not None:
            return "finished"
        if self.shipped is not None:
            return "shipped"
        return "placed" if self.paid is None else "paid"


class SimulatedRefund(msgspec.Struct, kw_only=True):
    """A refund; `done` is None until the money went back."""

    number: int
    order: SimulatedOrder
    fen: int
    created: datetime
    modified: datetime
    done: datetime | None = None


class Notice(msgspec.Struct, frozen=True):
    """Something happened to an order, or to a refund of it."""

    what: str
    order: SimulatedOrder
    refund: SimulatedRefund | None = None


class SimulatedShop:
    """A shop's orders and refunds, by number; whoever listens is told of what happens."""

    def __init__(self, first_number: int) -> None:
        """Number orders from here on."""
        self._numbers = itertools.count(first_number)
        self.orders: dict[int, SimulatedOrder] = {}
        self.refunds: dict[int, SimulatedRefund] = {}
        self.listeners: list[Callable[[Notice], None]] = []

    def place(self, basket: Basket, at: datetime) -> SimulatedOrder:
        """A buyer orders."""
        order = SimulatedOrder(number=next(self._numbers), basket=basket, created=at, modified=at)
        self.orders[order.number] = order
        self._tell("created", order)
        return order

    def pay(self, order: SimulatedOrder, at: datetime) -> None:
        """The buyer pays."""
        order.paid = order.modified = at
        self._tell("paid", order)

    def ship(self, order: SimulatedOrder, at: datetime) -> None:
        """The shop sends it off."""
        order.shipped = order.modified = at
        self._tell("shipped", order)

    def finish(self, order: SimulatedOrder, at: datetime) -> None:
        """The buyer has it."""
        order.finished = order.modified = at
        self._tell("finished", order)

    def close(self, order: SimulatedOrder, at: datetime) -> None:
        """Nothing comes of it."""
        order.closed = order.modified = at
        self._tell("closed", order)

    def refund(self, order: SimulatedOrder, fen: int, at: datetime) -> SimulatedRefund:
        """Money goes back at once."""
        refund = self.ask_back(order, fen, at)
        self.give_back(refund, at)
        return refund

    def ask_back(self, order: SimulatedOrder, fen: int, at: datetime) -> SimulatedRefund:
        """The buyer wants money back."""
        refund = SimulatedRefund(number=next(self._numbers), order=order, fen=fen, created=at, modified=at)
        self.refunds[refund.number] = refund
        return refund

    def give_back(self, refund: SimulatedRefund, at: datetime) -> None:
        """Money goes back."""
        refund.done = refund.modified = at
        refund.order.modified = max(refund.order.modified, at)
        self._tell("refunded", refund.order, refund)

    def fill(self, baskets: Iterable[Basket], since: datetime, until: datetime) -> None:
        """Let the baskets be bought evenly from one time to the other, each as far as it has come by then."""
        bought = list(baskets)
        step = (until - since) / max(1, len(bought))
        for number, basket in enumerate(bought):
            at = since + step * number
            self.live(self.place(basket, at.replace(microsecond=0)), until)

    def live(self, order: SimulatedOrder, until: datetime) -> None:
        """Let an order go its way, as far as it comes until then."""
        if order.number % _UNPAID == 0:
            self._at(order.created + timedelta(hours=1), until, self.close, order)
            return
        self._at(order.created + _PAY, until, self.pay, order)
        self._at(order.created + _SHIP, until, self.ship, order)
        self._at(order.created + _RECEIVE, until, self.finish, order)
        back = order.created + _RECEIVE + _REFUND
        if order.number % _RETURNED == 0 and back <= until:
            self.refund(order, order.basket.lines[0].fen, back)

    def _at(
        self, at: datetime, until: datetime, step: Callable[[SimulatedOrder, datetime], None], order: SimulatedOrder
    ) -> None:
        if at <= until:
            step(order, at)

    def orders_between(self, start: datetime, end: datetime) -> list[SimulatedOrder]:
        """Return the orders modified in the time, the latest first."""
        found = [order for order in self.orders.values() if start <= order.modified.replace(microsecond=0) <= end]
        return sorted(found, key=lambda order: (order.modified, order.number), reverse=True)

    def refunds_between(self, start: datetime, end: datetime) -> list[SimulatedRefund]:
        """Return the refunds modified in the time, the latest first."""
        found = [refund for refund in self.refunds.values() if start <= refund.modified.replace(microsecond=0) <= end]
        return sorted(found, key=lambda refund: (refund.modified, refund.number), reverse=True)

    def refunds_asked_between(self, start: datetime, end: datetime) -> list[SimulatedRefund]:
        """Return the refunds asked for in the time, the latest first."""
        found = [refund for refund in self.refunds.values() if start <= refund.created.replace(microsecond=0) <= end]
        return sorted(found, key=lambda refund: (refund.created, refund.number), reverse=True)

    def _tell(self, what: str, order: SimulatedOrder, refund: SimulatedRefund | None = None) -> None:
        for listener in self.listeners:
            listener(Notice(what, order, refund))
