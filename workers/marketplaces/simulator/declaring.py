"""The sources to declare for the simulated shops, as a person would write them for real ones."""

from workers.marketplaces.simulator.gate import Gate
from workers.marketplaces.simulator.marketplaces import SHOP_ID, Marketplaces

_TOKENS = """session = "{access}"
refresh_token = "{refresh}"
"""
_OWN = """shop_id = "{shop_id}"
"""
_FILE = """# {title}, simulated: {home}
kind = "{kind}"
name = "{name}"
url = "{url}"
token_url = "{token_url}"
app_key = "{app_key}"
app_secret = "{secret}"
{tokens}every_seconds = {every}
backfill_days = {days}
pause_seconds = 0.2
hook = "{hook}"
{more}"""
_TITLES = {"taobao": "Tmall 天猫", "jd": "JD 京东", "douyin": "Douyin shop 抖店", "youzan": "Youzan 有赞"}
_NAMES = {"taobao": "tmall-flagship", "jd": "jd-flagship", "douyin": "douyin-shop", "youzan": "youzan-shop"}


def declared(marketplaces: Marketplaces, address: str, *, every: float = 10.0, days: float = 30.0) -> dict[str, str]:
    """Return the text of each source's file, by the name of the file."""
    files = {}
    for kind, gate in marketplaces.gates.items():
        name = _NAMES[kind]
        own = kind == "youzan"  # one's own application needs no token to begin with
        tokens = _OWN.format(shop_id=SHOP_ID) if own else _TOKENS.format(access=gate.access, refresh=gate.refresh)
        files[f"{name}.toml"] = _FILE.format(
            title=_TITLES[kind],
            home=address,
            kind=kind,
            name=name,
            url=_url(kind, address),
            token_url=_token_url(kind, address),
            app_key=gate.app_key,
            secret=gate.secret,
            tokens=tokens,
            every=every,
            days=days,
            hook=hook_of(gate),
            more="messages = true\n" if kind == "taobao" else "",
        )
    return files


def hook_of(gate: Gate) -> str:
    """Return the secret end of the address for a simulated shop's messages."""
    return f"simulated-hook-{gate.app_key}"


def name_of(kind: str) -> str:
    """Return what the source of a simulated shop is called."""
    return _NAMES[kind]


def _url(kind: str, address: str) -> str:
    return f"{address}/{kind}" + {"taobao": "/router/rest", "jd": "/routerjson"}.get(kind, "")


def _token_url(kind: str, address: str) -> str:
    ends = {"taobao": "/router/rest", "jd": "/oauth2/refresh_token", "youzan": "/auth/token"}
    return f"{address}/{kind}" + ends.get(kind, "")
