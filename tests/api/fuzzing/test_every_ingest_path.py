"""Whatever arrives on whatever path: an answer, and never one that blames Koi; what is acknowledged is kept."""

import gzip
import time
from functools import cache
from typing import Final

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.asking import is_problem
from tests.api.fuzzing.accounting import kept, reasons, unaccounted
from tests.api.fuzzing.families import FAMILIES, SILENT, Sent
from tests.api.fuzzing.junk import HEADERS, QUERY, damaged
from tests.api.fuzzing.surface import ingest_routes
from tests.api.running import RunningKoi
from tests.patience import PATIENCE

# The server is the same for all examples. The same examples each time: a run that fails can be had again.
_FUZZ: Final = settings(
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
_ROUTES: Final = sorted(ingest_routes() - {("OPTIONS", path) for path in FAMILIES})
_POSTED: Final = sorted(path for method, path in _ROUTES if method == "POST")


def _address(path: str, parameters: dict[str, str]) -> str:
    for parameter, value in parameters.items():
        path = path.replace(parameter, value)
    assert "{" not in path, f"say in conftest.py what stands for the parameters of {path}"
    return path


def _is_an_answer(answer: httpx.Response) -> None:
    assert answer.status_code in {200, 202, 400, 401, 403, 404, 413, 415}, answer.text
    if answer.status_code >= 400 and "faults" not in answer.json():  # the verdict that Sensors' debug paths are for
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"]
        assert answer.json()["message"]


def test_every_ingest_path_is_fuzzed() -> None:
    """Who adds a path tells in families.py what it takes."""
    assert {path for _, path in _ROUTES} - FAMILIES.keys() == set()
    assert len(_ROUTES) > 20, "they are found"


@pytest.mark.parametrize("path", _POSTED)
async def test_documents_of_its_form_with_any_values_are_answered_and_kept(
    fuzzed: RunningKoi, sender: httpx.Client, parameters: dict[str, str], path: str
) -> None:
    """Every message of a body that was answered 2xx is history, or waits in the quarantine with its reason."""
    acknowledged: list[str] = []
    writers: set[str] = set()
    before = await kept(fuzzed)

    @settings(_FUZZ, max_examples=20)
    @given(sent=FAMILIES[path])
    def send(sent: Sent) -> None:
        answer = sender.post(_address(path, parameters), content=sent.body, params=sent.query, headers=sent.headers)
        _is_an_answer(answer)
        if answer.is_success:
            acknowledged.extend(sent.ids)
            writers.update([sent.writer] if sent.writer else [])

    send()
    assert await unaccounted(fuzzed, acknowledged) == []
    assert await kept(fuzzed) - before >= len(writers)


@settings(_FUZZ, max_examples=150)
@given(data=st.data(), headers=HEADERS, query=QUERY)
def test_any_bytes_under_any_headers_are_answered(
    sender: httpx.Client,
    parameters: dict[str, str],
    data: st.DataObject,
    headers: dict[str, str],
    query: dict[str, str],
) -> None:
    """What a client says about its body need not be true, and a body may be damaged on its way."""
    method, path = data.draw(st.sampled_from(_ROUTES))
    body = data.draw(st.binary(max_size=200) | damaged(FAMILIES[path].map(lambda sent: sent.body)))
    _is_an_answer(sender.request(method, _address(path, parameters), content=body, headers=headers, params=query))


@cache
def _bomb() -> bytes:
    """A small body that grows a thousandfold; packed once for all paths."""
    return gzip.compress(b" " * 60_000_000 + b"{}")


@pytest.mark.parametrize("path", _POSTED)
def test_too_much_and_too_deep_is_held_off(sender: httpx.Client, parameters: dict[str, str], path: str) -> None:
    """A small body that grows a thousandfold, one that is too large, one nested a hundred thousand levels deep."""
    address = _address(path, parameters)
    began = time.monotonic()
    bomb = sender.post(address, content=_bomb())
    large = sender.post(address, content=b" " * 5_000_000 + b"{}")
    deep = sender.post(address, content=b'{"batch":' + b"[" * 100_000)
    for answer in (bomb, large, deep):
        _is_an_answer(answer)
    if path not in SILENT:
        is_problem(large, 413, "body.too_large")
    assert time.monotonic() - began < PATIENCE


async def test_after_all_that_every_view_still_stands_at_the_end_of_the_log(fuzzed: RunningKoi) -> None:
    """Nothing that was taken in can stop a view, and none of it lies among the dead letters."""
    async with fuzzed.client("all") as client:
        head = (await client.get("/api/v1/audit/why/1")).headers["koi-position"]
        for path in ("customers", "campaigns", "coupons"):
            assert (await client.get(f"/api/v1/{path}", params={"wait_for": head})).status_code == 200
        assert (await client.get("/api/v1/dead-letters")).json()["items"] == []


async def test_after_all_that_koi_failed_at_nothing(fuzzed: RunningKoi) -> None:
    """Where an error is no answer, a failure of Koi's lies in the quarantine under this reason."""
    assert await reasons(fuzzed) & {"koi.failed", "call.unreadable"} == set()
