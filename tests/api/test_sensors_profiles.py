"""Profiles as the SDKs of Sensors Analytics change them: sent twice and in any order they come to the same."""

import random
from typing import Any

import httpx

from tests.api.asking import a_name, a_phone, profile
from tests.api.running import RunningKoi
from tests.api.sensing import collect, record, tracked

_THEN = 1_764_028_800_000


def _words(name: str) -> list[dict[str, Any]]:
    """A member's profile, a second between two words."""
    said: list[tuple[str, dict[str, Any]]] = [
        ("profile_set_once", {"first_channel": "web", "$city": "Hangzhou"}),
        ("profile_set", {"points": 100, "tier": "gold", "email": "li@example.cn", "gone": 1}),
        ("profile_increment", {"points": 5, "visits": 1}),
        ("profile_increment", {"points": -2, "visits": 1}),
        ("profile_append", {"hobbies": ["tea", "silk"]}),
        ("profile_append", {"hobbies": ["silk", "wine"]}),
        ("profile_set_once", {"first_channel": "app"}),
        ("profile_unset", {"gone": True}),
        ("profile_append", {"shipping_address": ["West Lake 1"]}),
        ("profile_append", {"shipping_address": ["West Lake 2"]}),
    ]
    return [
        record(kind, name, time=_THEN + 1000 * second, properties=given | {"$is_login_id": True})
        for second, (kind, given) in enumerate(said)
    ]


_COMES_TO = {
    "first_channel": "web",
    "city": "Hangzhou",
    "points": 103,
    "visits": 2,
    "tier": "gold",
    "email": "li@example.cn",
    "hobbies": ["tea", "silk", "wine"],
    "shipping_address": ["West Lake 1", "West Lake 2"],
}


async def test_a_profile_is_the_same_in_any_order_and_however_often_it_is_sent(
    koi: RunningKoi, everything: httpx.AsyncClient
) -> None:
    """Increments count once each, the first word set once holds, lists are unions; none of it is a visit."""
    shuffler = random.Random(20261125)  # noqa: S311 - a shuffle that repeats
    async with koi.client() as client:
        for shuffled in (False, True, True):
            name = a_name()
            words = _words(name)
            if shuffled:
                words += shuffler.sample(words, 6)
                shuffler.shuffle(words)
                for one in words:
                    position = await collect(client, koi.keys["ingest"], one)
            else:
                position = await collect(client, koi.keys["ingest"], *words)
                position = await collect(client, koi.keys["ingest"], *words)
            customer = await profile(everything, f"member_code:{name}", position)
            assert customer["attributes"] == _COMES_TO
            assert (customer["events"], customer["last_seen_at"]) == (0, None)


async def test_two_equal_increments_of_one_request_are_two(koi: RunningKoi, everything: httpx.AsyncClient) -> None:
    """A loop of a server is faster than its clock; the whole request sent again is the same two."""
    name = a_name()
    one = record("profile_increment", name, time=_THEN, properties={"visits": 1, "$is_login_id": True})
    async with koi.client() as client:
        await collect(client, koi.keys["ingest"], one, one)
        position = await collect(client, koi.keys["ingest"], one, one)
    assert (await profile(everything, f"member_code:{name}", position))["attributes"] == {"visits": 2}


async def test_a_deleted_profile_is_forgotten_and_its_history_stays(
    koi: RunningKoi, everything: httpx.AsyncClient
) -> None:
    """Deleting is no erasure: what is said later counts, what was said before does not, whenever it arrives."""
    name = a_name()
    cleared = record("profile_delete", name, time=_THEN + 60_000)
    later = record("profile_set", name, time=_THEN + 90_000, properties={"tier": "silver", "$is_login_id": True})
    async with koi.client() as client:
        await collect(client, koi.keys["ingest"], cleared, later, tracked(name))
        position = await collect(client, koi.keys["ingest"], *_words(name))
    customer = await profile(everything, f"member_code:{name}", position)
    assert customer["attributes"] == {"tier": "silver"}
    assert customer["events"] == 1


async def test_a_login_joins_what_was_done_before_it(koi: RunningKoi, everything: httpx.AsyncClient) -> None:
    """`track_signup`, in whatever order; counters of both add up, and a server may forget to say that it is a login."""
    name, cookie = a_name(), a_name()
    before = record("profile_increment", cookie, time=_THEN, properties={"visits": 1})
    signup = record("track_signup", name, event="$SignUp", original_id=cookie, time=_THEN + 1, properties={})
    after = record("profile_increment", name, time=_THEN + 2, properties={"visits": 2})
    async with koi.client() as client:
        for one in (after, signup, before):
            position = await collect(client, koi.keys["ingest"], one)
    assert (await profile(everything, f"member_code:{name}", position))["attributes"] == {"visits": 3}


async def test_an_unbound_phone_belongs_to_nobody_until_it_is_bound_again(
    koi: RunningKoi, everything: httpx.AsyncClient
) -> None:
    """Bound to one, cut, bound to another: the first one has it no more, an old event does not bring it back."""
    li, wang, phone = a_name(), a_name(), a_phone()

    def bound(name: str, second: int) -> dict[str, Any]:
        identities = {"$identity_login_id": name, "$identity_mobile": phone}
        return record("track_id_bind", name, event="$BindID", identities=identities, time=_THEN + second, properties={})

    cut = record(
        "track_id_unbind",
        f"$identity_mobile+{phone}",
        event="$UnbindID",
        identities={"$identity_mobile": phone},
        time=_THEN + 2_000,
        properties={},
    )
    seen = record(
        "track", li, event="Visit", identities={"$identity_login_id": li, "$identity_mobile": phone}, time=_THEN + 500
    )
    async with koi.client() as client:
        await collect(client, koi.keys["ingest"], bound(wang, 3_000), cut)
        position = await collect(client, koi.keys["ingest"], bound(li, 1_000), seen)
        whose = await profile(everything, f"phone:{phone}", position)
        theirs = await profile(everything, f"member_code:{li}", position)
        assert whose["profile_id"] == (await profile(everything, f"member_code:{wang}", position))["profile_id"]
        assert [one["type"] for one in theirs["identifiers"]] == ["member_code"]
        position = await collect(client, koi.keys["ingest"], bound(li, 4_000))
    assert len((await profile(everything, f"phone:{phone}", position))["customers"]) == 3
