"""Where a person ends what a platform let us know of her, she is forgotten."""

import httpx
import pytest

from tests.api.asking import profile, tracked
from tests.api.calling import APP, TOKEN, an_openid, declare, event, post, signed
from tests.api.running import RunningKoi
from tests.api.test_douyin_open import CLIENT, CLIENT_SECRET, call


@pytest.mark.parametrize("name", ["user_authorization_revoke", "user_authorization_cancellation"])
async def test_ending_an_authorisation_of_wechat_erases_the_person(
    koi: RunningKoi, everything: httpx.AsyncClient, source: httpx.AsyncClient, name: str
) -> None:
    """All that is known of her, also what came from elsewhere; told again it is done already, and she stays out."""
    openid, phone = an_openid(), "+8613912345678"
    address = declare(koi.sources, "wechat-mini", kind="wechat", app_id=APP, token=TOKEN)
    seen = tracked(openid, traits={}, context={"externalIds": [{"type": "openid", "id": f"{APP}:{openid}"}]})
    await source.post("/v1/batch", json={"batch": [seen]})
    ended = event("gh_platform", name, OpenID=openid, RevokeInfo="301", AppID=APP)
    async with koi.client() as wechat:
        position = await post(wechat, address, event(openid, "CLICK", EventKey="menu"), signed())
        known = await profile(everything, f"openid:{APP}:{openid}", position)
        assert known["events"] == 2
        for _ in range(2):
            await post(wechat, address, ended, signed())
    streams = await everything.get(f"/api/v1/audit/streams/{known['customers'][0]}")
    erased = [one for one in streams.json()["items"] if one["topic"] == "customer.erased.v1"]
    assert len(erased) == 1
    assert phone not in streams.text
    assert openid not in streams.text


async def test_an_authorisation_can_end_without_erasing_if_the_shop_has_other_grounds(
    koi: RunningKoi, everything: httpx.AsyncClient
) -> None:
    """Withdrawn permissions alone, where the source says so; a cancelled account always erases."""
    openid = an_openid()
    settings = {"kind": "wechat", "app_id": APP, "token": TOKEN, "on_revoke": "record"}
    address = declare(koi.sources, "wechat-careful", **settings)
    async with koi.client() as wechat:
        told = event(openid, "user_authorization_revoke", OpenID=openid, RevokeInfo="301")
        position = await post(wechat, address, told, signed())
    customer = await profile(everything, f"openid:{APP}:{openid}", position)
    assert [one["name"] for one in customer["activities"]] == ["authorization.revoked"]


async def test_ending_an_authorisation_of_douyin_erases_the_person(
    koi: RunningKoi, everything: httpx.AsyncClient
) -> None:
    """The open platform's terms ask for it."""
    person = an_openid()
    address = declare(koi.sources, "douyin-open", kind="douyin_open", client_key=CLIENT, client_secret=CLIENT_SECRET)
    async with koi.client() as client:
        answer = await call(client, address, f"a-{person}", event="authorize", from_user_id=person, content={})
        known = await profile(everything, f"openid:{CLIENT}:{person}", int(answer.headers["koi-position"]))
        answer = await call(client, address, f"e-{person}", event="unauthorize", from_user_id=person, content={})
    assert (answer.status_code, answer.text) == (200, "success")
    streams = await everything.get(f"/api/v1/audit/streams/{known['customers'][0]}")
    assert "customer.erased.v1" in {one["topic"] for one in streams.json()["items"]}
