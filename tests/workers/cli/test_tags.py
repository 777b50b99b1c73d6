"""`koi tags` in processes of its own, as a person types it."""

import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from commands.identity.customers import GivenIdentifier
from commands.identity.register_customer import RegisterCustomer, register_customer
from commands.runtime.clock import now
from commands.runtime.context import Context
from commands.runtime.event_store import open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.identity.naming import Naming
from projections.engine.waiting import wait_until
from projections.lake.projector import lake_at
from projections.views import VIEWS
from tests.projections.following import SECONDS, following
from tests.projections.log import Log, a_fact
from tests.workers.cli.test_keys_and_audit import env, koi

__all__ = ["env"]

pytestmark = pytest.mark.slow
ORDERS = {"type": "measure", "events": ["order.completed"], "within": {"type": "last", "amount": 30}}


async def _a_buyer(settings: Settings, secrets: Secrets) -> None:
    naming, by = Naming(secrets.pepper), Context(actor="test")
    async with open_event_store(settings.database_url, secrets.master_key, pool_size=2) as store:
        command = RegisterCustomer(identifiers=(GivenIdentifier(type="member_code", value="M1"),))
        made = await register_customer(command, by=by, streams=store.streams, naming=naming)
        log = Log(settings.database_url)
        facts = [
            a_fact("", "order.completed", at=now() - timedelta(days=days), amount=300_000, currency="CNY")
            for days in (40, 2)
        ]
        position = log.seal(*(msgspec.structs.replace(fact, customer_id=made.id) for fact in facts))
        log.close()
        await wait_until(store.pool, "identity_graph", position, SECONDS)


async def test_tags_are_listed_explained_tried_defined_compared_and_built(
    env: dict[str, str], settings: Settings, secrets: Secrets, tmp_path: Path
) -> None:
    """The whole way of a tag, from an idea in a file to a build of everybody."""
    env["KOI_SECRETS_FILE"] = str(settings.secrets_file)
    env["KOI_LAKE_URL"] = settings.lake_url
    terms = {"group": "value", "name_zh": "近期订单", "name_en": "Orders lately", "type": "number", "value": ORDERS}
    (tmp_path / "tag.json").write_text(json.dumps(terms))
    (tmp_path / "other.json").write_text(json.dumps(terms | {"value": ORDERS | {"within": None}}))
    (tmp_path / "wrong.json").write_text(json.dumps(terms | {"value": {"type": "tag", "key": "nothing"}}))
    views = [view for view in VIEWS if view.name != "lake"]
    async with following(settings.database_url, *views, lake_at(settings.lake_url, settings.database_url)):
        await _a_buyer(settings, secrets)

        listed = [json.loads(line) for line in (await koi(env, "tags", "list", "母婴", "--json")).splitlines()]
        why = json.loads(await koi(env, "tags", "explain", "high_value", "member_code:M1", "--json"))
        told = await koi(env, "tags", "explain", "high_value", "member_code:M1")
        tried = json.loads(await koi(env, "tags", "preview", str(tmp_path / "tag.json"), "--json"))
        refused = await koi(env, "tags", "preview", str(tmp_path / "wrong.json"), code=1)
        await koi(env, "tags", "define", "orders_lately", str(tmp_path / "tag.json"))
        await koi(env, "tags", "redefine", "orders_lately", str(tmp_path / "other.json"))
        moved = json.loads(await koi(env, "tags", "diff", "orders_lately", "1", "2", "--json"))
        built = json.loads(await koi(env, "tags", "build", "--json"))
        found = json.loads(await koi(env, "tags", "values", "member_code:M1", "--json"))

    assert "mother_and_baby" in {one["definition"]["key"] for one in listed}
    assert why["tag"]["value"] is True
    assert [part["total"] for part in why["evidence"] if part["total"]] == [2]
    assert "高价值" in told
    assert "order.completed" in told
    assert (tried["people"], tried["covered"], tried["mean"]) == (1, 1, 1.0)
    assert "nothing" in refused
    assert (moved["changed"], moved["moves"]) == (1, [{"before": 1.0, "after": 2.0, "people": 1}])
    assert sum(file["rows"] for file in built["files"]) == 1
    assert "orders_lately" in built["kinds"]
    assert {one["key"]: one["value"] for one in found["tags"]}["orders_lately"] == 2
