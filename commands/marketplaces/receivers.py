"""The receivers of what shops on marketplaces push to us."""

from commands.marketplaces.shop import shop_of
from commands.runtime.sources import Source
from domain.ingestion.marketplaces.messages import DouyinMessages, YouzanMessages


def douyin_messages(source: Source) -> DouyinMessages:
    """Return the receiver of a shop on Douyin; raises `SourceError`."""
    shop = shop_of(source)
    return DouyinMessages(shop.settings.app_key, shop.settings.app_secret, shop.platform)


def youzan_messages(source: Source) -> YouzanMessages:
    """Return the receiver of a shop on Youzan; raises `SourceError`."""
    shop = shop_of(source)
    return YouzanMessages(shop.settings.app_key, shop.settings.app_secret, shop.platform)
