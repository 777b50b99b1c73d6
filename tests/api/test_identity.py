"""Why customers are one person, the rules, and the matches, over HTTP."""

from importlib import resources
from uuid import UUID, uuid4

import httpx

from commands.identity.matches import Candidate, propose_matches
from commands.runtime.context import Context
from commands.runtime.event_store import open_event_store
from domain.identity.match import Reason, match_stream
from tests.api.asking import a_name, a_phone, is_problem
from tests.api.running import RunningKoi
from tests.api.test_customers import ANY, register

RULES = resources.files("domain.identity").joinpath("rules.toml").read_text(encoding="utf-8")


async def test_the_evidence_is_masked_without_the_scope_personal(
    koi: RunningKoi, everything: httpx.AsyncClient
) -> None:
    """Who may read sees which identifiers join her and by which rule; their values only who may see persons."""
    phone = a_phone()
    mother = await register(everything, ("member_code", a_name()), ("phone", phone))
    daughter = await register(everything, ("member_code", a_name()), ("phone", phone), ("device", tablet := a_name()))
    stranger = await register(everything, ("member_code", a_name()), ("device", tablet))
    path = f"/api/v1/customers/{mother['id']}/identity"
    wait = {"wait_for": stranger["position"]}

    full = (await everything.get(path, params=wait)).json()
    async with koi.client("read") as reader:
        masked = (await reader.get(path, params=wait)).json()

    assert {one["customer_id"] for one in full["joined_by"]} == {mother["id"], daughter["id"]}
    assert {one["identifier"]["value"] for one in full["joined_by"]} == {f"+86{phone}"}
    assert {one["identifier"]["value"] for one in masked["joined_by"]} == {f"{phone[:3]}****{phone[-4:]}"}
    assert full["joined_by"][0]["rule"] == {
        "zh": "强标识，不超过 3 人共用时合并",
        "en": "joins up to 3 persons who share it",
    }
    (guard,) = full["kept_apart_by"]
    assert (guard["hold"], guard["identifier"]["type"]) == ("shared", "device")
    assert stranger["id"] in guard["others"]
    is_problem(await everything.get(f"/api/v1/customers/{uuid4()}/identity"), 404, "customer.not_found")


async def test_rules_are_shown_compared_and_refused_with_the_place(
    koi: RunningKoi, everything: httpx.AsyncClient
) -> None:
    """An installation begins with the rules that come with Koi; a file that is wrong says where."""
    shown = (await everything.get("/api/v1/identity/rules")).json()
    compared = await everything.post("/api/v1/identity/rules/compare", json={"rules": RULES})
    wrong = {"rules": RULES.replace("persons = 3", "persons = 0", 1)}

    assert shown["version"] >= 1
    assert shown["limits"]["limits"]["phone"] == {"strength": "strong", "persons": 3, "links": 50}
    assert shown["blocked"] > 20
    assert (compared.status_code, compared.json()["moved"]) == (200, 0)
    refused = is_problem(
        await everything.post("/api/v1/identity/rules/compare", json=wrong), 422, "identity_rules.invalid"
    )
    assert refused["errors"][0]["field"] == "types.phone.persons"
    same = await everything.post("/api/v1/identity/rules/adopt", json={"rules": RULES, "reason": "again"})
    is_problem(same, 409, "identity_rules.in_force")
    async with koi.client("read", "command") as operator:
        denied = await operator.post("/api/v1/identity/rules/adopt", json={"rules": RULES, "reason": "x"})
        assert denied.status_code == 403


async def test_a_match_is_decided_over_http(koi: RunningKoi, everything: httpx.AsyncClient) -> None:
    """The queue shows reasons in words; accepting merges, undoing parts, and each can be done once."""
    one, other = [await register(everything, ("member_code", a_name())) for _ in range(2)]
    match_id, position = await _proposed(koi, UUID(one["id"]), UUID(other["id"]))
    path = f"/api/v1/matches/{match_id}"

    queue = (await everything.get("/api/v1/matches", params={"wait_for": position})).json()["items"]
    shown = await everything.get(path)
    accepted = await everything.post(
        f"{path}/accept", json={"note": "same card"}, headers={"If-Match": shown.headers["etag"]}
    )
    again = await everything.post(f"{path}/accept", json={}, headers=ANY)
    together = await everything.get(f"/api/v1/customers/{one['id']}", params={"wait_for": accepted.json()["position"]})
    undone = await everything.post(f"{path}/undo", json={"reason": "two sisters"}, headers=ANY)
    apart = await everything.get(f"/api/v1/customers/{one['id']}", params={"wait_for": undone.json()["position"]})

    (mine,) = [item for item in queue if item["match"]["id"] == str(match_id)]
    assert mine["reasons"][0]["field_name"] == {"zh": "姓名", "en": "name"}
    assert mine["reasons"][0]["level_name"] == {"zh": "相同", "en": "the same"}
    assert accepted.status_code == 202
    is_problem(again, 409, "match.state")
    assert set(together.json()["customers"]) == {one["id"], other["id"]}
    assert apart.json()["customers"] == [one["id"]]
    is_problem(
        await everything.post(f"/api/v1/matches/{uuid4()}/reject", json={"reason": "x"}, headers=ANY),
        404,
        "match.not_found",
    )


async def _proposed(koi: RunningKoi, one: UUID, other: UUID) -> tuple[UUID, int]:
    async with open_event_store(koi.database, koi.secrets.master_key, pool_size=2) as store:
        reasons = (Reason("phone", "phone", "one_edit", 2.0), Reason("name", "chinese_name", "same", 9.0))
        candidate = Candidate(pair=(one, other), probability=0.99, weight=7.0, reasons=reasons)
        await propose_matches(
            [candidate], model="people", auto_accept=None, by=Context(actor="linkage"), streams=store.streams
        )
        head: int = await store.pool.fetchval("SELECT max(notification_id) FROM decision_log")
        return match_stream(one, other), head
