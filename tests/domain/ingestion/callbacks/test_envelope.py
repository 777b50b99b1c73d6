"""The envelope of WeChat and WeCom: what their own libraries seal is opened, whatever else is refused."""

import base64

import pytest
from hypothesis import given as whenever
from hypothesis import strategies as st
from wechatpy.crypto import PrpCrypto

from domain.ingestion.callbacks.call import ForgedCallError
from domain.ingestion.callbacks.envelope import aes_key, check_signature, decrypted
from domain.kernel.errors import InvalidInputError

ENCODED = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
KEY = aes_key(ENCODED)
APP = "wx1a2b3c4d5e6f7a8b"


def sealed(message: str, app: str = APP) -> str:
    """A message as wechatpy encrypts it."""
    return str(PrpCrypto(KEY).encrypt(message, app).decode())


@whenever(st.text(max_size=200))
def test_what_wechatpy_seals_is_opened(message: str) -> None:
    """Texts of every length, so that every padding from 1 to 32 comes."""
    assert decrypted(KEY, sealed(message), APP) == message.encode()


@whenever(st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda raw: base64.b64encode(raw).decode())))
def test_whatever_else_comes_is_refused(text: str) -> None:
    """By no other error."""
    with pytest.raises(ForgedCallError):
        decrypted(KEY, text, APP)


def test_a_message_for_another_app_is_refused() -> None:
    """Also where its id begins alike."""
    for app in ("wx0", APP + "x", APP[:-1], ""):
        with pytest.raises(ForgedCallError):
            decrypted(KEY, sealed("hello", app), APP)


@whenever(st.text(max_size=50))
def test_a_signature_is_compared_whatever_it_is_made_of(signature: str) -> None:
    """Other than ASCII as well."""
    with pytest.raises(ForgedCallError):
        check_signature(signature, "token", "1", "2")


@pytest.mark.parametrize("text", ["", ENCODED[:-1], ENCODED + "=", "!" * 43, "é" * 43])
def test_a_key_is_43_characters(text: str) -> None:
    """The words say what would be right."""
    with pytest.raises(InvalidInputError) as refusal:
        aes_key(text)
    assert refusal.value.field == "aes_key"
