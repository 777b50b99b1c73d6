"""Tags over HTTP: the catalogue, values of one customer with their evidence, tags of one's own."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.api.asking import a_name, is_problem, send, tracked
from tests.api.campaigning import post
from tests.api.running import RunningKoi

ANY = {"If-Match": "*"}
CATALOGUE = "/api/v1/tags/catalogue"


def bought(days: int) -> dict[str, Any]:
    """How often somebody bought in so many days."""
    return {"type": "measure", "events": ["order.completed"], "within": {"type": "last", "amount": days}}


def terms(value: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What a tag says."""
    named = {"name_zh": "下单次数", "name_en": "Orders", "group": "value", "type": "number", "unit": "orders"}
    return named | {"value": value} | changes


async def shopper(client: httpx.AsyncClient) -> tuple[str, int]:
    """Somebody who bought thrice and looked at an air-conditioner; her id, and where that stands in the log."""
    who = a_name()
    now = datetime.now(UTC)
    orders = [
        tracked(
            who,
            "Order Completed",
            timestamp=(now - timedelta(days=days)).isoformat(),
            properties={
                "order_id": f"{who}-{days}",
                "total": 2_000,
                "products": [{"product_id": "P-1", "name": "鲜牛奶", "price": 12.5, "quantity": 2}],
            },
        )
        for days in (100, 20, 1)
    ]
    viewed = tracked(who, "Product Viewed", properties={"product_id": "AC-1", "name": "格力空调 1.5匹"})
    position = await send(client, *orders, viewed)
    found = await client.get("/api/v1/customers", params={"identifier": f"member_code:{who}", "wait_for": position})
    return found.json()["items"][0]["profile_id"], position


async def tags_of(client: httpx.AsyncClient, customer_id: str, **asked: Any) -> dict[str, Any]:
    """The tags of a customer by key."""
    answer = await client.get(f"/api/v1/customers/{customer_id}/tags", params=asked)
    assert answer.status_code == 200, answer.text
    return {one["key"]: one["value"] for one in answer.json()["tags"]}


async def test_an_event_is_in_the_tags_at_once_and_any_past_instant_is_seen_as_it_was(
    everything: httpx.AsyncClient,
) -> None:
    """Values follow from the history when asked: nothing has to run in between."""
    customer_id, position = await shopper(everything)
    found = await tags_of(everything, customer_id, wait_for=position)
    assert (found["orders_30d"], found["orders_ever"], found["spend_365d"]) == (2, 3, 600_000)
    assert (found["high_value"], found["summer_cooling"], found["favourite_category"]) == (True, True, "milk")
    then = (datetime.now(UTC) - timedelta(days=50)).isoformat()
    past = await tags_of(everything, customer_id, at=then)
    assert (past["orders_ever"], past["high_value"], past["summer_cooling"]) == (1, False, False)
    some = await tags_of(everything, customer_id, key=["orders_30d", "churn_probability"])
    assert some == {"orders_30d": 2, "churn_probability": None}


async def test_a_value_names_the_facts_it_came_from(everything: httpx.AsyncClient) -> None:
    """Down through the tags that it is made of."""
    customer_id, position = await shopper(everything)
    answer = await everything.get(f"/api/v1/customers/{customer_id}/tags/high_value", params={"wait_for": position})
    told = answer.json()
    assert (told["tag"]["value"], told["tag"]["name"]["zh"]) == (True, "高价值")
    (spent,) = [part for part in told["evidence"] if part["total"]]
    assert (spent["total"], spent["value"]) == (3, 600_000)
    assert {fact["event"] for fact in spent["facts"]} == {"order.completed"}
    assert all(fact["fact_id"] for fact in spent["facts"])


async def test_the_catalogue_is_searched_and_shown_with_what_a_tag_rests_on(everything: httpx.AsyncClient) -> None:
    """In either language."""
    groups = (await everything.get(f"{CATALOGUE}/groups")).json()
    assert sum(one["tags"] for one in groups) > 300
    found = (await everything.get(CATALOGUE, params={"search": "母婴", "group": "contextual"})).json()["items"]
    assert "mother_and_baby" in [one["definition"]["key"] for one in found]
    shown = (await everything.get(f"{CATALOGUE}/summer_cooling")).json()
    (field,) = shown["lineage"]["fields"]
    assert (field["level"], field["field"], field["name"]["zh"]) == ("items", "category_group", "品类组")
    assert all(one["name"]["zh"] for one in shown["lineage"]["events"])
    assert shown["says"]["zh"].startswith("是：")
    assert "Air conditioners" in shown["says"]["en"]
    score = (await everything.get(f"{CATALOGUE}/engagement_score")).json()
    assert {one["name"]: one["weight"] for one in score["weights"]}["shares"] == 4
    assert "近30天内" in {one["key"]: one["says"]["zh"] for one in score["made_of"]}["active_days_30d"]
    assert score["freshness"]["en"].startswith("follows every event")
    assert [one["how"] for one in shown["versions"]] == ["shipped"]
    assert is_problem(await everything.get(f"{CATALOGUE}/no_such_tag"), 404, "tag.not_found")


async def test_a_tag_of_ones_own_is_tried_defined_given_versions_and_retired(everything: httpx.AsyncClient) -> None:
    """A segment may be made of it; it has its true value for the past as well."""
    customer_id, position = await shopper(everything)
    key = "t_" + a_name().removeprefix("member-")
    tried = await everything.post(f"{CATALOGUE}/preview", json={"value": bought(30), "type": "number", "key": key})
    assert tried.status_code == 200, tried.text
    spread = tried.json()["distribution"]
    assert spread["covered"] == spread["people"] > 0
    assert spread["quantiles"][-1]["value"] >= 2
    assert tried.json()["says"]["zh"] == "近30天内「完成订单」的次数"
    assert all(one["evidence"][0]["total"] == one["tag"]["value"] for one in tried.json()["people"])
    made = await post(everything, CATALOGUE, key=key, **terms(bought(30)))
    assert await tags_of(everything, customer_id, key=key, wait_for=made["position"]) == {key: 2}
    anew = await everything.post(f"{CATALOGUE}/{key}/redefine", json=terms(bought(365)), headers=ANY)
    assert anew.status_code == 202, anew.text
    position = anew.json()["position"]
    assert await tags_of(everything, customer_id, key=key, wait_for=position) == {key: 3}
    moves = await everything.get(
        f"/api/v1/customers/{customer_id}/tag-moves",
        params={"since": (datetime.now(UTC) - timedelta(days=50)).isoformat(), "wait_for": position},
    )
    moved = {one["key"]: (one["before"]["value"], one["after"]["value"]) for one in moves.json()["tags"]}
    assert moved[key] == (1, 3)
    differing = await everything.get(f"{CATALOGUE}/{key}/difference", params={"before": 1, "after": 2})
    assert differing.json()["changed"] >= 1
    unheard = await everything.get(f"{CATALOGUE}/{key}/difference", params={"before": 1, "after": 9})
    assert is_problem(unheard, 422, "input.invalid")["errors"][0]["field"] == "after"
    shown = (await everything.get(f"{CATALOGUE}/{key}", params={"wait_for": position})).json()
    assert [(one["how"], one["definition"]["version"]) for one in shown["versions"]] == [
        ("redefined", 2),
        ("defined", 1),
    ]
    rule = {"type": "compare", "left": {"type": "tag", "key": key}, "op": "gte", "right": 3}
    segment: dict[str, Any] = {"key": f"s{key}", "name_zh": "常客", "name_en": "Regulars", "rule": rule}
    await post(everything, "/api/v1/segments", **segment)
    held = await everything.post(f"{CATALOGUE}/{key}/retire", json={"reason": "over"}, headers=ANY)
    assert is_problem(held, 409, "tag.in_use")
    await everything.post(f"/api/v1/segments/s{key}/archive", json={"reason": "over"}, headers=ANY)
    over = await everything.post(f"{CATALOGUE}/{key}/retire", json={"reason": "over"}, headers=ANY)
    assert over.status_code == 202, over.text
    gone = await everything.get(f"{CATALOGUE}/{key}", params={"wait_for": over.json()["position"]})
    assert is_problem(gone, 404, "tag.not_found")


async def test_the_weights_of_a_score_that_comes_with_koi_are_tuned(koi: RunningKoi) -> None:
    """A version of one's own goes before the one that was shipped."""
    async with koi.client("all") as client:
        tuned = await client.post(f"{CATALOGUE}/social_score/tune", json={"weights": {"shares": 20}}, headers=ANY)
        assert tuned.status_code == 202, tuned.text
        shown = await client.get(f"{CATALOGUE}/social_score", params={"wait_for": tuned.json()["position"]})
        assert shown.json()["tag"]["origin"] == "changed"
        assert [one["how"] for one in shown.json()["versions"]] == ["tuned", "shipped"]
        parts = shown.json()["tag"]["definition"]["value"]["parts"]
        assert {one["name"]: one["weight"] for one in parts}["shares"] == 20
        wrong = await client.post(f"{CATALOGUE}/social_score/tune", json={"weights": {"likes": 1}}, headers=ANY)
        assert is_problem(wrong, 422, "tag.terms")
        none = await client.post(f"{CATALOGUE}/high_value/tune", json={"weights": {"x": 1}}, headers=ANY)
        assert is_problem(none, 422, "tag.terms")


async def test_what_cannot_be_a_tag_is_refused_at_its_place(everything: httpx.AsyncClient) -> None:
    """An unknown tag, a circle, a window of nothing, an unknown group, a key that is taken."""
    key = "t_" + a_name().removeprefix("member-")

    async def refused(value: dict[str, Any], **changes: Any) -> tuple[str, str]:
        answer = await everything.post(CATALOGUE, json={"key": key} | terms(value, **changes))
        assert answer.status_code == 422, answer.text
        if not changes:
            tried = await everything.post(f"{CATALOGUE}/preview", json={"key": key, "value": value, "type": "number"})
            assert tried.json()["detail"] == answer.json()["detail"]
        return answer.json()["errors"][0]["field"], answer.json()["detail"]

    nothing = {"type": "arithmetic", "op": "divide", "left": bought(1), "right": {"type": "constant", "value": 0}}
    twice = {"type": "arithmetic", "op": "add", "left": bought(1), "right": {"type": "tag", "key": "no_such"}}
    unheard = bought(1) | {"events": ["order.finished"]}
    places: dict[str, tuple[dict[str, Any], str]] = {
        "value.key": ({"type": "tag", "key": "no_such"}, "no tag"),
        "value.right.key": (twice, "no tag"),
        "value.right.value": (nothing, "division by zero"),
        "value.within.amount": (bought(0), "window of 0 days"),
        "value.events.0": (unheard, "no event"),
    }
    for place, (value, words) in places.items():
        field, detail = await refused(value)
        assert field == place
        assert words in detail
    assert (await refused(bought(1), group="nothing"))[0] == "group"
    assert (await refused(bought(1), unit="stones"))[0] == "unit"
    taken = await everything.post(CATALOGUE, json={"key": "high_value"} | terms(bought(1)))
    assert is_problem(taken, 409, "tag.already_exists")
    nobody = f"/api/v1/customers/{'0' * 8}-0000-4000-8000-{'0' * 12}"
    assert is_problem(await everything.get(f"{nobody}/tags"), 404, "customer.not_found")
    since = {"since": "2026-01-01T00:00:00Z"}
    assert is_problem(await everything.get(f"{nobody}/tag-moves", params=since), 404, "customer.not_found")


async def test_a_circle_of_tags_and_what_was_never_built_are_told(everything: httpx.AsyncClient) -> None:
    """Wherever the circle closes; without builds there is nothing to compare."""
    key = "t_" + a_name().removeprefix("member-")
    await post(everything, CATALOGUE, key=key, **terms(bought(30)))
    await post(everything, CATALOGUE, key=f"{key}_b", **terms({"type": "tag", "key": key}))
    closing = {"type": "arithmetic", "op": "add", "left": bought(1), "right": {"type": "tag", "key": f"{key}_b"}}
    circle = await everything.post(f"{CATALOGUE}/{key}/redefine", json=terms(closing), headers=ANY)
    assert is_problem(circle, 422, "rule.cycle")["errors"][0]["field"] == "value.right.key"
    assert (await everything.get("/api/v1/tags/builds")).json() == []
    assert is_problem(await everything.get("/api/v1/tags/builds/difference"), 422, "input.invalid")
    assert is_problem(await everything.get("/api/v1/tags/revisions"), 404, "tag.no_catalogue")
