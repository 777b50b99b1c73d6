"""Attributes of a person: what is personal of them is sealed whole, so that each attribute has one value."""

from typing import Any

from domain.activity.personal import split


def parted(attributes: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the plain and the personal attributes; one that is personal only in part counts as personal."""
    _, personal = split(attributes, of_person=True)
    plain = {name: value for name, value in attributes.items() if name not in personal}
    return plain, {name: attributes[name] for name in attributes if name in personal}
