"""Take a page into a view: the rows and the position in one transaction."""

import asyncpg

from projections.engine import parking, position
from projections.engine.page import Page
from projections.engine.projection import Projection


async def take(connection: asyncpg.Connection, projection: Projection, page: Page, *, name: str | None = None) -> None:
    """Apply the page and move the position of `name` (the view itself, or one built aside) to its end.

    Raises `OvertakenError` if the position is not where the page begins, and whatever the view raises.
    """
    name = name or projection.name
    if not projection.handles(page):
        await position.move(connection, name, projection.version, previous=page.after, new=page.upto)
        return
    async with connection.transaction():
        parked = await position.move(connection, name, projection.version, previous=page.after, new=page.upto)
        if parked:
            page = await parking.set_aside(connection, projection, page)
        await projection.apply(connection, page)
