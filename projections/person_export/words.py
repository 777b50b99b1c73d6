"""What the parts and fields of an export are called, in Chinese and in English."""

from typing import Final, Literal

Language = Literal["zh", "en"]

TITLE: Final = {"zh": "个人数据导出", "en": "Everything kept about a person"}
INTRO: Final = {
    "zh": "导出时间(UTC):{at}。由 {by} 导出,该导出已记入审计。金额以最小货币单位(分)表示,时间均为 UTC。",
    "en": "Exported at {at} UTC by {by}; the export itself is recorded for the audit. Amounts are minor units (fen), "
    "all times are UTC.",
}
NOTHING: Final = {"zh": "无", "en": "nothing"}
HIDDEN: Final = {"zh": "(未保存)", "en": "(not kept)"}
SECTION: Final[dict[str, tuple[str, str]]] = {
    "identities": ("身份标识", "Identities"),
    "attributes": ("属性", "Attributes"),
    "consents": ("同意记录", "Consents"),
    "tags": ("标签", "Tags"),
    "predictions": ("模型预测", "Predictions"),
    "lists": ("所在名单", "Lists"),
    "journeys": ("旅程", "Journeys"),
    "messages": ("消息", "Messages"),
    "sent": ("消息内容", "Messages in their words"),
    "coupons": ("优惠券", "Coupons"),
    "decisions": ("其他决策", "Other decisions"),
    "facts": ("行为记录", "Facts"),
}
FIELD: Final[dict[str, tuple[str, str]]] = {
    "type": ("类型", "type"),
    "value": ("值", "value"),
    "name": ("名称", "name"),
    "customer_id": ("客户编号", "customer"),
    "occurred_at": ("发生时间", "happened at"),
    "recorded_at": ("记录时间", "recorded at"),
    "accepted_at": ("发送时间", "sent at"),
    "told_by": ("来源", "told by"),
    "how": ("方式", "how"),
    "inferred": ("推断", "inferred"),
    "because": ("依据", "because"),
    "topic": ("事件", "event"),
    "position": ("位点", "position"),
    "stream_id": ("事件流", "stream"),
    "says": ("内容", "says"),
    "channel": ("渠道", "channel"),
    "subject": ("标题", "subject"),
    "body": ("内容", "content"),
    "fact_id": ("编号", "number"),
    "source": ("来源系统", "source"),
    "amount": ("金额", "amount"),
    "currency": ("货币", "currency"),
    "personal": ("个人信息", "personal"),
    "purpose": ("目的", "purpose"),
    "state": ("状态", "state"),
    "text_version": ("文本版本", "wording"),
    "evidence": ("证据", "evidence"),
    "reason": ("原因", "reason"),
    "model": ("模型", "model"),
    "model_version": ("模型版本", "version of the model"),
    "at": ("截至", "as of"),
    "label": ("类别", "label"),
    "further": ("其他数值", "further numbers"),
    "reasons": ("理由", "reasons"),
    "segment": ("分群", "segment"),
    "segment_version": ("分群版本", "version of the segment"),
    "since": ("自", "since"),
}
YES_NO: Final = {"zh": ("是", "否"), "en": ("yes", "no")}


def section(name: str, language: Language) -> str:
    """Return what a part is called."""
    return SECTION[name][language == "en"]


def field(name: str, language: Language) -> str:
    """Return what a field is called; one that a source named itself keeps its name."""
    return FIELD[name][language == "en"] if name in FIELD else name
