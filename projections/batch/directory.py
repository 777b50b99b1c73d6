"""Who is who: the customers that each profile is made of, and what the catalogue says of products, as Arrow tables."""

from collections.abc import Iterable
from typing import Any, Final, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from domain.activity.fields import Fields
from domain.activity.occurrences import words_of
from domain.activity.readings import found
from domain.products import category_groups
from projections.lake.reading import query

_GROUP: Final = "items_category_group"
MEMBERS: Final = pa.schema([("customer_id", pa.string()), ("profile_id", pa.string())])

_MEMBERS: Final = """
    SELECT customer_id::text, profile_id::text FROM identity_graph.customer
    WHERE registered_at IS NOT NULL AND profile_id BETWEEN '{low}'::uuid AND '{high}'::uuid
"""
_STRAYS: Final = """
    SELECT customer_id::text, profile_id::text FROM identity_graph.customer
    WHERE registered_at IS NOT NULL AND left(customer_id::text, {digits}) <> left(profile_id::text, {digits})
"""


class Directory(Protocol):
    """Tells which customers make which profile. All of it blocks."""

    def members(self, prefix: str) -> pa.Table:
        """Return the customers (`MEMBERS`) of the profiles whose ids begin with these hexadecimal digits."""

    def strays(self, digits: int) -> pa.Table:
        """Return the customers whose ids begin with other digits than their profile's."""


class GraphDirectory:
    """The identity graph in PostgreSQL."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    def members(self, prefix: str) -> pa.Table:
        """Return the customers of the profiles whose ids begin so."""
        low, high = (prefix + fill * (32 - len(prefix)) for fill in "0f")
        return query(self._url, _MEMBERS.format(low=low, high=high), MEMBERS)

    def strays(self, digits: int) -> pa.Table:
        """Return the customers whose ids begin with other digits than their profile's."""
        return query(self._url, _STRAYS.format(digits=digits), MEMBERS)


class TableDirectory:
    """Everybody in a table: for data that was made up, or small."""

    def __init__(self, customers: pa.Table) -> None:
        """Take customers with their profiles (`MEMBERS`)."""
        self._customers = customers

    def members(self, prefix: str) -> pa.Table:
        """Return the customers of the profiles whose ids begin so."""
        return self._customers.filter(pc.starts_with(self._customers["profile_id"], pattern=prefix))

    def strays(self, digits: int) -> pa.Table:
        """Return the customers whose ids begin with other digits than their profile's."""
        first = [pc.utf8_slice_codeunits(self._customers[name], 0, digits) for name in ("customer_id", "profile_id")]
        return self._customers.filter(pc.not_equal(*first))


def products_table(rows: Iterable[tuple[str, dict[str, Any]]], fields: Fields) -> pa.Table:
    """Return what the catalogue says of each product, given its name and attributes, in the columns of the fields."""
    asked = {
        f"{level}_{name}": field
        for level in ("events", "items")
        for name, field in getattr(fields, level).items()
        if field.product
    }
    columns: dict[str, list[Any]] = {"product_id": [], **{name: [] for name in asked}}
    for item_id, attributes in rows:
        columns["product_id"].append(item_id)
        for name, field in asked.items():
            paths = [(one,) for one in field.product]
            columns[name].append(found(attributes, paths, field.type, is_minor=False))
        if columns[_GROUP][-1] is None:
            columns[_GROUP][-1] = category_groups.declared().of(*words_of(attributes, fields.items))
    types = {name: pa.string() for name in columns}
    return pa.table({name: pa.array(values, types[name]) for name, values in columns.items()})
