"""What a Sensors Analytics SDK sends, unwrapped: form or query, percent-encoding, base64, gzip, and the check sum.

An SDK takes an error for nothing at all, or stops for good: so whatever cannot be unwrapped is refused as a whole, with
the reason and the bytes as they came, and the request is still answered as if all were well.
"""

import binascii
import operator
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote, unquote_to_bytes

import msgspec

from domain.ingestion import json_text
from domain.ingestion.body import decoded
from domain.ingestion.refusal import (
    IngestionError,
    Limits,
    MalformedBodyError,
    MessageError,
    Refused,
    TooManyMessagesError,
)
from domain.ingestion.sensors_encryption import NO_KEYS, Envelope, Keys, opened
from domain.ingestion.sensors_record import Record

__all__ = ["Unwrapped", "java_hash", "unwrapped"]

_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n"
_BLOCK: Final = 1_024
_POWERS: Final = tuple(pow(31, _BLOCK - 1 - index, 2**32) for index in range(_BLOCK))
_URL_SAFE: Final = bytes.maketrans(b"-_ ", b"+/+")
_ENCRYPTED: Final = b"9"

_LISTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_RECORDS: Final = msgspec.json.Decoder(Record)
_ENVELOPES: Final = msgspec.json.Decoder(Envelope)

# The keys of a project, by the name in the address.
KeysOf = Callable[[str | None], Keys]


def _nobodys(_: str | None) -> Keys:
    return NO_KEYS


class Unwrapped(msgspec.Struct, frozen=True):
    """The records of a request with their own bytes, what could not be read, and what its URL says of whose it is."""

    records: list[tuple[int, bytes, Record]]
    refused: list[Refused]
    project: str | None
    token: str | None


def unwrapped(query: bytes, body: bytes, limits: Limits, keys_of: KeysOf = _nobodys) -> Unwrapped:
    """Return the records of a request: those of its body, or where there is none of its query.

    `keys_of` gives the keys of the project that the address names, for what the plug-ins of its SDKs encrypted.
    """
    fields = _fields(query)
    project, token = _text(fields.get("project")), _text(fields.get("token"))
    sent = body if body.strip() else query
    refused: list[Refused] = []
    records: list[tuple[int, bytes, Record]] = []

    def refuse(error: IngestionError, raw: bytes) -> None:
        place = len(records) + len(refused)
        refused.append(Refused(index=place, reason=_reason(error), detail=error.detail, field=error.field, raw=raw))

    keys = keys_of(project)
    try:
        raws = _raws(fields, body, limits, keys)
    except IngestionError as error:
        refuse(error, sent)
        return Unwrapped([], refused, project, token)
    for raw in raws:
        try:
            inside = _opened(raw, keys, limits) if _is_envelope(raw) else [raw]
        except IngestionError as error:
            refuse(error, raw)
            continue
        for one in inside:
            try:
                record = json_text.read_message(_RECORDS, one, limits)
            except IngestionError as error:
                refuse(error, one)
            else:
                records.append((len(records) + len(refused), one, record))
    return Unwrapped(records, refused, project, token)


def java_hash(text: bytes) -> int:
    """Return Java's `String.hashCode` of ASCII text: the `crc` of the web SDK, signed 32 bits."""
    total = 0
    for start in range(0, len(text), _BLOCK):
        block = text[start : start + _BLOCK]
        total = total * pow(31, len(block), 2**32) + sum(map(operator.mul, block, _POWERS[_BLOCK - len(block) :]))
        total &= 0xFFFFFFFF
    return total - 2**32 if total >= 2**31 else total


def _raws(query: dict[str, bytes], body: bytes, limits: Limits, keys: Keys) -> list[bytes]:
    fields = query
    if body.strip():
        if body.lstrip()[:1] in (b"{", b"["):  # plain JSON, as people try it out with curl
            return _listed(body, limits)
        fields = query | _fields(body)
    name = "data_list" if "data_list" in fields else "data"
    if name not in fields:
        raise MessageError("body.empty", "send `data` (one record) or `data_list` (an array of them)", field="data")
    if fields.get("gzip") == _ENCRYPTED and not keys:
        raise MessageError("body.encrypted", "is encrypted, and its private key is not with us", field=name)
    if (bare := fields[name].strip())[:1] in (b"{", b"["):  # the encryption plug-ins leave base64 out
        _check(fields.get("ext"), bare)
        return _listed(bare, limits)
    text = fields[name].translate(_URL_SAFE)
    _check(fields.get("ext"), text)
    return _listed(decoded(_from_base64(text, name), None, max_bytes=limits.body_bytes), limits)


def _opened(raw: bytes, keys: Keys, limits: Limits) -> list[bytes]:
    """Return the records inside an envelope; all of them or, where it cannot be opened, none."""
    envelope = json_text.read_message(_ENVELOPES, raw, limits)
    if not keys:
        raise MessageError("message.encrypted", "is encrypted, and its private key is not with us", field="ekey")
    found = [one for clear in opened(envelope, keys, limits.body_bytes) for one in _listed(clear, limits)]
    if len(found) > limits.messages:
        raise TooManyMessagesError(f"a request has at most {limits.messages} records", field="payloads")
    return found


def _is_envelope(raw: bytes) -> bool:
    return b'"payload' in raw and (b'"ekey"' in raw or b'"key_id"' in raw)


def _listed(body: bytes, limits: Limits) -> list[bytes]:
    if body.lstrip()[:1] != b"[":
        return [body]
    raws = json_text.read_body(_LISTS, body)
    if len(raws) > limits.messages:
        raise TooManyMessagesError(f"a request has at most {limits.messages} records", field="data_list")
    return [bytes(raw) for raw in raws]


def _from_base64(text: bytes, name: str) -> bytes:
    if text.translate(None, _ALPHABET):
        raise MalformedBodyError("is no base64 text", field=name)
    bare = text.rstrip(b"=")
    try:
        return binascii.a2b_base64(bare + b"=" * (-len(bare) % 4))
    except binascii.Error:
        raise MalformedBodyError("is no base64 text", field=name) from None


def _check(ext: bytes | None, text: bytes) -> None:
    """Compare the check sum, if there is one; it tells damage on the way, and is no proof of who sent it."""
    if ext is None:
        return
    told = dict(part.partition("=")[::2] for part in ext.decode("latin-1").split(";")).get("crc")
    if told is not None and told.strip() != str(java_hash(text)):
        raise MessageError("body.crc_mismatch", "the check sum is another: damaged on the way", field="ext")


def _fields(form: bytes) -> dict[str, bytes]:
    """Return the fields of a form, percent-decoded; a raw `+` stays one, since only base64 holds any that matter."""
    fields: dict[str, bytes] = {}
    for part in form.split(b"&"):
        name, _, value = part.partition(b"=")
        fields.setdefault(unquote(name.strip().decode("latin-1")), unquote_to_bytes(value.strip()))
    return fields


def _reason(error: IngestionError) -> str:
    return error.reason if isinstance(error, MessageError) else error.code


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "replace")
