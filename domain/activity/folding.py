"""Folding, where the areas of activity look for it."""

from domain.kernel.folding import folded

__all__ = ["folded"]
