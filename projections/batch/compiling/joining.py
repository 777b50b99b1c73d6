"""Many tables joined to people at once.

ibis looks through all tables before with every one that is joined, which took most of the time that hundreds of tags
took to be made ready; so the chain of joins is made here as a whole. It is the same that `join` makes.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import ibis.expr.operations as ops
from ibis.expr.types import Table


class Joined(NamedTuple):
    """A table with a row a person at most (`n`), and the columns that are kept of it: their new names and their own."""

    table: Any
    columns: Mapping[str, str]


def joined(people: Any, others: Iterable[Joined]) -> Any:
    """Return the people (`n`), all of them, with the columns of other tables."""
    chain = people.op()
    if isinstance(chain, ops.JoinChain):
        first, links, values = chain.first, list(chain.rest), dict(chain.values)
    else:
        first = ops.JoinReference(chain, identifier=0)
        links, values = [], dict(first.fields)
    for one in others:
        there = ops.JoinReference(one.table.op(), identifier=len(links) + 1)
        is_her = ops.Equals(values["n"], ops.Field(there, "n"))
        links.append(ops.JoinLink("left", table=there, predicates=(is_her,)))
        values |= {name: ops.Field(there, column) for name, column in one.columns.items()}
    return Table(ops.JoinChain(first, rest=tuple(links), values=values)) if links else people
