"""Replay what lies in the quarantine through the parsers, the vocabulary and the rules of today.

What a source sent goes the way it would go if it came now: what can be read becomes part of history once, whatever was
there before; what cannot is refused again, with the reason of today. A registry says who reads what.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from commands.activity.intake import Intake
from commands.activity.quarantine import Quarantine
from commands.activity.settling import Waiting, claimed, settle_refused, settle_replayed
from domain.activity.vocabulary import Vocabulary
from domain.ingestion import cloudevents, posthog, segment
from domain.ingestion.refusal import LARGEST_LIMITS, MessageError, Parsed, Refused
from domain.ingestion.segment_message import CALLS
from domain.kernel.errors import DomainError

Parse = Callable[[Waiting, Vocabulary], Parsed]


class Replayed(msgspec.Struct, kw_only=True):
    """What came of a replay: how many became part of history, were so before, are refused again, or are nobody's."""

    replayed: int = 0
    known: int = 0
    refused: int = 0
    suppressed: int = 0

    @property
    def total(self) -> int:
        """How many were looked at."""
        return self.replayed + self.known + self.refused + self.suppressed

    def add(self, other: "Replayed") -> None:
        """Count another one with it."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


# Replays entries of one kind that were claimed together, and settles each.
Replayer = Callable[[Sequence[Waiting]], Awaitable[Replayed]]
Told = Callable[[Replayed], None]


async def replay_asked(
    quarantine: Quarantine, replayers: Mapping[str, Replayer], *, told: Told | None = None
) -> Replayed:
    """Replay everything that was asked for, and what an interrupted replay left; `told` hears of the progress."""
    total = Replayed()
    while entries := await claimed(quarantine):
        replayer = replayers.get(entries[0].came_by, _unknown(quarantine))
        total.add(await replayer(entries))
        if told:
            told(total)
    return total


class ParsedReplayer:
    """Replays single messages through a parser and the intake."""

    def __init__(self, parse: Parse, quarantine: Quarantine, intake: Intake, vocabulary: Vocabulary) -> None:
        """Take how a message is read, and where it goes."""
        self._parse = parse
        self._quarantine = quarantine
        self._intake = intake
        self._vocabulary = vocabulary

    async def __call__(self, entries: Sequence[Waiting]) -> Replayed:
        """Replay each; one that fails does not hold up the others."""
        total = Replayed()
        for entry in entries:
            total.add(await self._one(entry))
        return total

    async def _one(self, entry: Waiting) -> Replayed:
        pool = self._quarantine.pool
        parsed = _read(entry, self._parse, self._vocabulary)
        if parsed.refused:
            refused = parsed.refused[0]
            detail = f"{refused.field}: {refused.detail}" if refused.field else refused.detail
            await settle_refused(pool, entry.id, reason=refused.reason, detail=detail)
            return Replayed(refused=1)
        taken = await self._intake.take(parsed.accepted)
        if taken.accepted:
            await settle_replayed(pool, [entry.id], f"position {taken.position}")
            return Replayed(replayed=1)
        if taken.suppressed:
            await settle_replayed(pool, [entry.id], "names a person who was erased: not taken in")
            return Replayed(suppressed=1)
        await settle_replayed(pool, [entry.id], "known already")
        return Replayed(known=1)


def _read(entry: Waiting, parse: Parse, vocabulary: Vocabulary) -> Parsed:
    try:
        return parse(entry, vocabulary)
    except DomainError as error:
        reason = error.reason if isinstance(error, MessageError) else error.code
        refused = Refused(index=0, reason=reason, detail=error.detail, field=error.field, raw=entry.raw)
    except Exception as error:  # noqa: BLE001 - whatever it is, this one waits on, and its neighbours are replayed
        refused = Refused(index=0, reason="replay.failed", detail=type(error).__name__, field=None, raw=entry.raw)
    return Parsed([], [refused])


def _segment(entry: Waiting, vocabulary: Vocabulary) -> Parsed:
    kind = str(entry.about.get("kind", ""))
    return segment.parse(entry.raw, kind=kind if kind in CALLS else None, **_common(entry, vocabulary))


def _cloudevents(entry: Waiting, vocabulary: Vocabulary) -> Parsed:
    headers = {"content-type": "application/cloudevents+json"}
    return cloudevents.parse(entry.raw, headers=headers, **_common(entry, vocabulary))


def _posthog(entry: Waiting, vocabulary: Vocabulary) -> Parsed:
    return posthog.parse(entry.raw, clock=None, **_common(entry, vocabulary))


def _common(entry: Waiting, vocabulary: Vocabulary) -> dict[str, Any]:
    # A message too large or too deep when it came may be let in by the limits of today.
    return {
        "source": entry.source,
        "received_at": entry.received_at,
        "vocabulary": vocabulary,
        "limits": LARGEST_LIMITS,
    }


PARSERS: Final[dict[str, Parse]] = {"segment": _segment, "cloudevents": _cloudevents, "posthog": _posthog}


def parsed_replayers(
    quarantine: Quarantine, intake: Intake, vocabulary: Vocabulary, more: Iterable[tuple[str, Parse]] = ()
) -> dict[str, Replayer]:
    """Return the replayers of everything that is read message by message."""
    return {
        name: ParsedReplayer(parse, quarantine, intake, vocabulary) for name, parse in (PARSERS | dict(more)).items()
    }


def _unknown(quarantine: Quarantine) -> Replayer:
    async def refuse(entries: Sequence[Waiting]) -> Replayed:
        for entry in entries:
            detail = f"nothing here can replay what came by {entry.came_by or 'an older Koi'}"
            await settle_refused(quarantine.pool, entry.id, reason=entry.reason, detail=detail)
        return Replayed(refused=len(entries))

    return refuse
