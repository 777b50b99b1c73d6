"""Segments over HTTP: rules checked, people counted now and then, with the reasons; lists, snapshots, and an end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.asking import a_name, a_phone, is_problem, send, tracked
from tests.api.campaigning import post
from tests.api.running import RunningKoi

ANY = {"If-Match": "*"}
NAMES: dict[str, Any] = {"name_zh": "近期买家", "name_en": "Recent buyers"}


def bought(city: str, days: int | None = None, least: int = 1) -> dict[str, Any]:
    """Who bought so often in a city that only one test knows."""
    where = {"type": "compare", "left": {"type": "field", "name": "properties.town"}, "op": "eq", "right": city}
    measure: dict[str, Any] = {"type": "measure", "events": ["order.completed"], "where": where}
    if days:
        measure["within"] = {"type": "last", "amount": days}
    return {"type": "compare", "left": measure, "op": "gte", "right": least}


def in_segment(key: str) -> dict[str, Any]:
    """Who is in a segment."""
    return {"type": "in_segment", "key": key}


async def buy(client: httpx.AsyncClient, who: str, town: str, *days_ago: int) -> int:
    """Let somebody buy in a town, so many days ago each time."""
    at = [datetime.now(UTC) - timedelta(days=days) for days in days_ago]
    said = [
        tracked(who, "Order Completed", timestamp=one.isoformat(), properties={"town": town, "total": 99}) for one in at
    ]
    return await send(client, *said)


async def created(client: httpx.AsyncClient, rule: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    """Create a segment under a key of its own."""
    key = "s_" + a_name().removeprefix("member-")
    made = await post(client, "/api/v1/segments", key=key, rule=rule, **(NAMES | more))
    return made | {"key": key}


async def asked(client: httpx.AsyncClient, what: str, **body: Any) -> Any:
    """Ask about a rule or a segment."""
    answer = await client.post(f"/api/v1/segments/{what}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_segment_is_counted_sampled_and_explained(everything: httpx.AsyncClient) -> None:
    """The reasons name the facts; a rule that nobody saved is counted alike."""
    town, li, wang = a_name(), a_name(), a_name()
    await buy(everything, li, town, 1, 3)
    position = await buy(everything, wang, town, 40)
    segment = await created(everything, bought(town, days=30))
    shown = await everything.get(f"/api/v1/segments/{segment['key']}", params={"wait_for": segment["position"]})
    assert shown.json()["segment"]["standing"] == "defined"
    assert "30" in shown.json()["sentence"]["zh"]
    assert position
    assert (await asked(everything, "count", segment=segment["key"]))["count"] == 1
    assert (await asked(everything, "count", rule=bought(town)))["count"] == 2
    sampled = await asked(everything, "sample", segment=segment["key"])
    (person,) = sampled["sample"]
    assert person["is_in"]
    evident = [why for why in person["why"] if why["total"]]
    assert {fact["event"] for why in evident for fact in why["facts"]} == {"order.completed"}
    assert max(why["total"] for why in evident) == 2
    listed = await everything.get(f"/api/v1/segments/{segment['key']}/members")
    assert [one["profile_id"] for one in listed.json()["items"]] == [person["profile_id"]]
    file = await everything.get(f"/api/v1/segments/{segment['key']}/download")
    assert file.text == f"profile_id\n{person['profile_id']}\n"
    why = await everything.get(f"/api/v1/segments/{segment['key']}/explain/{person['profile_id']}")
    assert why.json()["is_in"]


async def test_a_step_of_nothing_and_a_time_before_all_are_told(everything: httpx.AsyncClient) -> None:
    """What would be divided by, or lies outside the calendar of some zone, is no failure of Koi's."""
    rule = bought(a_name())
    asked_for = {"rule": rule, "since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z", "step_days": 1e-12}
    nothing = await everything.post("/api/v1/segments/history", json=asked_for)
    assert is_problem(nothing, 422, "input.invalid")["errors"][0]["field"] == "step_days"
    early = await everything.post("/api/v1/segments/count", json={"rule": rule, "at": "0001-01-01T00:00:00Z"})
    assert is_problem(early, 422, "input.invalid")["errors"][0]["field"] == "at"


async def test_a_segment_thought_of_today_has_its_true_history(everything: httpx.AsyncClient) -> None:
    """Who would have been in then, was in then: sizes of the past, and lists of it."""
    town, li, wang = a_name(), a_name(), a_name()
    await buy(everything, li, town, 50, 20)
    await buy(everything, wang, town, 35)
    segment = await created(everything, bought(town, days=30))
    since = (datetime.now(UTC) - timedelta(days=60)).isoformat()
    history = await asked(everything, "history", segment=segment["key"], since=since, step_days=10)
    # After 50 days before: li; 35: wang too; 20: li again; 5: wang's is over.
    assert [one["count"] for one in history] == [0, 1, 1, 2, 2, 2, 1, 1]
    then = (datetime.now(UTC) - timedelta(days=28)).isoformat()
    kept = f"{segment['key']}_then"
    snapshot = await post(everything, f"/api/v1/segments/{segment['key']}/snapshot", key=kept, at=then, **NAMES)
    assert snapshot["people"] == 2
    assert (await asked(everything, "count", segment=kept))["count"] == 2
    left = {"type": "all", "of": [in_segment(kept), {"type": "not", "of": in_segment(segment["key"])}]}
    assert (await asked(everything, "count", rule=left))["count"] == 1
    compared = await asked(everything, "overlap", segments=[kept, segment["key"]])
    assert (compared["counts"], compared["shares"][0][1]) == ([[2, 1], [1, 1]], 0.5)


async def test_a_list_takes_the_good_lines_and_names_the_others(everything: httpx.AsyncClient) -> None:
    """By their numbers; what stands in them is kept nowhere, and told to nobody."""
    town, li, phone = a_name(), a_name(), a_phone()
    await buy(everything, li, town, 1)
    wang = await post(everything, "/api/v1/customers", identifiers=[{"type": "phone", "value": phone}])
    segment = await created(everything, None)
    path = f"/api/v1/segments/{segment['key']}"
    lines = ["member_code,phone", f"{li},", f",{phone}", f"{a_name()},", ",12", f"{li},"]
    listed = await post(everything, f"{path}/list", segment["version"], list="\n".join(lines))
    assert [listed[name] for name in ("people", "taken", "unknown", "bad", "unknown_lines")] == [2, 2, 1, 1, [4]]
    assert [fault["line"] for fault in listed["faults"]] == [5]
    assert phone not in str(listed)
    assert (await asked(everything, "count", segment=segment["key"]))["count"] == 2
    both = {"type": "all", "of": [in_segment(segment["key"]), bought(town)]}
    assert (await asked(everything, "count", rule=both))["count"] == 1
    fewer = await post(everything, f"{path}/list", listed["version"], list=wang["id"], mode="remove")
    assert (fewer["people"], fewer["segment_version"]) == (1, 2)
    yet = await everything.post(f"{path}/list", json={"list": "who?\n"}, headers=ANY)
    assert "line 1" in is_problem(yet, 422, "segment.list")["detail"]
    dynamic = await created(everything, bought(town))
    refused = await everything.post(f"/api/v1/segments/{dynamic['key']}/list", json={"list": li}, headers=ANY)
    is_problem(refused, 409, "segment.kind")


async def test_what_is_used_cannot_be_archived(everything: httpx.AsyncClient) -> None:
    """Whoever asks learns by what; and a circle is refused, wherever it closes."""
    town = a_name()
    inner = await created(everything, bought(town))
    outer = await created(everything, {"type": "not", "of": in_segment(inner["key"])})
    used = await everything.get(f"/api/v1/segments/{inner['key']}/used-by")
    assert [(one["kind"], one["id"]) for one in used.json()] == [("segment", outer["key"])]
    path = f"/api/v1/segments/{inner['key']}"
    refused = await everything.post(f"{path}/archive", json={"reason": "over"}, headers=ANY)
    assert outer["key"] in is_problem(refused, 409, "segment.in_use")["detail"]
    circle = await everything.post(f"{path}/define", json={"rule": in_segment(outer["key"])}, headers=ANY)
    assert "circle" in is_problem(circle, 422, "rule.cycle")["detail"]
    live = await post(everything, f"/api/v1/segments/{outer['key']}/activate", outer["version"])
    shown = await everything.get(f"/api/v1/segments/{outer['key']}", params={"wait_for": live["position"]})
    assert shown.json()["segment"]["standing"] == "live"
    await post(everything, f"/api/v1/segments/{outer['key']}/archive", live["version"], reason="over")
    await post(everything, f"{path}/archive", inner["version"], reason="over")
    gone = await everything.post("/api/v1/segments/count", json={"segment": inner["key"]})
    is_problem(gone, 404, "segment.not_found")


async def test_core_segments_are_there_from_the_first_day(everything: httpx.AsyncClient) -> None:
    """Before any model speaks a rule says who is in; they are used and followed like any other, and never changed."""
    who = a_name()
    await send(everything, tracked(who, "Product Viewed", properties={"product_id": "p1"}))
    path = "/api/v1/segments/core_potential_new"
    shown = (await everything.get(path)).json()
    assert (shown["segment"]["origin"], shown["segment"]["version"]) == ("shipped", 0)
    assert "潜力新客" in shown["sentence"]["zh"]
    counted = await asked(everything, "count", segment="core_potential_new")
    assert counted["count"] > 0
    compared = await asked(everything, "overlap", segments=["core_potential_new", "core_lost"])
    assert compared["counts"][0][1] == 0
    report = (await everything.get("/api/v1/core-segments")).json()
    sizes = {one["segment"]: one["people"] for one in report["segments"]}
    assert (report["by"], len(sizes), sizes["core_potential_new"]) == ("rules", 8, counted["count"])
    sampled = await asked(everything, "sample", segment="core_potential_new", sample=1)
    assert sampled["sample"][0]["is_in"]
    mine = await created(everything, {"type": "not", "of": in_segment("core_potential_new")})
    used = await everything.get(f"{path}/used-by")
    assert mine["key"] in [one["id"] for one in used.json()]
    live = await post(everything, f"{path}/activate", 0)
    shown = (await everything.get(path, params={"wait_for": live["position"]})).json()
    assert (shown["segment"]["standing"], shown["segment"]["origin"]) == ("live", "shipped")
    define, archive = {"rule": bought("x")}, {"reason": "over"}
    for key, change, body in (
        ("potential_new", "define", define),
        ("lost", "define", define),
        ("lost", "archive", archive),
    ):
        refused = await everything.post(f"/api/v1/segments/core_{key}/{change}", json=body, headers=ANY)
        is_problem(refused, 409, "segment.shipped")
    taken = await everything.post("/api/v1/segments", json={"key": "core_own", "rule": bought("x"), **NAMES})
    is_problem(taken, 422, "segment.terms")
    await post(everything, f"{path}/deactivate", live["version"])
    await post(everything, f"/api/v1/segments/{mine['key']}/archive", mine["version"], reason="over")


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "a window of zero": (bought("x", days=0) | {}, "rule.left.within.amount"),
    "an unknown tag": ({"type": "compare", "left": {"type": "tag", "key": "nope"}, "op": "exists"}, "rule.left.key"),
    "an unknown segment": ({"type": "in_segment", "key": "nope"}, "rule.key"),
    "an event nobody knows": (
        {"type": "compare", "left": {"type": "measure", "events": ["teleported"]}, "op": "gte", "right": 1},
        "rule.left.events.0",
    ),
    "no rule": ({"type": "nothing"}, "rule"),
}
BAD["a window of zero"][0]["left"]["within"] = {"type": "last", "amount": 0}


@pytest.mark.parametrize("what", BAD)
async def test_a_bad_rule_is_refused_at_its_place(everything: httpx.AsyncClient, what: str) -> None:
    """When it is counted, when it is saved, and as the editor asks."""
    rule, place = BAD[what]
    counted = await everything.post("/api/v1/segments/count", json={"rule": rule})
    assert is_problem(counted, 422, "rule.invalid")["errors"][0]["field"].startswith(place)
    saved = await everything.post("/api/v1/segments", json={"key": "bad", "rule": rule, **NAMES})
    assert is_problem(saved, 422, "rule.invalid")["errors"][0]["field"].startswith(place)
    told = await asked(everything, "validate", rule=rule)
    assert not told["is_good"]
    assert told["problems"][0]["place"].startswith(place)


async def test_a_million_values_are_too_many_to_compare_with(everything: httpx.AsyncClient) -> None:
    """Such a list is a segment of its own."""
    values = [f"v{number}" for number in range(30_000)]
    rule = {"type": "compare", "left": {"type": "attribute", "name": "city"}, "op": "in", "right": values}
    told = await everything.post("/api/v1/segments/count", json={"rule": rule})
    assert told.status_code == 422


async def test_who_may_only_send_may_not_ask(koi: RunningKoi) -> None:
    """Nor may a reader change anything."""
    async with koi.client("ingest") as client:
        assert (await client.post("/api/v1/segments/count", json={"segment": "x"})).status_code == 403
    async with koi.client("read") as client:
        assert (await client.post("/api/v1/segments", json={"key": "xx", **NAMES})).status_code == 403
