"""Who asks for something, why, and how a repeat of it is recognised."""

from datetime import datetime
from uuid import UUID

import msgspec

from domain.kernel import KoiError, Meta


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """The circumstances of a command; they become the envelope of the events it leads to.

    `command_id` makes a repeat harmless; `fingerprint` tells a repeat from another request under the same id.
    """

    actor: str
    command_id: UUID | None = None
    occurred_at: datetime | None = None
    causation_id: str | None = None
    correlation_id: str | None = None
    fingerprint: bytes | None = None

    def meta(self, recorded_at: datetime) -> Meta:
        """Return the envelope for events written at `recorded_at`."""
        return Meta(
            occurred_at=self.occurred_at or recorded_at,
            recorded_at=recorded_at,
            actor=self.actor,
            command_id=self.command_id,
            causation_id=self.causation_id,
            correlation_id=self.correlation_id or (str(self.command_id) if self.command_id else None),
        )


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """What a save led to: the position of its last event and the new version of each stream."""

    position: int
    versions: dict[UUID, int]


class AlreadyDoneError(KoiError):
    """The command was carried out before; `result` (JSON) and `position` are those of the first time."""

    code = "command.already_done"

    def __init__(self, position: int, result: bytes | None, fingerprint: bytes | None) -> None:
        """Carry what the first execution left."""
        super().__init__("this command was carried out before")
        self.position = position
        self.result = result
        self.fingerprint = fingerprint
