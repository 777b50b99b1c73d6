"""The collector of Sensors Analytics: whose each record is, and where what it says goes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from api.auth import Doorkeeper, ForeignOriginError, MissingScopeError, UnknownKeyError
from api.ingest.door import Door, unusable
from api.ingest.strangers import Strangers
from commands.activity.quarantine import Unusable
from commands.activity.sensors_projects import SensorsProjects
from commands.products.describe_products import describe_products
from commands.runtime.context import Context
from commands.runtime.streams import Streams
from domain.activity.vocabulary import Vocabulary
from domain.ingestion import sensors
from domain.ingestion.refusal import Limits, Parsed, Refused
from domain.ingestion.sensors import NOTHING_DECLARED, Declared
from domain.ingestion.sensors_record import Record
from domain.ingestion.sensors_request import unwrapped

# The text of a property has up to 8,191 characters, and a record many of them.
LIMITS: Final = Limits(message_bytes=128 * 1024, body_bytes=4 * 1024 * 1024)
# Whoever is told to come back later loses data here: so more may wait than at the other doors.
_MOST_WAITING: Final = 100_000
_MOST_OWNERS: Final = 16
_UNKNOWN_SOURCE: Final = "source.unknown"
_HOW: Final = "name a declared project (?project=..) or a write key (?token=..)"


class Sent(msgspec.Struct, frozen=True):
    """A request as it came; `page` is the origin of the web page that sent it, if it was one."""

    query: bytes
    body: bytes
    received_at: datetime
    page: str | None = None


class Took(msgspec.Struct, frozen=True):
    """What came of a request: a position at which it is history (0: nothing is), and what was refused."""

    position: int
    refused: Sequence[Refused]


class _Group(msgspec.Struct, frozen=True):
    """Records of one owner; `source` is None where nobody knows who sent them."""

    source: str | None
    said: sensors.Said


class Collector:
    """Takes requests of the SDKs."""

    def __init__(
        self,
        *,
        door: Door,
        doorkeeper: Doorkeeper,
        projects: SensorsProjects,
        strangers: Strangers,
        streams: Streams,
        vocabulary: Vocabulary,
    ) -> None:
        self._door = door
        self._doorkeeper = doorkeeper
        self._projects = projects
        self._strangers = strangers
        self._streams = streams
        self._vocabulary = vocabulary

    async def take(self, sent: Sent) -> Took:
        """Return once everything is durable: as history, or in the quarantine with the reason."""
        position, refused = 0, list[Refused]()
        for group in await self._read(sent):
            parsed, source = group.said.parsed, group.source
            refused += parsed.refused
            if source is None:
                await self._strangers.keep([unusable(one) for one in parsed.refused])
                continue
            admitted = await self._door.admit(parsed, source, came_by="sensors", most_waiting=_MOST_WAITING)
            position = max(position, admitted.position)
            if group.said.products:
                by = Context(actor=source)
                told = await describe_products(group.said.products, by=by, streams=self._streams)
                position = max(position, told)
        return Took(position, refused)

    async def check(self, sent: Sent) -> Took:
        """Say what would be refused, and take nothing."""
        return Took(0, [one for group in await self._read(sent) for one in group.said.parsed.refused])

    async def _read(self, sent: Sent) -> list[_Group]:
        found = unwrapped(sent.query, sent.body, LIMITS, self._projects.keys_of)
        owned: dict[tuple[str | None, str | None], list[tuple[int, bytes, Record]]] = {}
        for entry in found.records:
            record = entry[2]
            # What the record says of itself goes before what the address says.
            project = record.project if isinstance(record.project, str) and record.project else found.project
            token = record.token if isinstance(record.token, str) and record.token else found.token
            owned.setdefault((project, token), []).append(entry)
        groups = [
            # Each owner is looked up: who names hundreds is none.
            await self._group(*(owner if number < _MOST_OWNERS else (None, None)), records, sent)
            for number, (owner, records) in enumerate(owned.items())
        ]
        if found.refused:
            owner = await self._owner(found.project, found.token, sent.page)
            said = sensors.Said(Parsed([], found.refused), [])
            groups.append(_Group(owner[0] if owner else None, said))
        return groups

    async def _group(
        self, project: str | None, token: str | None, records: list[tuple[int, bytes, Record]], sent: Sent
    ) -> _Group:
        owner = await self._owner(project, token, sent.page)
        if owner is None:
            unknown = [
                Refused(index=index, reason=_UNKNOWN_SOURCE, detail=_HOW, field=None, raw=raw)
                for index, raw, _ in records
            ]
            return _Group(None, sensors.Said(Parsed([], unknown), []))
        source, declared = owner
        said = sensors.read(
            records,
            source=source,
            received_at=sent.received_at,
            vocabulary=self._vocabulary,
            limits=LIMITS,
            declared=declared,
        )
        return _Group(source, said)

    async def _owner(self, project: str | None, token: str | None, page: str | None) -> tuple[str, Declared] | None:
        """Return the source's name and its words: of the declared project, else of the write key in `token`."""
        if found := self._projects.declared(project, token):
            return found[0], found[1].declared
        try:
            caller = await self._doorkeeper.caller(token)
            caller.require_ingest(page)
        except (UnknownKeyError, MissingScopeError, ForeignOriginError):
            return None
        return caller.event_source, self._projects.words_of(project) or NOTHING_DECLARED


def as_came(sent: Sent, reason: str, detail: str) -> Unusable:
    """Return the whole request as an entry of the quarantine."""
    raw = sent.body if sent.body.strip() else sent.query
    return unusable(Refused(index=0, reason=reason, detail=detail, field=None, raw=raw))
