"""Members of an example CRM."""

from typing import Any, Final

_TAGS: Final = ("咖啡爱好者", "等级=金卡;咖啡爱好者", "等级=银卡", "宝妈;等级=金卡", "")
_SAID: Final = ("是", "否", "")

MEMBERS: Final[list[dict[str, Any]]] = [
    {
        "id": f"crm-{number}",
        "mobile": f"1380000{number:04}",
        "city": ("杭州", "上海", "成都")[number % 3],
        "tags": _TAGS[number % len(_TAGS)],
        "sms": _SAID[number % len(_SAID)],
        "updated_at": f"2026-11-{1 + number % 24:02}T10:00:00+08:00",
    }
    for number in range(1, 1_001)
]
