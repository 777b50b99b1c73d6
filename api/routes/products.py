"""The catalogue as it is seen."""

from typing import Annotated, Any, Final

import asyncpg
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation

from api.auth import needs
from api.openapi import READ
from api.pages import Page, Paging
from api.positions import Positions
from commands.access.scope import Scope
from projections.products import queries

_LIST: Final[dict[str, Any]] = {"guards": (needs(Scope.READ),), "responses": READ}


class ProductController(Controller):
    """Reads about products."""

    path = "/api/v1/products"
    tags = ("products",)

    @get("/", operation_id="ListProducts", summary="List the products of the catalogue", **_LIST)
    async def listed(
        self,
        wait_for: NamedDependency[int | None],
        pool: NamedDependency[SkipValidation[asyncpg.Pool]],
        positions: NamedDependency[SkipValidation[Positions]],
        paging: NamedDependency[SkipValidation[Paging]],
        item_type: Annotated[str | None, QueryParameter(description="Only items of this type.")] = None,
        item_id: Annotated[str | None, QueryParameter(description="Only the item with this id.")] = None,
    ) -> Response[Page[queries.Shown]]:
        """Return products by type and id, each with the last word on each of its attributes."""
        position = await positions.reached("products", wanted=wait_for)
        of = ("products", item_type, item_id)
        after = paging.after(of, tuple[str, str]) or ("", "")
        found = await queries.products(pool, item_type=item_type, item_id=item_id, after=after, limit=paging.one_more)
        return paging.page(of, found, lambda last: (last.item_type, last.item_id), position)
