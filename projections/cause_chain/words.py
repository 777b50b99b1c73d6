"""The sentences of a cause chain, Chinese and English."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from domain.activity.vocabulary import Vocabulary
from domain.campaigns.campaign import Campaign
from domain.channels.message import Message
from domain.coupons.coupon import Coupon
from domain.identity.customer import Customer
from domain.journeys.run import JourneyRun
from domain.kernel.event import Event
from domain.kernel.money import exponent
from projections.history.queries import FactRead


class Sentences(NamedTuple):
    """The same in both languages."""

    zh: str
    en: str


_VOCABULARY: Final = Vocabulary.load()
_SUPPRESSED: Final = {
    "no_consent": ("未获得同意", "there was no consent"),
    "no_endpoint": ("没有可用的联系方式", "there was no address to reach the customer at"),
    "expired": ("消息已过期", "it was no longer worth sending"),
    "campaign_paused": ("活动已暂停", "the campaign was paused"),
    "erased": ("客户数据已删除", "the person had been erased"),
}


def said_at(moment: datetime) -> str:
    """Write a time to the second, UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def money(amount: int, currency: str) -> str:
    """Write an amount of minor units in major ones: 500 of CNY are 5.00 CNY."""
    places = exponent(currency)
    return f"{Decimal(amount).scaleb(-places):.{places}f} {currency}"


def of_fact(fact: FactRead) -> Sentences:
    """Say what a customer did."""
    kind = _VOCABULARY.kind(fact.name)
    paid = f" ({money(fact.amount, fact.currency)})" if fact.amount is not None and fact.currency else ""
    at = said_at(fact.occurred_at)
    return Sentences(
        f"客户 {fact.customer_id} 于 {at} {kind.zh}{paid}(事实 {fact.fact_id},来源 {fact.source})。",
        f"Customer {fact.customer_id} did “{kind.en}”{paid} at {at} (fact {fact.fact_id}, source {fact.source}).",
    )


def of_event(event: Event) -> Sentences:
    """Say what was decided; an event without a sentence of its own is named by its topic."""
    say = _SENTENCES.get(event.TOPIC)
    at, actor = said_at(event.meta.recorded_at), event.meta.actor or "?"
    if say is None:
        return Sentences(f"{at} {actor} 记录了 {event.TOPIC}。", f"At {at} {actor} recorded {event.TOPIC}.")
    return say(event, at, actor)


def _coupon_issued(event: Any, at: str, actor: str) -> Sentences:
    worth = money(event.value, event.currency)
    who = event.customer_id
    if event.because.node is None:
        because = event.because.reason or "-"
        return Sentences(
            f"{at} {actor} 向客户 {who} 发放了 {worth} 优惠券({event.offer_id}),理由:{because}。",
            f"At {at} {actor} gave customer {who} a coupon of {worth} (offer {event.offer_id}): “{because}”.",
        )
    return Sentences(
        f"{at} 旅程在步骤「{event.because.node}」向客户 {who} 发放了 {worth} 优惠券({event.offer_id})。",
        f"At {at} the journey gave customer {who} a coupon of {worth} (offer {event.offer_id}) "
        f"at its step “{event.because.node}”.",
    )


def _coupon_redeemed(event: Any, at: str, actor: str) -> Sentences:
    return Sentences(
        f"{at} {actor} 在订单 {event.order_ref} 上核销了该优惠券。",
        f"At {at} {actor} redeemed the coupon on order {event.order_ref}.",
    )


def _message_requested(event: Any, at: str, _: str) -> Sentences:
    return Sentences(
        f"{at} 旅程在步骤「{event.node}」请求向客户 {event.customer_id} 发送 {event.channel} 消息({event.template})。",
        f"At {at} the journey asked for a message to customer {event.customer_id} by {event.channel} "
        f"(template {event.template}) at its step “{event.node}”.",
    )


def _message_suppressed(event: Any, at: str, _: str) -> Sentences:
    zh, en = _SUPPRESSED.get(event.reason, (event.reason, event.reason))
    return Sentences(f"{at} 消息未发送:{zh}。", f"At {at} the message was held back: {en}.")


def _message_failed(event: Any, at: str, _: str) -> Sentences:
    later = event.retry_at is not None
    return Sentences(
        f"{at} 发送失败({event.failure}){',将重试' if later else ''}。",
        f"At {at} sending failed ({event.failure}){', to be tried again' if later else ''}.",
    )


def _entered(event: Any, at: str, _: str) -> Sentences:
    trigger, version, who = event.trigger, event.journey_version, event.customer_id
    return Sentences(
        f"{at} 客户 {who} 因事实 {trigger.fact_id}({trigger.name})进入旅程第 {version} 版。",
        f"At {at} customer {who} entered version {version} of the journey "
        f"because of fact {trigger.fact_id} ({trigger.name}).",
    )


def _wait_started(event: Any, at: str, _: str) -> Sentences:
    due = said_at(event.due_at)
    return Sentences(
        f"{at} 旅程在步骤「{event.node}」开始等待,至 {due}。",
        f"At {at} the journey began to wait at its step “{event.node}”, until {due}.",
    )


def _wait_ended(event: Any, at: str, _: str) -> Sentences:
    if event.by == "timer":
        return Sentences(f"{at} 步骤「{event.node}」的等待到期。", f"At {at} the wait at “{event.node}” was over.")
    return Sentences(
        f"{at} 事实 {event.fact_id} 结束了步骤「{event.node}」的等待。",
        f"At {at} fact {event.fact_id} ended the wait at “{event.node}”.",
    )


def _campaign_launched(event: Any, at: str, actor: str) -> Sentences:
    return Sentences(
        f"{actor} 于 {at} 上线了活动的旅程第 {event.journey_version} 版。",
        f"{actor} had launched version {event.journey_version} of the campaign's journey at {at}.",
    )


def _campaign_created(event: Any, at: str, actor: str) -> Sentences:
    return Sentences(
        f"活动「{event.name}」由 {actor} 于 {at} 创建。",
        f"The campaign “{event.name}” had been created by {actor} at {at}.",
    )


def _simple(zh: str, en: str) -> Callable[[Any, str, str], Sentences]:
    def say(event: Any, at: str, actor: str) -> Sentences:
        named = {name: getattr(event, name) for name in event.__struct_fields__}
        return Sentences(f"{at} {zh.format(**named, actor=actor)}。", f"At {at} {en.format(**named, actor=actor)}.")

    return say


_SENTENCES: Final[dict[str, Callable[[Any, str, str], Sentences]]] = {
    Coupon.Issued.TOPIC: _coupon_issued,
    Coupon.Redeemed.TOPIC: _coupon_redeemed,
    Coupon.Expired.TOPIC: _simple("优惠券过期", "the coupon expired"),
    Coupon.Voided.TOPIC: _simple("{actor} 作废了优惠券", "{actor} withdrew the coupon"),
    Message.Requested.TOPIC: _message_requested,
    Message.Dispatched.TOPIC: _simple("消息第 {attempt} 次交给渠道", "attempt {attempt} to send the message was made"),
    Message.Accepted.TOPIC: _simple("渠道接受了消息", "the channel accepted the message"),
    Message.Delivered.TOPIC: _simple("消息已送达", "the message was delivered"),
    Message.Unknown.TOPIC: _simple("发送结果未知", "it became unknown whether the message was sent"),
    Message.Suppressed.TOPIC: _message_suppressed,
    Message.Failed.TOPIC: _message_failed,
    JourneyRun.Entered.TOPIC: _entered,
    JourneyRun.WaitStarted.TOPIC: _wait_started,
    JourneyRun.WaitEnded.TOPIC: _wait_ended,
    JourneyRun.CouponRequested.TOPIC: _simple(
        "旅程在步骤「{node}」给出优惠券 {coupon_id}", "the journey gave coupon {coupon_id} at its step “{node}”"
    ),
    JourneyRun.CouponRefused.TOPIC: _simple(
        "旅程在步骤「{node}」未给出优惠券:{reason}", "the journey gave no coupon at its step “{node}”: {reason}"
    ),
    JourneyRun.MessageRequested.TOPIC: _simple(
        "旅程在步骤「{node}」请求消息 {message_id}", "the journey asked for message {message_id} at its step “{node}”"
    ),
    JourneyRun.Completed.TOPIC: _simple("旅程走完", "the journey was completed"),
    JourneyRun.Exited.TOPIC: _simple("客户离开旅程:{reason}", "the customer left the journey: {reason}"),
    Customer.Registered.TOPIC: _simple("{actor} 首次登记了该客户", "{actor} first took note of the customer"),
    Customer.Identified.TOPIC: _simple("{actor} 记录了更多标识", "{actor} took note of further identifiers"),
    Customer.AttributesChanged.TOPIC: _simple("{actor} 更新了属性", "{actor} changed attributes"),
    Customer.AttributesFirstSet.TOPIC: _simple("{actor} 首次设置了属性", "{actor} set attributes that had no value"),
    Customer.AttributesExtended.TOPIC: _simple("{actor} 追加了列表属性", "{actor} added to attributes that are lists"),
    Customer.AttributesRemoved.TOPIC: _simple("{actor} 移除了属性", "{actor} removed attributes"),
    Customer.ProfileCleared.TOPIC: _simple("{actor} 清空了档案属性", "{actor} cleared the profile's attributes"),
    Customer.Bound.TOPIC: _simple("{actor} 绑定了标识", "{actor} bound identifiers to it"),
    Customer.Unbound.TOPIC: _simple("{actor} 解绑了该标识", "{actor} cut the identifier that names it from all others"),
    Customer.AttributesInferred.TOPIC: _simple(
        "{actor} 推断了属性（非本人所述，附规则与依据）", "{actor} inferred attributes, by rules and evidence"
    ),
    Customer.InferencesWithdrawn.TOPIC: _simple(
        "{actor} 撤回了推断（{reason}）", "{actor} took inferences back ({reason})"
    ),
    Customer.ConsentChanged.TOPIC: _simple(
        "{actor} 记录同意状态:{channel}/{purpose} {state}", "{actor} recorded consent: {channel}/{purpose} {state}"
    ),
    Customer.Tagged.TOPIC: _simple("{source} 给客户打上标签", "{source} gave the customer tags"),
    Customer.Untagged.TOPIC: _simple("{source} 去掉客户标签", "{source} took tags from the customer"),
    Customer.Merged.TOPIC: _simple(
        "{actor} 与客户 {other_id} 合并:{reason}", "{actor} merged it with customer {other_id}: “{reason}”"
    ),
    Customer.Unmerged.TOPIC: _simple(
        "{actor} 与客户 {other_id} 拆分:{reason}", "{actor} parted it from customer {other_id}: “{reason}”"
    ),
    Campaign.Launched.TOPIC: _campaign_launched,
    Campaign.Created.TOPIC: _campaign_created,
}
