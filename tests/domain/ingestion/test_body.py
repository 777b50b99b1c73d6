"""The body: whatever it is labelled, its bytes are read, and never more of them than allowed."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ingestion.body import decoded
from domain.ingestion.refusal import BodyTooLargeError, IngestionError, MalformedBodyError, UnsupportedEncodingError

TEXT = b'{"batch":[{"type":"track","event":"Product Added"}]}'
BARE = zlib.compressobj(wbits=-15)
DEFLATED_BARE = BARE.compress(TEXT) + BARE.flush()


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (TEXT, None),
        (TEXT, "gzip"),
        (TEXT, "br"),
        (b"\xef\xbb\xbf \n" + TEXT + b"\r\n", None),
        (gzip.compress(TEXT), "gzip"),
        (gzip.compress(TEXT), None),
        (gzip.compress(TEXT), "identity"),
        (gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:]), "gzip"),
        (gzip.compress(TEXT) + b"\0\0\0", "gzip"),
        (zlib.compress(TEXT), "deflate"),
        (zlib.compress(TEXT), None),
        (DEFLATED_BARE, "Deflate"),
    ],
)
def test_a_body_is_read_by_its_bytes_and_not_by_its_label(raw: bytes, encoding: str | None) -> None:
    """RudderStack's Node client sends gzip as a form, proxies decompress and leave the header."""
    assert decoded(raw, encoding, max_bytes=1_000) == TEXT


def test_a_gzip_bomb_is_stopped_at_the_cap() -> None:
    """Fifty megabytes of nothing in fifty kilobytes: it ends at the first byte too many."""
    bomb = gzip.compress(b"[" * 50_000_000)
    with pytest.raises(BodyTooLargeError, match="500000 bytes"):
        decoded(bomb, "gzip", max_bytes=500_000)


def test_a_bomb_in_many_parts_is_stopped_at_the_cap() -> None:
    """Each member is small, together they are not."""
    with pytest.raises(BodyTooLargeError):
        decoded(gzip.compress(b"[" * 100) * 11, None, max_bytes=1_000)


def test_exactly_the_allowed_size_goes_through() -> None:
    """The cap is what may be sent, not one byte less."""
    text = TEXT * 10
    for raw in (text, gzip.compress(text)):
        assert decoded(raw, None, max_bytes=len(text)) == text
        with pytest.raises(BodyTooLargeError):
            decoded(raw, None, max_bytes=len(text) - 1)


@pytest.mark.parametrize(
    ("raw", "encoding", "words"),
    [
        (gzip.compress(TEXT)[:-9], "gzip", "breaks off"),
        (gzip.compress(TEXT)[:3], None, "breaks off"),
        (gzip.compress(TEXT)[:-8] + bytes(8), "gzip", "damaged"),
        (b"\x00\x01\x02", "gzip", "neither gzip nor JSON"),
        (b"\xff\xfe\x00", "deflate", "damaged"),
        (b"", None, "empty"),
        (b"  \n", "gzip", "empty"),
        (gzip.compress(b""), "gzip", "empty"),
    ],
)
def test_a_broken_body_is_told_how(raw: bytes, encoding: str | None, words: str) -> None:
    """The sender learns whether to look at the network, the compression or the code."""
    with pytest.raises(MalformedBodyError, match=words):
        decoded(raw, encoding, max_bytes=1_000)


def test_another_compression_is_told_what_is_taken() -> None:
    """Brotli and zstd are not in the standard library of Python 3.11, and no SDK sends them."""
    with pytest.raises(UnsupportedEncodingError, match="gzip or deflate") as refusal:
        decoded(b"\x28\xb5\x2f\xfd", "zstd", max_bytes=1_000)
    assert refusal.value.field == "Content-Encoding"


@given(raw=st.binary(max_size=200), encoding=st.sampled_from([None, "gzip", "deflate", "br", ""]), magic=st.booleans())
def test_no_bytes_raise_anything_undocumented(raw: bytes, encoding: str | None, *, magic: bool) -> None:
    """Whatever the internet sends."""
    try:
        body = decoded(b"\x1f\x8b\x08" + raw if magic else raw, encoding, max_bytes=150)
    except IngestionError:
        return
    assert 0 < len(body) <= 150
