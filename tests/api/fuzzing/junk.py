"""Values that nobody expects, and bytes that were something once."""

import gzip
import json
import zlib
from typing import Any

from hypothesis import strategies as st

SCALAR = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["", "null", "0", "\u0000", "\ud83d", "9" * 400, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00", "1e999"]
    )
)
JSON = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Content-Encoding", "Content-Type", "ce-specversion", "ce-id", "ce-type", "ce-source", "AnonymousId", "SentAt"]
    ),
    st.sampled_from(["gzip", "deflate", "br", "identity", "1.0", "application/cloudevents+json", "x", "%zz", ""]),
    max_size=4,
)
QUERY = st.dictionaries(
    st.sampled_from(["data", "data_list", "gzip", "ext", "project", "compression", "_", "signature", "echostr", "v"]),
    st.text(max_size=30) | st.sampled_from(["1", "9", "crc=1", "e30=", "e30", "%", "gzip-js", "9" * 30]),
    max_size=4,
)


def encoded(document: Any) -> bytes:
    """Return it as JSON; halves of surrogate pairs come as escapes, as from a browser."""
    return json.dumps(document).encode()


@st.composite
def damaged(draw: st.DrawFn, bodies: st.SearchStrategy[bytes]) -> bytes:
    """Return a body some of whose bytes were lost, changed or doubled on the way, perhaps compressed."""
    body = draw(bodies)
    if draw(st.booleans()):
        body = gzip.compress(body) if draw(st.booleans()) else zlib.compress(body)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, max(0, len(body) - 1)))
        length = draw(st.integers(0, 12))
        match draw(st.sampled_from(["lost", "changed", "doubled", "cut off"])):
            case "lost":
                body = body[:at] + body[at + length :]
            case "changed":
                body = body[:at] + draw(st.binary(min_size=1, max_size=4)) + body[at + 1 :]
            case "doubled":
                body = body[: at + length] + body[at:]
            case _:
                body = body[:at]
    return gzip.compress(body) if draw(st.booleans()) else body
