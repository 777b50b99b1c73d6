"""The stored form of an event: one JSON object an auditor can read with plain SQL, personal values sealed inside."""

from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import UUID

import msgspec

from domain.kernel.event import Event, type_of_topic, upcasters

Seal = Callable[[bytes], bytes]
# Gives back the clear bytes, or None where the key has been destroyed.
Unseal = Callable[[bytes], bytes | None]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_BASE = frozenset({"originator_id", "originator_version"})


class UnknownTopicError(LookupError):
    """The log holds an event this version of Koi has no type for: it was written by a newer one."""


@cache
def _payload_fields(event_type: type[Event]) -> tuple[str, ...]:
    return tuple(name for name in event_type.__struct_fields__ if name not in _BASE)


@cache
def _decoder(event_type: type[Event]) -> msgspec.json.Decoder[Event]:
    return msgspec.json.Decoder(event_type)


def to_state(event: Event, seal: Seal | None = None) -> bytes:
    """Encode the payload and the envelope; values of personal fields are replaced by base64 of their sealed JSON.

    Raises `ValueError` if the event holds personal values and there is no seal.
    """
    document = {name: getattr(event, name) for name in _payload_fields(type(event))}
    for name in event.PERSONAL:
        if document[name]:
            if seal is None:
                msg = f"{event.TOPIC} holds personal data and must be sealed"
                raise ValueError(msg)
            document[name] = {key: seal(_encode(value)) for key, value in document[name].items()}
    return _encode(document)


def from_state(
    topic: str, state: bytes, originator_id: UUID, originator_version: int, unseal: Unseal | None = None
) -> Event:
    """Decode a stored event of any version ever written; personal values whose key is gone are left out."""
    event_type = type_of_topic.get(topic)
    if event_type is None or event_type.PERSONAL or topic in upcasters:
        event_type, document = _upcast(topic, _decode(state))
        for name in event_type.PERSONAL:
            document[name] = _unsealed(document.get(name) or {}, unseal)
        event = msgspec.convert(document, event_type)
    else:
        event = _decoder(event_type).decode(state)
    msgspec.structs.force_setattr(event, "originator_id", originator_id)
    msgspec.structs.force_setattr(event, "originator_version", originator_version)
    return event


def _upcast(topic: str, document: dict[str, Any]) -> tuple[type[Event], dict[str, Any]]:
    while topic in upcasters:
        topic, change = upcasters[topic]
        document = change(document)
    try:
        return type_of_topic[topic], document
    except KeyError:
        msg = f"no event type has the topic {topic}"
        raise UnknownTopicError(msg) from None


def _unsealed(values: dict[str, str], unseal: Unseal | None) -> dict[str, Any]:
    if unseal is None:
        return {}
    clear = {key: unseal(_bytes(value)) for key, value in values.items()}
    return {key: _decode(value) for key, value in clear.items() if value is not None}


def _bytes(value: str) -> bytes:
    return msgspec.convert(value, bytes)
