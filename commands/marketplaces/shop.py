"""A shop on a marketplace, as its source declares it."""

from datetime import timedelta
from typing import Any, Final

import msgspec

from commands.runtime.sources import Source, SourceError, settings_of
from domain.ingestion.marketplaces.platform import NAMES, Platform, PlatformError, load

KINDS: Final = NAMES
_LEAST: Final = {"every_seconds": 1, "overlap_seconds": 0, "backfill_days": 0, "pause_seconds": 0}


class ShopSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a shop's file says beside its `kind` and `name`.

    `session` and `refresh_token` are the tokens of the first authorisation (Youzan, and Douyin for one's own shop, need
    none: `shop_id` is enough). It is asked every `every_seconds` from `overlap_seconds` before where it was left off,
    the first time from `backfill_days` ago; `pause_seconds` is the first pause before something that failed is asked
    again. `hook` is the secret end of the address for its messages, `messages` says that Taobao keeps some for us.
    `mapping` overrides keys of the platform's own description, `url` and `token_url` where it is.
    """

    app_key: str
    app_secret: str
    session: str = ""
    refresh_token: str = ""
    shop_id: str = ""
    every_seconds: float = 300.0
    overlap_seconds: float = 600.0
    backfill_days: float = 30.0
    pause_seconds: float = 1.0
    hook: str = ""
    messages: bool = False
    url: str = ""
    token_url: str = ""
    mapping: dict[str, Any] = {}

    def __repr__(self) -> str:
        """Nothing: it holds secrets."""
        return "ShopSettings(...)"


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """A declared shop, and the platform it is on."""

    name: str
    kind: str
    settings: ShopSettings
    platform: Platform

    @property
    def overlap(self) -> timedelta:
        """How much is asked for again each time."""
        return timedelta(seconds=self.settings.overlap_seconds)

    @property
    def backfill(self) -> timedelta:
        """How far the first reading goes back; never further than the platform lists."""
        return timedelta(days=min(self.settings.backfill_days, self.platform.limits.history_days))


def shop_of(source: Source) -> Shop:
    """Return the shop that a source declares; raises `SourceError` naming the key at fault."""
    settings = settings_of(source, ShopSettings)
    for key, least in _LEAST.items():
        if getattr(settings, key) < least:
            raise SourceError(f"{key} is at least {least}", field=f"{source.file.name}: {key}")
    own = {key: value for key, value in (("url", settings.url), ("token_url", settings.token_url)) if value}
    try:
        platform = load(source.kind, override={**settings.mapping, **own})
    except PlatformError as error:
        place = f"{source.file.name}: mapping.{error.field}" if error.field else f"{source.file.name}: mapping"
        raise SourceError(error.detail, field=place) from None
    return Shop(name=source.name, kind=source.kind, settings=settings, platform=platform)
