"""Records that the encryption plug-ins of Sensors Analytics' SDKs sent, opened with the project's own keys.

Read in the SDKs' source: apps make an AES key each, send it under the project's public key (`ekey`, RSA with PKCS#1
v1.5; `pkv` says which one), and beside it `payload` or `payloads`; pages that share an AES key name it by `key_id`. A
payload is base64 of sixteen bytes that begin the chain and AES-CBC over the records, as JSON or gzip. Keys on elliptic
curves and SM2/SM4 are not opened: how their key is wrapped depends on libraries inside the SDK.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from domain.ingestion.body import decoded
from domain.ingestion.refusal import MessageError
from domain.kernel.errors import InvalidInputError

_BLOCK: Final = 16
_AES_SIZES: Final = (16, 24, 32)
_MOST_PAYLOADS: Final = 500


class Envelope(msgspec.Struct, frozen=True):
    """What comes in place of records; whatever its parts are, none is taken at its word."""

    pkv: Any = None
    ekey: Any = None
    key_id: Any = None
    payload: Any = None
    payloads: Any = None
    flush_time: Any = None


class Keys(msgspec.Struct, frozen=True):
    """A project's keys: private ones by `pkv`, shared ones by `key_id`."""

    private: Mapping[str, RSAPrivateKey] = {}
    shared: Mapping[str, bytes] = {}

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.private or self.shared)


NO_KEYS: Final = Keys()


def private_key(pem: str) -> RSAPrivateKey:
    """Return the key of a PEM text; raises `InvalidInputError`, never with anything of it."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise InvalidInputError("must be an RSA private key as PEM, without a password")
    return key


def shared_key(text: str) -> bytes:
    """Return the key of an AES plug-in (base64 of 16, 24 or 32 bytes); raises `InvalidInputError`."""
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) not in _AES_SIZES:
        raise InvalidInputError("must be the base64 text of an AES key of 16, 24 or 32 bytes")
    return key


def opened(envelope: Envelope, keys: Keys, max_bytes: int) -> Iterator[bytes]:
    """Yield what each payload holds, as JSON; raises `MessageError`, an `IngestionError` for what is too large."""
    key = _key(envelope, keys)
    payloads = envelope.payloads if isinstance(envelope.payloads, list) else [envelope.payloads or envelope.payload]
    if len(payloads) > _MOST_PAYLOADS:
        raise MessageError("body.undecipherable", f"holds more than {_MOST_PAYLOADS} payloads", field="payloads")
    for payload in payloads:
        clear = decoded(_decrypted(key, _bytes(payload, "payload")), None, max_bytes=max_bytes)
        yield _flushed(clear, envelope.flush_time)


def _key(envelope: Envelope, keys: Keys) -> bytes:
    if envelope.ekey is None:
        shared = keys.shared.get(str(envelope.key_id))
        if shared is None:
            raise MessageError("body.key_unknown", "the project declares no shared key of this number", field="key_id")
        return shared
    private = keys.private.get(str(envelope.pkv))
    if private is None:
        raise MessageError("body.key_unknown", "the project declares no private key of this version", field="pkv")
    try:
        key = private.decrypt(_bytes(envelope.ekey, "ekey"), PKCS1v15())
    except ValueError:
        key = b""
    if len(key) not in _AES_SIZES:
        raise _undecipherable("ekey")
    return key


def _decrypted(key: bytes, sealed: bytes) -> bytes:
    if len(sealed) < 2 * _BLOCK or len(sealed) % _BLOCK:
        raise _undecipherable("payload")
    decryptor = Cipher(AES(key), CBC(sealed[:_BLOCK])).decryptor()
    padded = decryptor.update(sealed[_BLOCK:]) + decryptor.finalize()
    unpadder = PKCS7(_BLOCK * 8).unpadder()
    try:
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise _undecipherable("payload") from None


def _bytes(text: object, field: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except binascii.Error:
        raise _undecipherable(field) from None


def _flushed(clear: bytes, flush_time: object) -> bytes:
    """Return the record with when it was sent, which the plug-ins say beside it."""
    if not isinstance(flush_time, int) or b'"_flush_time"' in clear or clear[:1] != b"{" or clear[-1:] != b"}":
        return clear
    return b'%b,"_flush_time":%d}' % (clear[:-1], flush_time)


def _undecipherable(field: str) -> MessageError:
    return MessageError("body.undecipherable", "cannot be opened with the project's key", field=field)
