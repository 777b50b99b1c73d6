"""Whatever arrives: an answer, and never one that blames Koi."""

import gzip
import json
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.running import RunningKoi

# Leftovers of other tests do not matter here, and the server is the same for all examples.
_FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

_SCALAR = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(
        ["", "null", "0", "\u0000", "\ud83d", "9" * 400, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00", "1e999"]
    )
)
_JSON = st.recursive(
    _SCALAR, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20
)
_KEYS = (
    *("type", "event", "userId", "anonymousId", "messageId", "timestamp", "sentAt", "originalTimestamp", "context"),
    *("properties", "traits", "groupId", "previousId", "name", "category", "integrations", "channel"),
)
_PROPERTIES = st.dictionaries(
    st.sampled_from(["revenue", "price", "currency", "phone", "email", "products", "quantity", "url"]),
    _JSON,
    max_size=5,
)
_MESSAGE = st.dictionaries(st.sampled_from(_KEYS), _JSON | _PROPERTIES, max_size=8).flatmap(
    lambda message: st.fixed_dictionaries(
        {
            "type": st.sampled_from(["track", "identify", "page", "screen", "group", "alias", "nonsense"]),
            "userId": st.text(min_size=1, max_size=9),
            "event": st.text(min_size=1, max_size=9),
        }
    ).map(lambda base: base | message)
)
_BATCH = st.fixed_dictionaries({"batch": st.lists(_MESSAGE, max_size=5) | _JSON}) | _JSON
_PATHS = st.sampled_from(["/v1/batch", "/v1/track", "/v1/identify", "/v1/a", "/v1/g", "/api/v1/events"])


def _sent(koi: RunningKoi, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
    headers = headers | {"X-API-Key": koi.keys["ingest"]}
    return httpx.post(koi.url + path, content=body, headers=headers, trust_env=False, timeout=30)


def _is_an_answer(answer: httpx.Response) -> None:
    assert answer.status_code in {200, 202, 400, 413, 415}, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"]
        assert answer.json()["message"]


def _encoded(document: Any) -> bytes:
    # Halves of surrogate pairs come as escapes, as from a browser.
    return json.dumps(document).encode()


@_FUZZ
@given(path=_PATHS, document=_BATCH)
def test_any_json_is_answered(koi: RunningKoi, path: str, document: Any) -> None:
    """Taken, quarantined or refused; a poisonous value does not hurt those committed with it."""
    _is_an_answer(_sent(koi, path, _encoded(document), {}))


@_FUZZ
@given(
    path=_PATHS,
    body=st.binary(max_size=200) | _BATCH.map(_encoded).map(gzip.compress),
    headers=st.dictionaries(
        st.sampled_from(["Content-Encoding", "Content-Type", "ce-specversion", "ce-id", "ce-type", "ce-source"]),
        st.sampled_from(["gzip", "deflate", "br", "identity", "1.0", "application/cloudevents+json", "x", "%zz", ""]),
    ),
)
def test_any_bytes_under_any_headers_are_answered(
    koi: RunningKoi, path: str, body: bytes, headers: dict[str, str]
) -> None:
    """What a client says about its body need not be true."""
    _is_an_answer(_sent(koi, path, body, headers))


@_FUZZ
@given(
    event=st.dictionaries(st.sampled_from(["specversion", "id", "source", "type", "time", "subject", "data"]), _JSON)
)
def test_any_event_is_answered(koi: RunningKoi, event: dict[str, Any]) -> None:
    """CloudEvents with attributes of any kind."""
    answer = _sent(koi, "/api/v1/events", _encoded(event), {"Content-Type": "application/cloudevents+json"})
    _is_an_answer(answer)


def test_after_all_that_every_view_still_stands_at_the_end_of_the_log(koi: RunningKoi) -> None:
    """Nothing that was taken in can stop a view, and none of it lies among the dead letters."""
    headers = {"X-API-Key": koi.keys["all"]}
    head = httpx.get(f"{koi.url}/api/v1/audit/why/1", headers=headers, trust_env=False).headers["koi-position"]
    for path in ("customers", "campaigns", "coupons"):
        url = f"{koi.url}/api/v1/{path}?wait_for={head}"
        assert httpx.get(url, headers=headers, trust_env=False, timeout=30).status_code == 200
    letters = httpx.get(f"{koi.url}/api/v1/dead-letters", headers=headers, trust_env=False).json()["items"]
    assert letters == []
