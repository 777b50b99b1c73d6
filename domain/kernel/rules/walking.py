"""Walking through rules: every node in them with its place."""

from collections.abc import Iterator
from typing import Any

import msgspec


def inside(node: msgspec.Struct, path: str = "") -> Iterator[tuple[str, msgspec.Struct]]:
    """Return the node and every node, case, part and step in it, each with its dotted path."""
    yield path, node
    for name, child in children(node):
        yield from inside(child, f"{path}.{name}" if path else name)


def children(node: msgspec.Struct) -> Iterator[tuple[str, msgspec.Struct]]:
    """Return what stands directly in a node: `of.0`, `left`, `cases.1` ..."""
    for name in node.__struct_fields__:
        value: Any = getattr(node, name)
        if isinstance(value, msgspec.Struct):
            yield name, value
        elif isinstance(value, tuple):
            for index, one in enumerate(value):
                if isinstance(one, msgspec.Struct):
                    yield f"{name}.{index}", one
