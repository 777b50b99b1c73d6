"""A message of the Segment family as the SDKs send it, and what its parts mean."""

from typing import Any, Final

import msgspec

from domain.activity.vocabulary import Vocabulary
from domain.ingestion.observed import Observed
from domain.ingestion.refusal import MessageError

_CALL_NAMES: Final = ("identify", "track", "page", "screen", "group", "alias")
CALLS: Final = {name: name for name in _CALL_NAMES} | {name[0]: name for name in _CALL_NAMES}

# Who the customer is comes as identifiers and traits; the rest of the context describes the circumstances.
_NO_CIRCUMSTANCES: Final = frozenset({"traits", "externalIds", "externalId"})
# What RudderStack's SDKs send with every message: go anywhere, which is no word about this one.
_ANYWHERE: Final = {"All": True}


class Message(msgspec.Struct, rename="camel"):
    """A message: every field may be missing, and null means missing."""

    type: Any = None
    message_id: Any = None
    user_id: Any = None
    anonymous_id: Any = None
    event: Any = None
    name: Any = None
    category: Any = None
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    context: dict[str, Any] | None = None
    timestamp: Any = None
    original_timestamp: Any = None
    sent_at: Any = None
    group_id: Any = None
    previous_id: Any = None
    channel: Any = None
    integrations: Any = None


def call_of(message: Message) -> str:
    """Return the message's type; raises `MessageError` for an unknown one."""
    if isinstance(message.type, str) and message.type in _CALL_NAMES:
        return message.type
    raise MessageError("type.unknown", f"must be one of {', '.join(_CALL_NAMES)}", field="type")


def name_of(message: Message, call: str, vocabulary: Vocabulary) -> str:
    """Return Koi's name of what happened; raises `MessageError` for a track message without event."""
    if call != "track":
        return vocabulary.name_of("segment_call", call)
    if not isinstance(message.event, str) or not message.event.strip():
        raise MessageError("event.missing", "a track message names its event, as in Product Added", field="event")
    return vocabulary.name_of("segment", message.event)


def properties_of(message: Message, call: str) -> dict[str, Any]:
    """Return the properties; Node and browser copy a page's name and category there, Python does not, so we do."""
    properties = message.properties or {}
    if call in ("page", "screen"):
        own = {"name": message.name, "category": message.category}
        return {key: value for key, value in own.items() if value is not None} | properties
    if call == "group":
        return {"group_id": message.group_id, "group": message.traits or {}} | properties
    return properties


def traits_of(message: Message, context: dict[str, Any]) -> dict[str, Any]:
    """Return the customer's attributes: on top (Segment), in the context (RudderStack's Python SDK) or in both."""
    aside = context.get("traits")
    traits = (aside if isinstance(aside, dict) else {}) | (message.traits or {})
    return {key: value for key, value in traits.items() if value is not None}


def circumstances_of(message: Message, context: dict[str, Any], integrations: dict[str, Any]) -> dict[str, Any]:
    """Return the context without what tells who the customer is, with the channel and a wish where not to pass it on.

    `integrations` is that wish as the batch says it for all its messages. Koi keeps it and acts on none: it passes
    nothing on by itself.
    """
    if not _NO_CIRCUMSTANCES.isdisjoint(context):
        context = {key: value for key, value in context.items() if key not in _NO_CIRCUMSTANCES}
    if isinstance(message.channel, str) and message.channel:
        context = context | {"channel": message.channel}
    if isinstance(message.integrations, dict):
        integrations = integrations | message.integrations
    if integrations and integrations != _ANYWHERE:
        context = context | {"integrations": integrations}
    return context


def observe(message: Message, call: str, context: dict[str, Any], observed: Observed) -> None:
    """Gather the identifiers of the message; raises `MessageError` for one that the sender named wrongly."""
    observed.named("member_code", message.user_id, "userId")
    observed.named("anonymous", message.anonymous_id, "anonymousId")
    device = context.get("device")
    if isinstance(device, dict):
        observed.noticed("device", device.get("id"))
    observed.external(context.get("externalIds") or context.get("externalId"), "context.externalIds")
    if call == "identify":
        traits = traits_of(message, context)
        observed.noticed("email", traits.get("email"))
        observed.noticed("phone", traits.get("phone"))
    elif call == "alias":
        if message.previous_id is None:
            raise MessageError("identifier.missing", "an alias needs the id that it joins", field="previousId")
        # SDKs send an anonymous id here as well as a former user id, and do not tell which.
        observed.named("member_code", message.previous_id, "previousId")
        observed.named("anonymous", message.previous_id, "previousId")


def content(message: Message, call: str) -> bytes:
    """Return what the message says; `sentAt` is left out, since it is new on each attempt to send."""
    return msgspec.json.encode([call, msgspec.structs.replace(message, sent_at=None)], order="deterministic")
