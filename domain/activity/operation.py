"""What an activity asks of the customer's profile, beyond being seen and described."""

import enum
from typing import Any

import msgspec

from domain.identity.identifier import Identifier


class OperationKind(enum.Enum):
    """What is asked; each of them asked twice changes nothing the second time.

    What must not count twice, an increment, is therefore no operation but a fact: it counts when the fact is new.
    """

    SET = enum.auto()  # these attributes have these values
    SET_ONCE = enum.auto()  # those that have none have these values
    EXTEND = enum.auto()  # these texts belong to attributes that are lists
    REMOVE = enum.auto()  # these attributes have no value any more
    CLEAR = enum.auto()  # nothing said about the customer until now holds any more
    BIND = enum.auto()  # the activity's identifiers belong together: an explicit word, not an observation
    UNBIND = enum.auto()  # these identifiers belong to nobody they were joined with until now


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation, as of when the activity occurred.

    `attributes` are those to set, add to or remove (of which only the names count); `cut` the identifiers to unbind.
    """

    kind: OperationKind
    attributes: dict[str, Any] = {}
    cut: tuple[Identifier, ...] = ()
