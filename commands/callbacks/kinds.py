"""The map of kinds of sources that call us: a new platform is a receiver and a line here."""

from typing import Final

from commands.callbacks.opening import douyin_open, wechat, wecom
from commands.callbacks.receiver import Open
from commands.marketplaces.receivers import douyin_messages, youzan_messages

KINDS: Final[dict[str, Open]] = {
    "wechat": wechat,
    "wecom": wecom,
    "douyin_open": douyin_open,
    "douyin": douyin_messages,
    "youzan": youzan_messages,
}
