"""A receipt in words, for the person who asked and for who has to judge it later."""

from typing import Any, Final

import msgspec

from commands.identity.receipt import Receipt

_KINDS: Final[dict[str, tuple[str, str]]] = {
    "customers": ("客户记录", "customer records"),
    "walks": ("旅程", "journeys"),
    "messages": ("消息", "messages"),
    "predictions": ("模型预测", "predictions"),
    "segment_lists": ("名单中的位置", "places in lists"),
    "sandbox_messages": ("沙箱消息", "sandbox messages"),
    "command_results": ("命令回执", "answers of commands"),
    "dead_letters": ("死信", "dead letters"),
    "quarantine_entries": ("隔离区条目", "quarantine entries"),
    "file_snapshots": ("文件快照", "file snapshots"),
    "keys": ("密钥", "keys"),
}


class ReceiptInWords(Receipt, frozen=True, kw_only=True):
    """A receipt, and what it says in Chinese and English."""

    zh: str
    en: str


def in_words(receipt: Receipt) -> ReceiptInWords:
    """Return the receipt with its words."""
    done = receipt.state == "completed"
    counts = {kind: count for kind, count in receipt.destroyed.items() if count}
    zh = "、".join(f"{_label(kind, 0)} {count}" for kind, count in counts.items()) or "无"
    en = ", ".join(f"{count} {_label(kind, 1)}" for kind, count in counts.items()) or "nothing"
    kept_out = len(receipt.suppressed) - len(receipt.lifted)
    how = ("已销毁", "Concerned") if done else ("进行中,已销毁", "Under way")
    words: dict[str, Any] = {
        "zh": f"{receipt.requested_by} 于 {receipt.begun_at:%F %T} UTC 申请删除一位客户的个人数据"
        f"(原因:{receipt.reason};依据:{receipt.legal_basis})。{how[0]}:{zh}。"
        f"{kept_out} 个标识今后不再接收。",
        "en": f"{receipt.requested_by} asked at {receipt.begun_at:%F %T} UTC for a person to be erased "
        f"(reason: {receipt.reason}; legal basis: {receipt.legal_basis}). {how[1]}: {en}. "
        f"{kept_out} identifiers are kept out from now on.",
    }
    return ReceiptInWords(**msgspec.structs.asdict(receipt), **words)


def _label(kind: str, language: int) -> str:
    return _KINDS.get(kind, (kind, kind))[language]
