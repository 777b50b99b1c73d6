"""The JSON text: told where it breaks, refused where it is too deep, mended where it cannot be stored."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ingestion.json_text import is_deeper, mended, read, read_body
from domain.ingestion.refusal import MalformedBodyError, TooDeepError

ANY: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=15,
)


def test_malformed_json_is_located_by_line_and_column() -> None:
    """One looks at the line in the editor and sees it."""
    with pytest.raises(MalformedBodyError, match="line 2, column 7: expected ':'") as refusal:
        read(ANY, b'["abc",\n {"a" 1}]')
    assert (refusal.value.line, refusal.value.column) == (2, 7)


@pytest.mark.parametrize("raw", [b'{"a":', b'{"a":"x', b"\xff\xfe{\x00", b'{"a":"\xff"}', b"{}{}", b"NaN"])
def test_what_is_no_json_is_malformed(raw: bytes) -> None:
    """Half a body, another character set, two bodies in one."""
    with pytest.raises(MalformedBodyError):
        read(ANY, raw)


def test_json_of_another_form_names_the_field() -> None:
    """It is JSON, but not what belongs here."""
    with pytest.raises(MalformedBodyError, match="Expected `array`, got `int`") as refusal:
        read_body(msgspec.json.Decoder(dict[str, list[int]]), b'{"batch":5}')
    assert refusal.value.field == "[...]"


def test_a_thousand_levels_are_too_deep_for_anybody() -> None:
    """An attack on the stack ends as an error like any other."""
    with pytest.raises(TooDeepError):
        read(ANY, b"[" * 100_000)


def test_half_an_emoji_does_not_cost_the_whole_batch() -> None:
    """Clients cut texts at a length and leave one half of a pair of surrogates."""
    raw = json.dumps(["\ud83d", "\U0001f381", "a\ud83d\ud83db", "\\ud83d"]).encode()
    assert read(ANY, raw) == ["\ufffd", "\U0001f381", "a\ufffd\ufffdb", "\\ud83d"]


def test_a_nul_character_is_left_out() -> None:
    """PostgreSQL cannot store it; a backslash before u0000 is text and stays."""
    raw = json.dumps(["a\x00b", "\\u0000", "\\\x00"]).encode()
    assert read(ANY, raw) == ["ab", "\\u0000", "\\"]


@given(TREES)
def test_sound_json_is_not_changed_by_mending(tree: Any) -> None:
    """Only what cannot be kept is touched."""
    for ascii_only in (True, False):
        raw = json.dumps(tree, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
        if "\\u0000" not in raw.decode("utf-8", "replace"):
            assert mended(raw) == raw


@given(TREES, st.integers(0, 6))
def test_depth_is_counted_outside_of_strings(tree: Any, limit: int) -> None:
    """Brackets in a text are text."""
    assert is_deeper(json.dumps(tree).encode(), limit) == (_depth(tree) > limit)


def _depth(tree: Any) -> int:
    if isinstance(tree, dict):
        return 1 + max(map(_depth, tree.values()), default=0)
    return 1 + max(map(_depth, tree), default=0) if isinstance(tree, list) else 0
