"""What Sensors' encryption plug-ins send, written here as their sources write it, and opened."""

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from domain.ingestion.refusal import DEFAULT_LIMITS
from domain.ingestion.sensors_encryption import NO_KEYS, Keys, private_key, shared_key
from domain.ingestion.sensors_request import Unwrapped, java_hash, unwrapped
from domain.kernel.errors import InvalidInputError

RSA: Final = generate_private_key(public_exponent=65_537, key_size=2_048)
AES_KEY: Final = bytes(range(16))
KEYS: Final = Keys(private={"3": RSA}, shared={"7": AES_KEY})
RECORD: Final = {"type": "track", "event": "ViewProduct", "distinct_id": "M1", "time": 1_794_500_000_000}


def sealed(clear: bytes, key: bytes = AES_KEY) -> str:
    """AES-CBC, its beginning in front."""
    padder = PKCS7(128).padder()
    encryptor = Cipher(AES(key), CBC(b"i" * 16)).encryptor()
    body = encryptor.update(padder.update(clear) + padder.finalize()) + encryptor.finalize()
    return base64.b64encode(b"i" * 16 + body).decode()


def of_an_app(*records: object, rsa: RSAPrivateKey = RSA, **changed: Any) -> dict[str, Any]:
    """A key of its own under the project's public one; gzip inside."""
    return {
        "pkv": 3,
        "ekey": base64.b64encode(rsa.public_key().encrypt(AES_KEY, PKCS1v15())).decode(),
        "payloads": [sealed(gzip.compress(json.dumps(one).encode())) for one in records],
        "flush_time": 1_794_500_009_000,
    } | changed


def sent(document: object, *, name: str = "data_list", more: str = "", keys: Keys = KEYS) -> Unwrapped:
    """Unwrap a request of the project."""
    body = f"{name}={quote(json.dumps(document))}&gzip=9{more}".encode()
    return unwrapped(b"project=shop", body, DEFAULT_LIMITS, lambda project: keys if project == "shop" else NO_KEYS)


def test_records_of_an_app_are_opened_with_the_private_key_of_their_version() -> None:
    """Several envelopes, several payloads in one, with the time they were sent at; one in a plain list."""
    found = sent([of_an_app(RECORD, RECORD), of_an_app([RECORD], payloads=None, payload=sealed(b"[%b]" % _json()))])
    assert not found.refused
    assert [record.flush_time for _, _, record in found.records] == [1_794_500_009_000, 1_794_500_009_000, None]
    assert {record.distinct_id for _, _, record in found.records} == {"M1"}
    mixed = base64.b64encode(json.dumps([RECORD, of_an_app(RECORD)]).encode())
    listed = unwrapped(b"project=shop", b"data_list=" + quote(mixed).encode(), DEFAULT_LIMITS, lambda _: KEYS)
    assert (len(listed.records), listed.refused) == (2, [])


def test_a_page_that_shares_a_key_names_it() -> None:
    """The AES plug-in of the browser's SDK, with its check sum over the JSON."""
    envelope = {"key_id": 7, "key_hash": "x", "nc": 1, "payload": sealed(_json())}
    text = json.dumps(envelope)
    more = f"&ext={quote(f'crc={java_hash(text.encode())}')}"
    assert [record.event for _, _, record in sent(envelope, name="data", more=more).records] == ["ViewProduct"]
    assert sent(envelope, name="data", more="&ext=crc%3D1").refused[0].reason == "body.crc_mismatch"


def test_the_general_plug_in_says_nowhere_that_it_encrypted() -> None:
    """It has no `gzip=9`, and AES and RSA are what the shop's own functions make of it."""
    envelope = of_an_app(RECORD, payloads=[sealed(_json())])
    body = f"data={quote(json.dumps(envelope))}".encode()
    assert len(unwrapped(b"project=shop", body, DEFAULT_LIMITS, lambda _: KEYS).records) == 1
    (refused,) = unwrapped(b"project=shop", body, DEFAULT_LIMITS).refused
    assert refused.reason == "message.encrypted"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"pkv": 4}, "body.key_unknown"),
        ({"pkv": {"a": 1}}, "body.key_unknown"),
        ({"ekey": "no base64!"}, "body.undecipherable"),
        ({"ekey": base64.b64encode(b"k" * 256).decode()}, "body.undecipherable"),
        ({"ekey": 5}, "body.undecipherable"),
        ({"payloads": [sealed(b"{}", b"another key 1234")]}, None),
        ({"payloads": ["AAAA"]}, "body.undecipherable"),
        ({"payloads": {"a": 1}}, "body.undecipherable"),
        ({"payloads": [sealed(gzip.compress(b"[" * 9_000_000))]}, "body.too_large"),
        ({"payloads": ["A"] * 501}, "body.undecipherable"),
    ],
)
def test_what_cannot_be_opened_is_refused_alone(changed: Mapping[str, Any], reason: str | None) -> None:
    """Its neighbour goes through; whatever was wrong, the key and the words stay untold."""
    found = sent([of_an_app(RECORD), of_an_app(RECORD, **changed)])
    assert len(found.records) == 1
    (refused,) = found.refused
    assert refused.index == 1
    assert reason is None or refused.reason == reason


def test_without_a_key_it_is_kept_as_it_came() -> None:
    """So that it is read once the project declares one."""
    (refused,) = sent(of_an_app(RECORD), keys=NO_KEYS).refused
    assert refused.reason == "body.encrypted"
    replayed = unwrapped(b"", refused.raw, DEFAULT_LIMITS, lambda _: KEYS)
    assert len(replayed.records) == 1


def test_a_key_that_is_none_is_told_without_repeating_it() -> None:
    """PEM without a password, base64 of an AES key's length."""
    pem = RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert private_key(pem).key_size == 2_048
    assert shared_key(base64.b64encode(AES_KEY).decode()) == AES_KEY
    for read, text in ((private_key, pem[:-80]), (private_key, ""), (shared_key, "AAAA"), (shared_key, "key!")):
        with pytest.raises(InvalidInputError) as refused:
            read(text)
        assert text not in refused.value.detail or not text


def _json() -> bytes:
    return json.dumps(RECORD).encode()
