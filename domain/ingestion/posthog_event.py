"""An event as PostHog's SDKs send it, and what its parts mean.

What the SDK adds by itself begins with `$`; everything else is the shop's own.
"""

from typing import Any, Final
from uuid import UUID

import msgspec

from domain.activity.vocabulary import Vocabulary
from domain.ingestion.observed import Observed
from domain.ingestion.refusal import MessageError

# PostHog's names of what the Segment family has calls for.
_CALLS: Final = {
    "$pageview": "page",
    "$screen": "screen",
    "$identify": "identify",
    "$set": "identify",
    "$set_once": "identify",
    "$create_alias": "alias",
    "$merge_dangerously": "alias",
    "$groupidentify": "group",
}
_NO_PROPERTIES: Final = frozenset({"token", "distinct_id"})
_IDENTITIES: Final = frozenset({"$set", "$set_once", "$unset", "$user_id", "$anon_distinct_id", "$is_identified"})
# How the SDK is set up and how it fares, which says nothing of the customer.
_OF_THE_SDK: Final = frozenset(
    {
        *("$insert_id", "$time", "$initialization_time", "$configured_session_timeout_ms", "$lib_custom_api_host"),
        *("$lib_rate_limit_remaining_tokens", "$config_defaults", "$process_person_profile", "$recording_status"),
        *("$geoip_disable", "$is_server"),
    }
)
_DEBUGGING: Final = "$sdk_"
# Where the context of the Segment family has the same.
_PLACES: Final = {
    "$raw_user_agent": ("userAgent", None),
    "$current_url": ("page", "url"),
    "$pathname": ("page", "path"),
    "$referrer": ("page", "referrer"),
    "$lib": ("library", "name"),
    "$lib_version": ("library", "version"),
}
_NO_REFERRER: Final = "$direct"


class Event(msgspec.Struct):
    """An event: every field may be missing, and null means missing. `offset` is how many milliseconds ago it was."""

    event: Any = None
    distinct_id: Any = None
    properties: dict[str, Any] | None = None
    timestamp: Any = None
    offset: Any = None
    uuid: Any = None
    set: dict[str, Any] | None = msgspec.field(default=None, name="$set")
    set_once: dict[str, Any] | None = msgspec.field(default=None, name="$set_once")
    unset: Any = msgspec.field(default=None, name="$unset")


def call_of(event: Event) -> str:
    """Return which call of the Segment family it is, else track; raises `MessageError` for an event without name."""
    if not isinstance(event.event, str) or not event.event.strip():
        raise MessageError("event.missing", "names what happened, as in Product Added", field="event")
    return _CALLS.get(event.event, "track")


def name_of(event: Event, call: str, vocabulary: Vocabulary) -> str:
    """Return Koi's name of what happened."""
    if call == "track":
        return vocabulary.name_of("segment", event.event)
    return vocabulary.name_of("segment_call", call)


def properties_of(event: Event, call: str) -> dict[str, Any]:
    """Return the shop's own properties, and what makes a page, a screen or a group of it."""
    whole = event.properties or {}
    own = {key: value for key, value in whole.items() if not key.startswith("$") and key not in _NO_PROPERTIES}
    match call:
        case "page":
            page = circumstances_of(event).get("page")  # a property `$page` of the shop's own may be anything
            return (page if isinstance(page, dict) else {}) | own
        case "screen":
            return {"name": whole.get("$screen_name")} | own
        case "group":
            told = {"group_type": "$group_type", "group_id": "$group_key", "group": "$group_set"}
            return {name: whole[key] for name, key in told.items() if key in whole} | own
        case "alias":
            own.pop("alias", None)
    return own


def circumstances_of(event: Event) -> dict[str, Any]:
    """Return what the SDK noticed, in the places where the Segment family's context has it."""
    found: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {}
    for key, value in (event.properties or {}).items():
        if not _is_circumstance(key) or value is None or (key == "$referrer" and value == _NO_REFERRER):
            continue
        place, part = _PLACES.get(key, (key.removeprefix("$"), None))
        if part is None:
            found[place] = value
        else:
            parts.setdefault(place, {})[part] = value
    return found | parts


def _is_circumstance(key: str) -> bool:
    if not key.startswith("$") or key.startswith(("$group_", _DEBUGGING)):
        return False
    return key not in _IDENTITIES and key not in _OF_THE_SDK


def attributes_of(event: Event, name: str) -> dict[str, Any]:
    """Return the customer's attributes under `$set` or `$set_once`, on top (SDKs) or among the properties (HTTP API).

    Raises `MessageError` where they are no object.
    """
    within = (event.properties or {}).get(name)
    if not isinstance(within, dict | None):
        raise MessageError("attributes.invalid", "must be an object", field=f"properties.{name}")
    on_top = event.set if name == "$set" else event.set_once
    whole = (within or {}) | (on_top or {})
    return {key: value for key, value in whole.items() if value is not None}


def removed_of(event: Event) -> tuple[str, ...]:
    """Return the names of the attributes to remove; raises `MessageError` where they are no list of names."""
    listed = event.unset if event.unset is not None else (event.properties or {}).get("$unset")
    if not isinstance(listed, list | dict | None):
        raise MessageError("attributes.invalid", "must be a list of names", field="$unset")
    return tuple(dict.fromkeys(name for name in listed or () if isinstance(name, str)))


def observe(event: Event, call: str, traits: dict[str, Any], observed: Observed) -> None:
    """Gather the identifiers; raises `MessageError` for one that the sender named wrongly."""
    properties = event.properties or {}
    named = event.distinct_id if event.distinct_id is not None else properties.get("distinct_id")
    if call == "alias":
        # Both are joined, and the SDKs do not tell which of them was anonymous.
        for one, field in ((named, "distinct_id"), (properties.get("alias"), "properties.alias")):
            observed.named("member_code", one, field)
            observed.named("anonymous", one, field)
    elif call != "group" or not _is_group(properties, named):
        is_anonymous = _is_anonymous(properties, named) or (call == "group" and _is_made_up(named))
        observed.named("anonymous" if is_anonymous else "member_code", named, "distinct_id")
    if call == "identify":
        observed.named("anonymous", properties.get("$anon_distinct_id"), "properties.$anon_distinct_id")
        observed.noticed("email", traits.get("email"))
        observed.noticed("phone", traits.get("phone"))


def _is_anonymous(properties: dict[str, Any], named: object) -> bool:
    """Tell whether the id was made by the SDK: it says so, or wants no profile for it, or uses it for the device."""
    if isinstance(identified := properties.get("$is_identified"), bool):
        return not identified
    return properties.get("$process_person_profile") is False or named == properties.get("$device_id", "")


def _is_group(properties: dict[str, Any], named: object) -> bool:
    """Tell whether the id stands for the group itself: Node's SDK says so where no member is told."""
    return named == f"${properties.get('$group_type')}_{properties.get('$group_key')}"


def _is_made_up(named: object) -> bool:
    """Tell whether it is a UUID, which Python's SDK makes up for a group where no member is told."""
    try:
        return isinstance(named, str) and str(UUID(named)) == named
    except ValueError:
        return False
