"""Calls of platforms and records of shops, replayed through the receivers and descriptions of today."""

import logging
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from commands.activity.replaying import Parse
from commands.activity.sensors_projects import KIND as SENSORS
from commands.activity.sensors_projects import keys_of, project_of
from commands.activity.settling import Waiting
from commands.callbacks.kinds import KINDS as CALLED
from commands.callbacks.receiver import Receiver
from commands.marketplaces.shop import KINDS as SHOPS
from commands.runtime.sources import Source
from domain.activity.vocabulary import Vocabulary
from domain.ingestion import sensors, sensors_request
from domain.ingestion.marketplaces.orders import read_order
from domain.ingestion.marketplaces.platform import Platform, load
from domain.ingestion.marketplaces.refunds import read_refund
from domain.ingestion.marketplaces.telling import Telling
from domain.ingestion.refusal import LARGEST_LIMITS, MessageError, Parsed
from domain.ingestion.sensors import Declared
from domain.ingestion.sensors_encryption import NO_KEYS, Keys
from domain.kernel.errors import KoiError

T = TypeVar("T")
_log: Final = logging.getLogger("koi.quarantine")


class Described:
    """What the declared sources say about how their messages are read."""

    def __init__(self, sources: list[Source]) -> None:
        """Take the declared sources; one that cannot be used is left out."""
        self._receivers: dict[str, Receiver] = {}
        self._platforms: dict[str, Platform] = {}
        self._words: dict[str, Declared] = {}
        self._keys: dict[str, Keys] = {}
        for source in sources:
            try:
                if source.kind in CALLED:
                    self._receivers[source.name] = CALLED[source.kind](source)
                if source.kind == SENSORS:
                    project = project_of(source)
                    self._words[source.name] = project.declared
                    self._keys[source.name] = keys_of(source, project)
                if source.kind in SHOPS:
                    override = source.table.get("mapping", {})
                    self._platforms[source.name] = load(source.kind, override=override)
            except KoiError as error:
                _log.warning("the source %s cannot be used: %s", source.name, error.detail)

    def parsers(self) -> dict[str, Parse]:
        """Return how a call, a record of Sensors Analytics, an order, a refund and an after-sale are read."""
        return {
            "call": self._call,
            "sensors": self._sensors,
            "order": self._reading(_order),
            "refund": self._reading(_refund),
            "after_sale": self._reading(_after_sale),
        }

    def _sensors(self, entry: Waiting, vocabulary: Vocabulary) -> Parsed:
        keys = self._keys.get(entry.source, NO_KEYS)
        found = sensors_request.unwrapped(b"", entry.raw, LARGEST_LIMITS, lambda _: keys)
        if found.refused:
            return Parsed([], found.refused)
        return sensors.read(
            found.records,
            source=entry.source,
            received_at=entry.received_at,
            vocabulary=vocabulary,
            limits=LARGEST_LIMITS,
            declared=self._words.get(entry.source, sensors.NOTHING_DECLARED),
        ).parsed

    def _call(self, entry: Waiting, _: Vocabulary) -> Parsed:
        received = _of(self._receivers, entry).read(entry.raw, entry.received_at)
        if received.consents or received.erasures:
            # They stop messages and erase people: the platform's own next call does that, with its signature.
            raise MessageError("call.not_replayable", "it changes consent or erases: ask the platform to send it again")
        return received.parsed

    def _reading(self, read: Callable[[bytes, Platform, Telling], Parsed]) -> Parse:
        def parse(entry: Waiting, _: Vocabulary) -> Parsed:
            telling = Telling(source=entry.source, received_at=entry.received_at)
            return read(entry.raw, _of(self._platforms, entry), telling)

        return parse


def _order(raw: bytes, platform: Platform, telling: Telling) -> Parsed:
    return Parsed(read_order(raw, platform, telling), [])


def _refund(raw: bytes, platform: Platform, telling: Telling) -> Parsed:
    return Parsed(read_refund(raw, platform, telling), [])


def _after_sale(raw: bytes, platform: Platform, telling: Telling) -> Parsed:
    return _refund(raw, platform.of_after_sales, telling)


def _of(known: Mapping[str, T], entry: Waiting) -> T:
    if entry.source not in known:
        raise MessageError("source.undeclared", f"the source {entry.source} is not declared any more")
    return known[entry.source]
