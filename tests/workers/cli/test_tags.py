"""`koi tags`, as a person types it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

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
from workers.cli import main

Koi = Callable[..., Awaitable[str]]
ORDERS: dict[str, Any] = {"type": "measure", "events": ["order.completed"], "within": {"type": "last", "amount": 30}}
TERMS = {"group": "value", "name_zh": "近期订单", "name_en": "Orders lately", "type": "number"}
NUMBER = {"type": "measure", "events": ["order.completed"], "take": "last", "field": "order_id"}


async def two_buyers(settings: Settings, secrets: Secrets) -> None:
    """M1 with an order 40 days ago and one of 2 days ago, M2 with one of 10 days ago."""
    naming, by = Naming(secrets.pepper), Context(actor="test")
    async with open_event_store(settings.database_url, secrets.master_key, pool_size=2) as store:
        log, facts = Log(settings.database_url), []
        for code, ago in (("M1", (40, 2)), ("M2", (10,))):
            command = RegisterCustomer(identifiers=(GivenIdentifier(type="member_code", value=code),))
            made = await register_customer(command, by=by, streams=store.streams, naming=naming)
            for days in ago:
                order = a_fact("", "order.completed", at=now() - timedelta(days=days), amount=300_000, currency="CNY")
                body = {"order_id": f"{code}-{days}"}
                facts.append(msgspec.structs.replace(order, customer_id=made.id, body=json.dumps(body)))
        position = log.seal(*facts)
        log.close()
        await wait_until(store.pool, "identity_graph", position, SECONDS)


@pytest.fixture
async def koi(
    settings: Settings,
    secrets: Secrets,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> AsyncIterator[Koi]:
    """Runs a command beside a Koi that knows two buyers, and returns what it says."""
    named = {"HOME": settings.home, "SECRETS_FILE": settings.secrets_file, "LAKE_URL": settings.lake_url}
    named |= {"DATABASE_URL": settings.database_url, "NATS_URL": settings.nats_url}
    for name, value in named.items():
        monkeypatch.setenv(f"KOI_{name}", str(value))
    monkeypatch.setenv("COLUMNS", "200")

    async def run(*words: str, code: int = 0) -> str:
        ended = 0
        try:
            await asyncio.to_thread(main, words)  # in a thread: the command runs a loop of its own
        except SystemExit as end:
            ended = end.code if isinstance(end.code, int) else 1
        told = capsys.readouterr()
        assert ended == code, told.out + told.err
        return told.out + told.err

    kept = [view for view in VIEWS if view.name != "lake"]
    async with following(settings.database_url, *kept, lake_at(settings.lake_url, settings.database_url)):
        await two_buyers(settings, secrets)
        yield run


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    """Writes the terms of a tag to a file, and returns its path."""

    def write(value: object, **changes: object) -> str:
        path = tmp_path / f"{abs(hash(json.dumps([value, changes])))}.json"
        path.write_text(json.dumps(TERMS | {"value": value} | changes))
        return str(path)

    return write


async def test_a_tag_is_explained_tried_defined_and_compared(koi: Koi, written: Callable[..., str]) -> None:
    """The whole way of a tag, from an idea in a file to two versions beside each other."""
    listed = [json.loads(line) for line in (await koi("tags", "list", "母婴", "--json")).splitlines()]
    assert "mother_and_baby" in {one["definition"]["key"] for one in listed}
    means = await koi("tags", "explain", "engagement_score")
    for word in (
        "0–100 分",
        "0 to 100 points",
        "shares",
        "share_count_30d",
        "event product.shared",
        "version",
        "owner",
    ):
        assert word in means
    why = json.loads(await koi("tags", "explain", "high_value", "member_code:M1", "--json"))
    assert why["tag"]["value"] is True
    assert [part["total"] for part in why["evidence"] if part["total"]] == [2]
    told = await koi("tags", "explain", "high_value", "member_code:M1")
    assert "高价值" in told
    assert "order.completed" in told

    tried = json.loads(await koi("tags", "preview", written(ORDERS), "--json"))
    spread = tried["distribution"]
    assert (spread["people"], spread["covered"], spread["mean"]) == (2, 2, 1.0)
    assert [(one["value"], one["people"]) for one in spread["values"]] == [(1.0, 2)]
    assert tried["says"]["zh"] == "近30天内「完成订单」的次数"
    assert [[part["total"] for part in one["evidence"]] for one in tried["people"]] == [[1], [1]]
    assert "order.completed" in await koi("tags", "preview", written(ORDERS))

    await koi("tags", "define", "orders_lately", written(ORDERS))
    await koi("tags", "redefine", "orders_lately", written(ORDERS | {"within": None}))
    versions = json.loads(await koi("tags", "diff", "orders_lately", "1", "2", "--json"))
    assert (versions["changed"], versions["moves"]) == (1, [{"before": 1.0, "after": 2.0, "people": 1}])
    since = (now() - timedelta(days=5)).isoformat()
    moved = json.loads(await koi("tags", "diff", "--customer", "member_code:M1", "--since", since, "--json"))
    lately = {one["key"]: (one["before"]["value"], one["after"]["value"]) for one in moved["tags"]}
    assert lately["orders_lately"] == (1, 2)
    assert "order" in await koi("tags", "diff", "--customer", "member_code:M1", "--since", since)
    found = json.loads(await koi("tags", "values", "member_code:M1", "--json"))
    assert {one["key"]: one["value"] for one in found["tags"]}["orders_lately"] == 2


async def test_what_cannot_be_a_tag_is_refused_and_the_place_is_named(koi: Koi, written: Callable[..., str]) -> None:
    """Nobody has to guess which part of a file is meant."""

    async def refused(value: object, **changes: object) -> str:
        file = written(value, **changes)
        tried = await koi("tags", "preview", file, "--key", "circle", code=1)
        assert await koi("tags", "define", "circle", file, code=1) == tried
        return " ".join(tried.split())

    assert "value.key: there is no tag 'nothing'" in await refused({"type": "tag", "key": "nothing"})
    nothing = {"type": "arithmetic", "op": "divide", "left": ORDERS, "right": {"type": "constant", "value": 0}}
    assert "value.right.value: a division by zero" in await refused(nothing)
    await koi("tags", "define", "circle", written(ORDERS))
    await koi("tags", "define", "around", written({"type": "tag", "key": "circle"}))
    twice = {"type": "arithmetic", "op": "add", "left": ORDERS, "right": {"type": "tag", "key": "around"}}
    circle = await koi("tags", "redefine", "circle", written(twice), code=1)
    assert "value.right.key: a circle of definitions: circle -> around -> circle" in " ".join(circle.split())
    zero = ORDERS | {"within": {"type": "last", "amount": 0}}
    assert "value.within.amount: a window of 0 days" in await refused(zero)
    assert "value.events.0: there is no event 'order.finished'" in await refused(
        ORDERS | {"events": ["order.finished"]}
    )


@pytest.mark.slow
async def test_a_tag_of_nearly_everybodys_own_is_refused_and_kept_out_of_builds(
    koi: Koi, written: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have been defined while it was narrow: then the build says so, and rules cannot ask for it."""
    wide, anew = written(NUMBER, type="text"), written(NUMBER | {"within": {"type": "last", "amount": 90}}, type="text")
    await koi("tags", "define", "last_order", wide)
    monkeypatch.setenv("KOI_TAG_VALUES", "1")
    for words in (
        ("preview", wide),
        ("define", "other", wide),
        ("redefine", "last_order", anew),
        ("coverage", "last_order"),
    ):
        said = " ".join((await koi("tags", *words, code=1)).split())
        assert "value.field: order_id has more than 1 different values among 2 people" in said

    first = json.loads(await koi("tags", "build", "--json"))
    assert "order_id has more than 1" in first["refused"]["last_order"]
    assert sum(file["rows"] for file in first["files"]) == 2
    assert "last_order" not in first["kinds"]
    assert "orders_30d" in first["kinds"]
    rule = {"type": "compare", "left": {"type": "tag", "key": "last_order"}, "op": "eq", "right": "M1-2"}
    asked = " ".join((await koi("segments", "count", json.dumps(rule), code=1)).split())
    assert "left.key: the tag last_order is kept out of builds" in asked
    assert "kept out of the last build" in await koi("tags", "explain", "last_order")
    gone = " ".join((await koi("tags", "diff", "last_order", code=1)).split())
    assert "two builds" in gone

    await koi("tags", "tune", "engagement_score", "shares=6")
    revised = json.loads(await koi("tags", "diff", "--catalogue", "--json"))
    assert [(one["key"], one["parts"]) for one in revised["changed"]] == [("engagement_score", ["value", "version"])]
    assert "engagement_score" in await koi("tags", "diff", "--catalogue")
