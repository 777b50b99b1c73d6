"""Following hints: what a message said has changed is asked for, soon; a message is never believed by itself."""

import logging
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Final

import msgspec

from commands.callbacks.hints import Hints, Waiting
from commands.marketplaces.shop import Shop
from commands.runtime.clock import now
from domain.ingestion.callbacks.call import Hint
from workers.marketplaces.marketplace import Marketplace, RefusedError
from workers.marketplaces.taking import Taken, Taking, all_of

log = logging.getLogger("koi.sources")

# What is not there by then the next pull will bring, if it ever was.
_PATIENCE: Final = timedelta(minutes=10)
_AGAIN: Final = timedelta(seconds=15)
_AT_ONCE: Final = 100


class Followed(msgspec.Struct, kw_only=True):
    """What came of following hints, if there were `any`, and how long until the next one is due (None: none waits)."""

    taken: Taken
    any: bool = False
    again_in: timedelta | None = None


async def follow(shop: Shop, marketplace: Marketplace, taking: Taking, hints: Hints) -> Followed:
    """Fetch what messages told of, those that wait at the platform included."""
    await _collect(shop, marketplace, hints)
    taken, tried = Taken(), set[Waiting]()
    any_waits = bool(await hints.waiting(shop.name, limit=1))
    delay = timedelta(seconds=shop.platform.limits.hint_seconds)
    while due := await _due(shop, hints, delay, tried):
        tried.update(due)
        for one, came in zip(due, await all_of(_one(one.subject, taking) for one in due), strict=True):
            if came is not None:
                taken.add(came)
            if came is not None or now() - one.received_at > _PATIENCE:
                await hints.followed(shop.name, [one])
    again_in = _again(await hints.waiting(shop.name, limit=_AT_ONCE), delay, now())
    return Followed(taken=taken, any=any_waits, again_in=again_in)


async def _due(shop: Shop, hints: Hints, delay: timedelta, tried: AbstractSet[Waiting]) -> list[Waiting]:
    waiting = await hints.waiting(shop.name, limit=_AT_ONCE + len(tried))
    return [one for one in waiting if one.received_at + delay <= now() and one not in tried]


async def _collect(shop: Shop, marketplace: Marketplace, hints: Hints) -> None:
    """Take over the messages that the platform keeps: confirmed there only once they are kept here."""
    while messages := await marketplace.messages():
        await hints.keep(shop.name, [Hint(one.subject) for one in messages if one.subject])
        await marketplace.confirm(messages)


async def _one(subject: str, taking: Taking) -> Taken | None:
    about, _, reference = subject.partition(":")
    try:
        match about:
            case "order":
                return await taking.order(reference)
            case "refund":
                return await taking.refund(reference)
            case _:
                return Taken()
    except RefusedError as error:
        log.warning("a message told of %s that is refused: %s", about, error.detail)
        return None


def _again(waiting: Sequence[Waiting], delay: timedelta, present: datetime) -> timedelta | None:
    pauses = [max(one.received_at + delay - present, timedelta()) or _AGAIN for one in waiting]
    return min(pauses, default=None)
