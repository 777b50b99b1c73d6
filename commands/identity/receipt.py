"""The receipt of an erasure: what was destroyed and why, without a name; also kept where the lake lies.

A backup of the database that is older than an erasure knows nothing of it. Its receipt lies outside the database, in
`erasures/` beside the lake's files, and the erasure is carried out again from it.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Literal, TypeVar
from uuid import UUID

import msgspec
from fsspec.core import url_to_fs

from commands.runtime.durable import put_durably
from commands.runtime.event_store import EventStore
from domain.identity.erasure import Erasure
from domain.kernel.event import Event

_FOLDER = "erasures"
_DONE = ".json"
_BEGUN = ".begun.json"
_ID = re.compile(r"[0-9a-f-]{36}")
_POSITION = "SELECT max(notification_id) FROM decision_log WHERE originator_id = $1"

E = TypeVar("E", bound=Event)


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What proves an erasure; ids are keyed hashes, all times UTC.

    `destroyed` counts by kind; `sha256` is over all that, so that a changed receipt is recognised. `lifted` are the
    identifiers under which the person came back since.
    """

    id: UUID
    state: Literal["begun", "completed"]
    customers: tuple[UUID, ...]
    suppressed: tuple[UUID, ...]
    reason: str
    legal_basis: str
    evidence: str
    requested_by: str
    begun_at: datetime
    position: int
    destroyed: dict[str, int] = {}
    completed_at: datetime | None = None
    sha256: str = ""
    lifted: tuple[UUID, ...] = ()

    @property
    def digest(self) -> str:
        """The digest of everything but itself and of what is only known afterwards."""
        said = msgspec.structs.replace(self, sha256="", state="completed", completed_at=None, position=0, lifted=())
        return hashlib.sha256(msgspec.json.encode(said, order="deterministic")).hexdigest()


class Receipts:
    """The receipts beside the lake, on any fsspec URL. Everything here blocks."""

    def __init__(self, lake_url: str) -> None:
        """Take where the lake lies."""
        self._filesystem, root = url_to_fs(lake_url)
        self._folder = f"{root}/{_FOLDER}"

    def put(self, receipt: Receipt) -> None:
        """Keep it durably; that of a completed erasure takes the place of the one it began with."""
        content = msgspec.json.format(msgspec.json.encode(receipt), indent=2)
        path, begun = self._path(receipt.id), self._path(receipt.id, _BEGUN)
        target = begun if receipt.state == "begun" else path
        put_durably(self._filesystem, target, content)
        if target == path and self._filesystem.exists(begun):
            self._filesystem.rm_file(begun)

    def ids(self, *, completed: bool = False) -> set[UUID]:
        """Return the ids of all receipts that lie here, or of those alone that say it is done."""
        try:
            paths = self._filesystem.ls(self._folder, detail=False)
        except FileNotFoundError:
            return set()
        names = [PurePosixPath(str(path)).name for path in paths]
        endings = (_DONE,) if completed else (_DONE, _BEGUN)
        found = (name.removesuffix(ending) for ending in endings for name in names if name.endswith(ending))
        return {UUID(name) for name in found if _ID.fullmatch(name)}

    def get(self, erasure_id: UUID) -> Receipt:
        """Return a receipt that lies here."""
        path = self._path(erasure_id)
        found = path if self._filesystem.exists(path) else self._path(erasure_id, _BEGUN)
        return msgspec.json.decode(self._filesystem.cat_file(found), type=Receipt)

    def _path(self, erasure_id: UUID, ending: str = _DONE) -> str:
        return f"{self._folder}/{erasure_id}{ending}"


async def receipt_of(store: EventStore, erasure_id: UUID) -> Receipt:
    """Return the receipt as the log tells it; the erasure has begun."""
    history = await store.streams.history([erasure_id])
    erasure = Erasure.rebuilt(erasure_id, history)
    begun, completed = _first(history, Erasure.Begun), erasure.completed
    position: int = await store.pool.fetchval(_POSITION, erasure_id)
    named = {one for event in history if isinstance(event, Erasure.Begun | Erasure.Widened) for one in event.suppressed}
    return Receipt(
        id=erasure_id,
        state="completed" if completed else "begun",
        customers=tuple(sorted(erasure.customers)),
        suppressed=tuple(sorted(named)),
        reason=begun.reason,
        legal_basis=begun.legal_basis,
        evidence=begun.evidence,
        requested_by=begun.meta.actor,
        begun_at=begun.meta.recorded_at,
        position=position,
        destroyed=completed.destroyed if completed else {},
        completed_at=completed.meta.recorded_at if completed else None,
        sha256=completed.sha256 if completed else "",
        lifted=tuple(sorted(named - erasure.suppressed)),
    )


def _first(history: Sequence[Event], kind: type[E]) -> E:
    return next(event for event in history if isinstance(event, kind))
