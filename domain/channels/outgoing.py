"""A message as a provider gets it. It holds personal data, lives in memory only, and does not show it."""

from datetime import datetime
from uuid import UUID

import msgspec

from domain.channels.template import Value


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one person; `to` is the address on the channel, None where the channel needs none."""

    message_id: UUID
    channel: str
    customer_id: UUID
    purpose: str
    to: str | None
    subject: str
    text: str
    parameters: dict[str, Value]
    requested_at: datetime

    def __repr__(self) -> str:
        """Without address and words: representations end up in logs."""
        return f"Outgoing(message_id={self.message_id}, channel={self.channel!r})"
