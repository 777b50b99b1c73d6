"""What a payload says in Koi's fields, as the platform's description tells where each of them is."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from domain.identity.identifier import Identifier, IdentifierError, identifier
from domain.ingestion import json_text
from domain.ingestion.marketplaces.finding import Payload, find, integer, minor_units, moment, text
from domain.ingestion.marketplaces.platform import Field, Lines, Platform, Spec
from domain.ingestion.refusal import LARGEST_LIMITS, MessageError

_decoder: Final = msgspec.json.Decoder(dict[str, Any])
_TELLABLE: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}\Z")


def decoded(raw: bytes) -> Payload:
    """Return the payload; raises `MessageError` if it is too large, too deep or no object."""
    return json_text.read_message(_decoder, raw, LARGEST_LIMITS)


def needed(payload: Payload, paths: Iterable[str], reason: str, detail: str) -> str:
    """Return the id at one of the paths; raises `MessageError` with the reason if there is none."""
    value, path = find(payload, paths)
    found = text(value, path) if value is not None else ""
    if not found:
        raise MessageError(reason, detail, field=path)
    return found


def id_of(raw: bytes, paths: Iterable[str]) -> str:
    """Return the id at one of the paths; raises `MessageError`."""
    return needed(decoded(raw), paths, "id.missing", "the payload has no number")


def status_of(payload: Payload, paths: Iterable[str], known: Collection[str], alike: Mapping[str, str]) -> str:
    """Return the status, or the one it is alike; raises `MessageError` for one that is not among the known (*: all)."""
    value, path = find(payload, paths)
    if value is None:
        raise MessageError("status.missing", "the payload has no status", field=path)
    status = text(value, path)
    status = alike.get(status, status)
    if status not in known and "*" not in known:
        shown = status if _TELLABLE.match(status) else "the status"
        raise MessageError("status.unknown", f"{shown} is none that the mapping knows: add it there", field=path)
    return status


def first_time(payload: Payload, paths: Iterable[str], platform: Platform) -> datetime | None:
    """Return the first time that is told, None if none is yet."""
    for path in paths:
        value, _ = find(payload, (path,))
        at = moment(value, platform.zone, path) if value is not None else None
        if at is not None:
            return at
    return None


def buyer_of(payload: object, paths: Iterable[str], platform: Platform) -> Identifier | None:
    """Return who bought, None if nobody is named; raises `MessageError` for what is no identifier."""
    value, path = find(payload, paths)
    if value is None:
        return None
    try:
        return identifier("marketplace_buyer", f"{platform.buyers}:{text(value, path)}")
    except IdentifierError as error:
        raise MessageError(error.code, error.detail, field=path) from None


def lines_of(payload: Payload, lines: Lines, platform: Platform) -> list[dict[str, Any]]:
    """Return the lines; raises `MessageError` where they are no list of objects."""
    listed, path = find(payload, lines.at)
    if listed is None:
        return []
    if not isinstance(listed, list):
        listed = [listed]  # some gateways send a list of one as the one
    if not all(isinstance(line, dict) for line in listed):
        raise MessageError("lines.invalid", "the lines are no list of objects", field=path)
    return [values_of(line, lines.fields, platform) for line in listed]


def values_of(payload: Payload, fields: Mapping[str, Spec], platform: Platform) -> dict[str, Any]:
    """Return those of the fields that are told."""
    found = {name: _value(payload, _long(spec), platform) for name, spec in fields.items()}
    return {name: value for name, value in found.items() if value is not None}


def amount_of(payload: Payload, spec: Spec, platform: Platform) -> int:
    """Return the money in minor units; raises `MessageError` if it is missing or negative."""
    field = msgspec.structs.replace(_long(spec), type="money")
    amount = _value(payload, field, platform)
    if not isinstance(amount, int):
        raise MessageError("money.missing", "no amount is told", field=field.path[0])
    if amount < 0:
        raise MessageError("money.invalid", "an amount is not negative", field=field.path[0])
    return amount


def _value(payload: Payload, field: Field, platform: Platform) -> Any:
    value, path = find(payload, field.path)
    if value is None:
        return None
    match field.type:
        case "integer":
            return integer(value, path)
        case "time":
            return moment(value, platform.zone, path)
        case "money":
            unit = field.unit or platform.unit
            told = [(value, path), *(find(payload, (one,)) for one in field.plus)]
            return sum(minor_units(one, unit, platform.currency, place) for one, place in told if one is not None)
        case "text":
            return text(value, path)


def _long(spec: Spec) -> Field:
    if isinstance(spec, Field):
        return spec
    return Field(path=(spec,) if isinstance(spec, str) else spec)
