"""The door for events: what was read goes into history, what could not be read into the quarantine, then the answer."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import asyncpg
import msgspec

from api.metrics import Metrics
from commands.activity.intake import Intake
from commands.activity.quarantine import Quarantine, Unusable
from domain.ingestion.refusal import Parsed, Refused
from domain.kernel.errors import KoiError
from projections.history.queries import head

# About two seconds of work: who waits longer had better come back than pile up here.
MOST_WAITING: Final = 20_000
_DIGEST_BYTES: Final = 16


class CrowdedError(KoiError):
    """More events come in than the log can take just now."""

    code = "ingest.crowded"


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request's events; `position` is one at which all of them are history.

    `suppressed` name a person who was erased and are not kept.
    """

    position: int
    accepted: int
    duplicates: int
    quarantined: int
    suppressed: int = 0


class Door:
    """Lets parsed requests in, as many at a time as the log can soon take."""

    def __init__(self, intake: Intake, quarantine: Quarantine, metrics: Metrics, pool: asyncpg.Pool) -> None:
        self._intake = intake
        self._quarantine = quarantine
        self._metrics = metrics
        self._pool = pool
        self.waiting = 0

    async def admit(
        self,
        parsed: Parsed,
        source: str,
        *,
        came_by: str,
        about: Mapping[str, Any] | None = None,
        most_waiting: int = MOST_WAITING,
    ) -> Admitted:
        """Return once everything is durable; raises `CrowdedError` when too much waits already.

        `came_by` and `about` tell how what was refused is read again (`commands.activity.replaying`).
        """
        count = len(parsed.accepted)
        if self.waiting and self.waiting + count > most_waiting:
            raise CrowdedError("too many events are waiting to be written: send this batch again in a moment")
        self.waiting += count
        try:
            if parsed.refused:
                entries = [unusable(refused) for refused in parsed.refused]
                await self._quarantine.put(source, entries, came_by=came_by, about=about)
                self._metrics.refused(source, (refused.reason for refused in parsed.refused))
            taken = await self._intake.take(parsed.accepted)
        finally:
            self.waiting -= count
        self._metrics.ingested(
            source,
            accepted=taken.accepted,
            duplicates=taken.duplicates,
            quarantined=len(parsed.refused),
            suppressed=taken.suppressed,
        )
        return Admitted(
            # Who sends again what is there already may wait for it as well: it lies somewhere before the newest event.
            position=taken.position or (await head(self._pool) if taken.duplicates else 0),
            accepted=taken.accepted,
            duplicates=taken.duplicates,
            quarantined=len(parsed.refused),
            suppressed=taken.suppressed,
        )


def unusable(refused: Refused) -> Unusable:
    """Return a refused message as an entry of the quarantine."""
    # Named by its own bytes: a batch sent again, under another `sentAt`, does not put its bad messages here twice.
    digest = hashlib.blake2b(refused.raw, digest_size=_DIGEST_BYTES).hexdigest()
    detail = f"{refused.field}: {refused.detail}" if refused.field else refused.detail
    return Unusable(batch_key=digest, line=refused.index, reason=refused.reason, detail=detail, raw=refused.raw)
