"""Describe products: take what a source says of items of the catalogue."""

from collections.abc import Sequence

from commands.runtime.context import Context
from commands.runtime.streams import Streams
from domain.kernel.errors import StaleVersionError
from domain.products.product import Product, Told

_ATTEMPTS = 5


async def describe_products(told: Sequence[Told], *, by: Context, streams: Streams) -> int:
    """Take the words, in one transaction; returns the position of the last event, 0 if there was no news."""
    for attempt in range(_ATTEMPTS):
        products = await streams.load_many(Product, {one.product_id for one in told})
        for one in told:
            products[one.product_id].tell(one)
        try:
            return (await streams.save(*products.values(), by=by)).position
        except StaleVersionError:  # another process spoke of one of them first: see what is left to say
            if attempt == _ATTEMPTS - 1:
                raise
    return 0
