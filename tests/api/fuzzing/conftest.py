"""A Koi of their own for the tests that send nonsense: what they leave behind disturbs nobody."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from commands.runtime.secrets import Secrets
from tests.api.calling import APP, TOKEN, declare
from tests.api.running import RunningKoi, running_koi
from tests.patience import PATIENCE
from workers.running.embedded_postgres import EmbeddedPostgres


@pytest.fixture(scope="package")
async def fuzzed(
    postgres: EmbeddedPostgres, template: str, secrets: Secrets, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningKoi]:
    """The Koi that gets it all."""
    async with running_koi(postgres, template, secrets, "koi_fuzzed", tmp_path_factory.mktemp("fuzzed")) as running:
        yield running


@pytest.fixture(scope="package")
def parameters(fuzzed: RunningKoi) -> dict[str, str]:
    """What stands for the parameters of paths."""
    address = declare(fuzzed.sources, "wechat-fuzzed", kind="wechat", app_id=APP, token=TOKEN)
    source, secret = address.split("/")[2:]
    key = fuzzed.keys["ingest"]
    return {"{source:str}": source, "{secret:str}": secret, "{key:str}": key, "{write_key:str}": key}


@pytest.fixture(scope="package")
def sender(fuzzed: RunningKoi) -> Iterator[httpx.Client]:
    """A client with a key for events that keeps its connection: the tests send hundreds of requests."""
    key = fuzzed.keys["ingest"]
    # Sensors' SDKs show their key in the address alone.
    headers, query = {"X-API-Key": key}, {"token": key}
    with httpx.Client(base_url=fuzzed.url, headers=headers, params=query, trust_env=False, timeout=PATIENCE) as client:
        yield client
