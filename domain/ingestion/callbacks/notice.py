"""A notice: one thing a platform tells about one person, on its way to becoming activities."""

from datetime import datetime
from typing import Any

import msgspec

from domain.activity.activity import Activity, sections
from domain.identity.identifier import Identifier
from domain.ingestion.callbacks.call import ConsentWord
from domain.ingestion.callbacks.fields import Fields


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What was told, of whom, when; `key` is the same whenever the platform tells it again."""

    source: str
    fields: Fields
    identifiers: tuple[Identifier, ...]
    occurred_at: datetime
    received_at: datetime
    key: str

    def activity(
        self,
        name: str,
        *,
        part: str = "",
        properties: dict[str, Any] | None = None,
        personal: dict[str, Any] | None = None,
    ) -> Activity:
        """Return one activity of it; `part` tells several of one notice apart."""
        return Activity(
            message_id=f"{self.key}:{part}" if part else self.key,
            source=self.source,
            name=name,
            occurred_at=self.occurred_at,
            received_at=self.received_at,
            identifiers=self.identifiers,
            properties=properties or {},
            personal=sections(personal or {}, {}),
        )

    def withdrawal(self, channel: str, purpose: str, *, text_version: str, because: str) -> ConsentWord:
        """Return the word that ends our messages on a channel."""
        return self.word("withdrawn", channel, purpose, text_version=text_version, because=because)

    def word(self, state: Any, channel: str, purpose: str, *, text_version: str, because: str) -> ConsentWord:
        """Return what the person said about a channel and purpose, the platform's own record being the evidence."""
        return ConsentWord(
            identifiers=self.identifiers,
            channel=channel,
            purpose=purpose,
            state=state,
            text_version=text_version,
            evidence=f"{because} {self.key}",
            occurred_at=self.occurred_at,
        )
