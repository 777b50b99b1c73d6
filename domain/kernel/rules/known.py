"""What exists: the events, fields, attributes, tags ... that a rule may name. Rules are checked against it."""

from collections.abc import Collection, Mapping
from typing import Literal

import msgspec

from domain.kernel.rules.tree import Level

ValueType = Literal["text", "number", "bool", "list"]


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Names by what they are of, with the type of their values where it is known. None: that is not checked.

    `events` are all that are declared or were ever seen, `seen` those that were. An attribute that nobody has, or an
    event that never happened, may yet come: it is a warning. `refused` says of tags why no rule can ask for them.
    """

    events: Collection[str] | None = None
    seen: Collection[str] | None = None
    fields: Mapping[Level, Mapping[str, ValueType]] | None = None
    attributes: Mapping[str, ValueType | None] | None = None
    tags: Mapping[str, ValueType | None] | None = None
    refused: Mapping[str, str] = {}
    segments: Collection[str] | None = None
    contexts: Mapping[str, ValueType | None] | None = None
    models: Mapping[str, ValueType | None] | None = None
    identifiers: Collection[str] | None = None
    channels: Collection[str] | None = None
