"""The four simulated platforms together: their gates, their shops, and the addresses they are reached at."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, Self

from litestar import Litestar, Request, Response, route
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler

from workers.marketplaces.simulator.douyin import SimulatedDouyin
from workers.marketplaces.simulator.gate import Asked, Gate, Trouble
from workers.marketplaces.simulator.jd import SimulatedJd
from workers.marketplaces.simulator.shop import SimulatedShop
from workers.marketplaces.simulator.taobao import SimulatedTaobao
from workers.marketplaces.simulator.youzan import SimulatedYouzan

SHOP_ID: Final = "4012345"
_FIRST: Final = {
    "taobao": 2_100_000_000_000_000_001,
    "jd": 290_000_000_000_000_001,
    "douyin": 6_920_000_000_000_000_001,
    "youzan": 20_261_111_000_000_000_001,
}
_STATUS: Final[dict[Trouble, int]] = {"http503": 503, "http429": 429}

Answers = Callable[[Asked], Awaitable[dict[str, Any]]]


class Marketplaces:
    """All four, empty at first; their orders are numbered from `first` on, behind the platform's own beginning."""

    def __init__(self, *, first: int = 0) -> None:
        self.gates = {
            name: Gate(app_key=f"{number}", secret=f"secret-of-{name}") for number, name in enumerate(_FIRST, 7001)
        }
        self.shops = {name: SimulatedShop(begin + first) for name, begin in _FIRST.items()}
        self.taobao = SimulatedTaobao(self.shops["taobao"], self.gates["taobao"])
        self.jd = SimulatedJd(self.shops["jd"], self.gates["jd"])
        self.douyin = SimulatedDouyin(self.shops["douyin"], self.gates["douyin"], shop_id=SHOP_ID)
        self.youzan = SimulatedYouzan(self.shops["youzan"], self.gates["youzan"], shop_id=SHOP_ID)

    @classmethod
    def selling_since(cls, moment: datetime) -> Self:
        """Return marketplaces that no Koi has seen: other numbers, other tokens than those of an earlier start."""
        simulated = cls(first=int(moment.timestamp()) * 1_000)
        for gate in simulated.gates.values():
            gate.renew()
            gate.access, gate.refresh = f"{gate.access}-{moment:%H%M%S%f}", f"{gate.refresh}-{moment:%H%M%S%f}"
        return simulated

    def app(self) -> Litestar:
        """Return the application that serves them."""
        handlers = [
            self._route("taobao", "/taobao/router/rest", self.taobao.answer),
            self._route("jd", "/jd/routerjson", self.jd.answer),
            self._route("jd", "/jd/oauth2/refresh_token", self.jd.renewed),
            self._route("douyin", "/douyin/{rest:path}", self.douyin.answer),
            self._route("youzan", "/youzan/api/{rest:path}", self.youzan.answer),
            self._route("youzan", "/youzan/auth/token", self.youzan.renewed),
        ]
        return Litestar(route_handlers=handlers, openapi_config=None, logging_config=None)

    def _route(self, name: str, path: str, answers: Answers) -> HTTPRouteHandler:
        gate = self.gates[name]

        async def handle(request: Request[Any, Any, Any]) -> Response[bytes]:
            if gate.troubles and gate.troubles[0] in {"http503", "http429", "garbage"}:
                return _broken(gate.troubles.pop(0))
            told = await answers(await _asked(request, f"/{name}"))
            return Response(
                json.dumps(told, ensure_ascii=False).encode(), media_type="application/json", status_code=200
            )

        return route(path, http_method=[HttpMethod.GET, HttpMethod.POST])(handle)


def _broken(trouble: Trouble) -> Response[bytes]:
    if trouble == "garbage":
        return Response(b"<html>504</html>", media_type="text/html", status_code=200)
    headers = {"Retry-After": "1"} if trouble == "http429" else None
    return Response(b"{}", media_type="application/json", status_code=_STATUS[trouble], headers=headers)


async def _asked(request: Request[Any, Any, Any], prefix: str) -> Asked:
    form: dict[str, str] = {}
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        form = {name: str(value) for name, value in (await request.form()).items()}
    return Asked(
        path=request.url.path.removeprefix(prefix),
        query={name: str(value) for name, value in request.query_params.items()},
        form=form,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.body(),
    )
