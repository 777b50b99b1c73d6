"""The OpenAPI document says all there is, and what it says is so."""

import warnings
from typing import Any

import httpx
import msgspec
import pytest

from api.document import FILE, document
from tests.api.asking import is_problem
from tests.api.running import RunningKoi

# What needs no key: health, what platforms call, which show a secret in the address and their signature, the collector
# of Sensors Analytics, whose SDKs do not understand a refusal, and the way out of mails, whose address is the key.
_OPEN = {"/livez", "/readyz", "/metrics", "/hooks/{source}/{secret}", "/sa", "/debug", "/u/{token}"}
_ID = "01234567-89ab-7def-8123-456789abcdef"


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Return every operation of the document in the repository: method, path, what is said of it."""
    paths = msgspec.json.decode(FILE.read_bytes())["paths"]
    return [(method, path, said) for path, methods in paths.items() for method, said in methods.items()]


each_operation = pytest.mark.parametrize(
    ("method", "path", "said"), operations(), ids=[said["operationId"] for *_, said in operations()]
)


def test_the_document_in_the_repository_is_that_of_this_version() -> None:
    """Clients are made from it; `python -m api.document` writes it anew. No way of the framework is on its way out."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert FILE.read_bytes() == document()


async def test_koi_serves_its_document(koi: RunningKoi) -> None:
    """OpenAPI 3.1, to whoever asks."""
    async with koi.client() as anybody:
        answer = await anybody.get("/schema/openapi.json")
    served, kept = answer.json(), msgspec.json.decode(FILE.read_bytes())
    assert answer.status_code == 200
    assert served["openapi"].startswith("3.1")
    assert served["paths"].keys() == kept["paths"].keys()


@pytest.mark.parametrize(("method", "path", "said"), operations(), ids=[f"{one[0]} {one[1]}" for one in operations()])
def test_every_operation_is_named_and_says_how_it_refuses(method: str, path: str, said: dict[str, Any]) -> None:
    """An id for generated clients, a line for people, and a problem document for each refusal."""
    assert said["operationId"][0].isupper()
    assert said["summary"]
    assert said["description"]
    refusals = {status: answer for status, answer in said["responses"].items() if status >= "400"}
    assert path in _OPEN or {"401", "403"} <= refusals.keys()
    for answer in refusals.values():
        assert list(answer["content"]) == ["application/problem+json"]


def test_operation_ids_are_unique() -> None:
    """Two operations of one name would be one function in a generated client."""
    ids = [said["operationId"] for _, _, said in operations()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("method", "path"), [said[:2] for said in operations() if said[1] not in _OPEN])
async def test_no_key_no_answer(koi: RunningKoi, method: str, path: str) -> None:
    """Everything but the health of the process asks for a key, before it looks at anything else."""
    address = path.replace("{about}", "1").replace("{entry_id}", "1")
    for name in ("customer_id", "campaign_id", "coupon_id", "stream_id", "erasure_id", "match_id"):
        address = address.replace("{" + name + "}", _ID)
    async with koi.client() as nobody:
        is_problem(await nobody.request(method, address, json={}), 401, "key.unknown")
        wrong = {"Authorization": "Bearer koi_admin_wrong"}
        is_problem(await nobody.request(method, address, json={}, headers=wrong), 401, "key.unknown")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "route.not_found"),
        ("GET", "/api/v1/nothing", 404, "route.not_found"),
        ("GET", "/api/v1/customers/not-an-id", 404, "route.not_found"),
        ("DELETE", "/api/v1/customers", 405, "method.not_allowed"),
        ("GET", "/v1/batch", 405, "method.not_allowed"),
    ],
)
async def test_what_there_is_not_is_answered_with_a_problem(
    everything: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    """Also what no route was ever asked about."""
    is_problem(await everything.request(method, path), status, code)
