"""Where and when over HTTP; and what customers' profiles show of what was inferred or could not be cleaned."""

import httpx

from tests.api.asking import a_name, is_problem, profile
from tests.api.test_customers import change, register

PATH = "/api/v1/context"


async def test_the_calendar_tells_holidays_terms_and_festivals(everything: httpx.AsyncClient) -> None:
    """Day by day, in both languages, with the version of the data."""
    answer = await everything.get(f"{PATH}/calendar", params={"date": "2026-02-16", "until": "2026-02-18"})
    days = answer.json()
    assert [day["kind"] for day in days] == ["holiday"] * 3
    assert days[1]["holiday_zh"] == "春节"
    assert days[1]["lunar"]["zh"] == "正月初一"
    assert [one["key"] for one in days[0]["festivals"]] == ["spring_festival_eve"]
    assert "holidays" in days[0]["version"]
    is_problem(
        await everything.get(f"{PATH}/calendar", params={"date": "2026-02-16", "country": "XX"}),
        422,
        "calendar.invalid",
    )
    is_problem(
        await everything.get(f"{PATH}/calendar", params={"date": "2026-02-16", "until": "2026-01-01"}),
        422,
        "input.invalid",
    )


async def test_regions_addresses_and_phone_segments(everything: httpx.AsyncClient) -> None:
    """A code of former years says what became of it; an ambiguous name says what it may be."""
    west_lake = (await everything.get(f"{PATH}/regions/330106")).json()
    assert (west_lake["region"]["name"], west_lake["exactness"]) == ("浙江省杭州市西湖区", "current")
    former = (await everything.get(f"{PATH}/regions/330184")).json()
    assert (former["region"]["code"], former["exactness"], former["former"]) == ("330110", "successor", "余杭市")
    is_problem(await everything.get(f"{PATH}/regions/999999"), 404, "region.unknown")
    placed = (await everything.get(f"{PATH}/places", params={"address": "朝阳区"})).json()
    assert placed["region"] is None
    assert {one["code"] for one in placed["candidates"]} == {"110105", "220104"}
    cities = (await everything.get(f"{PATH}/regions", params={"parent": "浙江"})).json()
    assert len(cities) == 11
    assert cities[0]["en"] == "Hangzhou"
    segment = (await everything.get(f"{PATH}/phones/1330571")).json()
    assert (segment["region"], segment["carrier_en"]) == ("330100", "China Telecom")


async def test_the_circumstances_are_plain_values(everything: httpx.AsyncClient) -> None:
    """What rules will ask about."""
    found = (await everything.get(f"{PATH}", params={"at": "2026-11-11T20:30:00+08:00", "region": "杭州"})).json()
    assert found["city"] == "330100"
    assert (found["hour"], found["part_of_day"], found["is_workday"]) == (20, "evening", True)
    assert found["is_shopping_festival"]
    is_problem(await everything.get(f"{PATH}", params={"region": "Atlantis"}), 404, "region.unknown")
    is_problem(await everything.get(f"{PATH}", params={"at": "2026-11-11T20:30:00"}), 422, "input.invalid")


async def test_a_profile_tells_what_was_inferred_and_why_until_it_is_said(everything: httpx.AsyncClient) -> None:
    """Rule, evidence and words in both languages; the real value goes before it."""
    name = a_name()
    made = await register(everything, ("member_code", name), ("national_id", "330184199005030023"), name="李娜女士")
    shown = await profile(everything, f"member_code:{name}", made["position"])
    assert shown["attributes"] == {"name": "李娜"}
    sex = shown["inferred"]["sex"]
    assert (sex["value"], sex["rule"], sex["zh"]) == ("female", "national_id_sex", "性别取自身份证号")
    assert sex["evidence"][0].startswith("national_id:")
    assert shown["inferred"]["birthday"]["value"] == "1990-05-03"
    assert shown["inferred"]["region"]["value"] == "330110"
    position = await change(everything, made["id"], "attributes", attributes={"性别": "男", "生日": "1990/5/4"})
    shown = await profile(everything, f"member_code:{name}", position)
    assert shown["attributes"] == {"name": "李娜", "sex": "male", "birthday": "1990-05-04"}
    assert shown["inferred"].keys() == {"region"}


async def test_what_could_not_be_cleaned_is_shown_with_its_reason(everything: httpx.AsyncClient) -> None:
    """Until something better is said."""
    name = a_name()
    made = await register(everything, ("member_code", name), birthday="31/02/1990")
    shown = await profile(everything, f"member_code:{name}", made["position"])
    assert shown["attributes"] == {}
    assert shown["uncleaned"]["birthday"]["reason"] == "birthday.no_date"
    assert shown["uncleaned"]["birthday"]["raw"] == "31/02/1990"
    position = await change(everything, made["id"], "attributes", attributes={"birthday": "1990-02-28"})
    shown = await profile(everything, f"member_code:{name}", position)
    assert shown["uncleaned"] == {}
    assert shown["attributes"] == {"birthday": "1990-02-28"}
