"""The envelope WeChat and WeCom put messages in: SHA-1 over sorted parts, AES-256-CBC under the EncodingAESKey.

Plain text: 16 random bytes, the length of the message (4 bytes, big endian), the message, the id of who it is for.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

from domain.ingestion.callbacks.call import ForgedCallError
from domain.kernel.errors import InvalidInputError

_KEY_CHARACTERS: Final = 43
_KEY_BYTES: Final = 32
_AES_BLOCK: Final = 16
_PADDED_TO: Final = 32
_RANDOM: Final = 16
_LENGTH: Final = 4


def aes_key(encoding_key: str) -> bytes:
    """Return the key that an EncodingAESKey (43 characters of base64) means; raises `InvalidInputError`."""
    try:
        key = base64.b64decode(encoding_key + "=", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(encoding_key) != _KEY_CHARACTERS or len(key) != _KEY_BYTES:
        raise InvalidInputError("the EncodingAESKey is 43 letters and digits: copy it whole", field="aes_key")
    return key


def check_signature(signature: str, *parts: str) -> None:
    """Raise `ForgedCallError` unless the signature is the SHA-1 (hex) of the sorted parts, one behind the other."""
    made = hashlib.sha1("".join(sorted(parts)).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(made.encode(), signature.encode("utf-8", "surrogatepass")):
        raise ForgedCallError("the signature is not made with this source's token")


def decrypted(key: bytes, encrypted: str, receiver_id: str) -> bytes:
    """Return the message; raises `ForgedCallError` where it was not encrypted under the key, or is for another id."""
    try:
        cipher = base64.b64decode(encrypted, validate=True)
    except (binascii.Error, ValueError):
        cipher = b""
    if not cipher or len(cipher) % _AES_BLOCK:
        raise ForgedCallError("what should be encrypted is not")
    decryptor = Cipher(AES256(key), CBC(key[:_AES_BLOCK])).decryptor()
    plain = _unpadded(decryptor.update(cipher) + decryptor.finalize())
    start = _RANDOM + _LENGTH
    end = start + int.from_bytes(plain[_RANDOM:start], "big")
    if len(plain) < start or end > len(plain):
        raise ForgedCallError("the message is not encrypted under this source's key")
    if not hmac.compare_digest(plain[end:], receiver_id.encode()):
        raise ForgedCallError("the message is for another app than this source's")
    return plain[start:end]


def _unpadded(plain: bytes) -> bytes:
    # PKCS#7 up to a multiple of 32, though blocks have 16 bytes.
    pad = plain[-1]
    if not 0 < pad <= _PADDED_TO or plain[-pad:] != bytes([pad]) * pad:
        raise ForgedCallError("the message is not encrypted under this source's key")
    return plain[:-pad]
