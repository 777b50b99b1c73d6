"""Customers over HTTP: registered, linked, described, merged and parted; found and shown."""

from typing import Any
from uuid import uuid4

import httpx

from tests.api.asking import a_name, a_phone, is_problem, profile, send, timeline, tracked
from tests.api.running import RunningKoi

ANY = {"If-Match": "*"}


async def register(client: httpx.AsyncClient, *identifiers: tuple[str, str], **attributes: Any) -> dict[str, Any]:
    """Register a customer, and return what was answered."""
    given = [{"type": kind, "value": value} for kind, value in identifiers]
    answer = await client.post("/api/v1/customers", json={"identifiers": given, "attributes": attributes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def change(client: httpx.AsyncClient, customer_id: str, verb: str, **body: Any) -> int:
    """Ask for a change that must be made, and return its position."""
    answer = await client.post(f"/api/v1/customers/{customer_id}/{verb}", json=body, headers=ANY)
    assert answer.status_code == 202, answer.text
    return int(answer.json()["position"])


async def test_a_registered_customer_is_found_under_every_identifier(everything: httpx.AsyncClient) -> None:
    """However the phone number is written; the strongest identifier names the customer."""
    name, phone = a_name(), a_phone()
    made = await register(everything, ("phone", phone), ("member_code", name), name="王芳", city="杭州")
    by_code = await profile(everything, f"member_code:{name}", made["position"])
    by_phone = await profile(everything, f"phone:+86 {phone}", made["position"])
    assert by_code["profile_id"] == by_phone["profile_id"] == made["id"]
    assert by_code["attributes"] == {"name": "王芳", "city": "杭州"}
    assert [one["type"] for one in by_code["identifiers"]] == ["member_code", "phone"]


async def test_personal_values_are_shown_to_those_who_may_see_them(
    koi: RunningKoi, everything: httpx.AsyncClient
) -> None:
    """Masked, a phone number is enough to recognise a customer by and not enough to call her."""
    name, phone = a_name(), a_phone()
    made = await register(everything, ("phone", phone), ("member_code", name), name="王芳", city="杭州")
    async with koi.client("read") as reader, koi.client("read", "personal") as trusted:
        masked = await profile(reader, f"member_code:{name}", made["position"])
        clear = await profile(trusted, f"member_code:{name}", made["position"])
    assert masked["attributes"] == {"name": "***", "city": "杭州"}
    assert masked["identifiers"][1]["value"] == f"138****{phone[-4:]}"
    assert clear["attributes"]["name"] == "王芳"
    assert clear["identifiers"][1]["value"] == f"+86{phone}"


async def test_consent_counts_from_its_last_word(everything: httpx.AsyncClient) -> None:
    """What was said later prevails, even if it was heard of earlier."""
    made = await register(everything, ("member_code", a_name()))
    words = {"channel": "sms", "purpose": "marketing", "text_version": "2026-09", "source": "store"}
    later, earlier = "2026-03-02T09:00:00+08:00", "2026-03-01T09:00:00+08:00"
    await change(everything, made["id"], "consents", state="withdrawn", occurred_at=later, **words)
    position = await change(everything, made["id"], "consents", state="granted", occurred_at=earlier, **words)
    shown = await everything.get(f"/api/v1/customers/{made['id']}", params={"wait_for": position})
    (consent,) = shown.json()["consents"]
    assert (consent["state"], consent["occurred_at"]) == ("withdrawn", "2026-03-02T01:00:00Z")


async def test_merged_customers_are_one_and_parted_they_are_what_they_were(everything: httpx.AsyncClient) -> None:
    """Counters of both come back exactly, since no history was changed."""
    one, other = a_name(), a_name()
    await send(everything, tracked(one), tracked(one), tracked(other))
    position = await send(everything, tracked(other))
    before = await profile(everything, f"member_code:{one}", position)
    other_id = (await profile(everything, f"member_code:{other}", position))["profile_id"]
    one_id = before["profile_id"]
    merged_at = await change(everything, one_id, "merge", other_id=other_id, reason="same person, two cards")
    merged = await profile(everything, f"member_code:{other}", merged_at)
    assert (merged["events"], set(merged["customers"])) == (4, {one_id, other_id})
    parted_at = await change(everything, one_id, "unmerge", other_id=other_id, reason="two sisters")
    after = await profile(everything, f"member_code:{one}", parted_at)
    assert after == before
    assert (await profile(everything, f"member_code:{other}", parted_at))["events"] == 2
    again = await everything.post(
        f"/api/v1/customers/{one_id}/unmerge", json={"other_id": other_id, "reason": "again"}, headers=ANY
    )
    is_problem(again, 409, "identity.not_joined")


async def test_customers_joined_by_a_phone_number_can_be_parted(everything: httpx.AsyncClient) -> None:
    """A family's phone joins them; the one who parts gives it up, and gets it back only by a decision."""
    phone = a_phone()
    mother = await register(everything, ("member_code", a_name()), ("phone", phone))
    daughter = await register(everything, ("member_code", a_name()), ("phone", phone))
    joined = await profile(everything, f"phone:{phone}", daughter["position"])
    assert set(joined["customers"]) == {mother["id"], daughter["id"]}
    parted_at = await change(everything, mother["id"], "unmerge", other_id=daughter["id"], reason="not one person")
    apart = await profile(everything, f"phone:{phone}", parted_at)
    assert apart["customers"] == [mother["id"]]
    linked_at = await change(everything, daughter["id"], "identifiers", identifiers=[{"type": "phone", "value": phone}])
    assert len((await profile(everything, f"phone:{phone}", linked_at))["customers"]) == 2


async def test_an_anonymous_visitor_becomes_known(everything: httpx.AsyncClient) -> None:
    """What she looked at before she logged in is hers afterwards."""
    visitor, name = str(uuid4()), a_name()
    await send(everything, tracked(name, userId=None, anonymousId=visitor))
    position = await send(
        everything, {"type": "identify", "userId": name, "anonymousId": visitor, "messageId": visitor}
    )
    customer = await profile(everything, f"member_code:{name}", position)
    assert len(customer["customers"]) == 2
    assert customer["events"] == 2
    kinds = {one["name"] for one in await timeline(everything, customer["profile_id"], position) if "name" in one}
    assert "product.viewed" in kinds


async def test_a_change_decided_on_an_old_version_is_refused(everything: httpx.AsyncClient) -> None:
    """The ETag of the read is the version the change is decided on: missing 428, stale 412."""
    made = await register(everything, ("member_code", a_name()))
    url, body = f"/api/v1/customers/{made['id']}/attributes", {"attributes": {"tier": "gold"}}
    is_problem(await everything.post(url, json=body), 428, "version.missing")
    is_problem(await everything.post(url, json=body, headers={"If-Match": '"v7"'}), 412, "version.stale")
    is_problem(await everything.post(url, json=body, headers={"If-Match": "seven"}), 422, "input.invalid")
    shown = await everything.get(f"/api/v1/customers/{made['id']}", params={"wait_for": made["position"]})
    done = await everything.post(url, json=body, headers={"If-Match": shown.headers["etag"]})
    assert (done.status_code, done.json()["version"]) == (202, made["version"] + 1)
    assert done.headers["etag"] == f'"v{made["version"] + 1}"'


async def test_input_that_is_wrong_is_told_by_field_and_never_repeated(everything: httpx.AsyncClient) -> None:
    """An error says what would be right, and does not carry somebody's phone number into a log."""
    secret = "no-phone-4711"
    cases = [
        ({"identifiers": [{"type": "fax", "value": secret}]}, "identifiers[0].type"),
        ({"identifiers": [{"type": "phone", "value": secret}]}, "identifiers[0].value"),
        ({"identifiers": [{"type": "phone"}]}, "identifiers[0]"),
        ({"identifiers": []}, "identifiers"),
        ({"identifiers": [{"type": "email", "value": "a@b.cn"}], secret: 1}, None),
    ]
    for body, field in cases:
        answer = await everything.post("/api/v1/customers", json=body)
        document = is_problem(answer, 422, answer.json()["code"])
        assert document["errors"][0].get("field") == field
        assert secret not in answer.text or field is None
    made = await register(everything, ("member_code", a_name()))
    words = {"channel": "sms", "purpose": "x", "state": secret, "text_version": "1", "source": "s"}
    answer = await everything.post(f"/api/v1/customers/{made['id']}/consents", json=words, headers=ANY)
    assert is_problem(answer, 422, "input.invalid")["errors"][0]["field"] == "state"
    assert secret not in answer.text
    no_json = await everything.post("/api/v1/customers", content=b'{"identifiers":')
    is_problem(no_json, 400, "request.malformed")
    is_problem(await everything.post("/api/v1/customers"), 422, "input.invalid")
    nul = await everything.post("/api/v1/customers", content=b'{"identifiers":[{"type":"email","value":"\\u0000"}]}')
    is_problem(nul, 422, "input.invalid")


async def test_the_list_goes_on_where_the_page_before_ended(everything: httpx.AsyncClient) -> None:
    """By an opaque cursor, which fits no other list and cannot be made up."""
    made = [await register(everything, ("member_code", a_name())) for _ in range(3)]
    params: dict[str, Any] | None = {"limit": 2, "wait_for": made[-1]["position"]}
    seen: list[str] = []
    url = "/api/v1/customers"
    while url:
        page = await everything.get(url, params=params)
        assert page.status_code == 200, page.text
        assert len(page.json()["items"]) <= 2
        seen += [one["profile_id"] for one in page.json()["items"]]
        url, params = page.links.get("next", {}).get("url", ""), None
        assert bool(url) == (page.json()["next"] is not None)
    assert len(seen) == len(set(seen))
    assert {one["id"] for one in made} <= set(seen)
    cursor = (await everything.get("/api/v1/customers", params={"limit": 1})).json()["next"]
    is_problem(await everything.get("/api/v1/campaigns", params={"cursor": cursor}), 422, "cursor.invalid")
    is_problem(await everything.get("/api/v1/customers", params={"cursor": "A" + cursor}), 422, "cursor.invalid")
    is_problem(await everything.get("/api/v1/customers", params={"limit": 1_000}), 422, "input.invalid")


async def test_a_reader_who_waits_for_too_much_is_told_how_far_the_view_is(
    koi: RunningKoi, everything: httpx.AsyncClient
) -> None:
    """After five seconds the answer names the lag instead of an old state."""
    made = await register(everything, ("member_code", a_name()))
    async with koi.hurried() as reader:
        late = await reader.get(f"/api/v1/customers/{made['id']}", headers={"Koi-Wait-For": "1000000000"})
    assert "1000000000" in is_problem(late, 504, "view.lagging")["detail"]


async def test_nobody_is_not_found(everything: httpx.AsyncClient) -> None:
    """An id nobody has is 404 to a reader and to a command; an identifier nobody has is an empty list."""
    nobody = uuid4()
    is_problem(await everything.get(f"/api/v1/customers/{nobody}"), 404, "customer.not_found")
    is_problem(await everything.get(f"/api/v1/customers/{nobody}/timeline"), 404, "customer.not_found")
    merge = {"other_id": str(uuid4()), "reason": "x"}
    answer = await everything.post(f"/api/v1/customers/{nobody}/merge", json=merge, headers=ANY)
    is_problem(answer, 404, "customer.not_found")
    found = await everything.get("/api/v1/customers", params={"identifier": f"member_code:{a_name()}"})
    assert found.json() == {"items": [], "next": None}
    is_problem(await everything.get("/api/v1/customers", params={"identifier": "x"}), 422, "input.invalid")
    is_problem(await everything.get("/api/v1/customers", params={"identifier": "fax:1"}), 422, "identifier.invalid")
