"""What WeChat tells of a person: following, scanning, clicking, writing, and whether she may still be written to."""

from collections.abc import Callable
from typing import Any, Final

from domain.activity.activity import Activity
from domain.ingestion.callbacks.attribution import Stores
from domain.ingestion.callbacks.call import ConsentWord, ErasureDuty, Received
from domain.ingestion.callbacks.fields import Fields, named_by
from domain.ingestion.callbacks.notice import Notice
from domain.ingestion.callbacks.table import Table
from domain.ingestion.refusal import MessageError, Parsed

TABLE: Final = Table.load("wechat")
TEMPLATE_CHANNEL: Final = "wechat_template"
SUBSCRIBE_CHANNEL: Final = "wechat_subscribe"
MARKETING: Final = "marketing"
REVOKED: Final = "user_authorization_revoke"

_SCENE_OF_FOLLOWERS: Final = "qrscene_"
# XML nests the list under one of these, JSON does not nest it.
_LISTS: Final = ("SubscribeMsgPopupEvent", "SubscribeMsgChangeEvent", "SubscribeMsgSentEvent")

Reader = Callable[[Notice, Stores], Received]


def read(notice: Notice, event: str, stores: Stores, custom_name: str) -> Received:
    """Return what the event says; `custom_name` is for one that nobody knows yet."""
    if reader := _READERS.get(event.lower()):
        return reader(notice, stores)
    entry = TABLE.entry(event)
    if entry is None:
        rest = {k: v for k, v in notice.fields.document.items() if k not in {"ToUserName", "FromUserName", "Event"}}
        return received(notice.activity(custom_name, properties={"event": event}, personal=rest))
    fields = notice.fields
    return received(notice.activity(entry.name, properties=entry.properties(fields), personal=entry.personal(fields)))


def received(*activities: Activity, consents: tuple[ConsentWord, ...] = ()) -> Received:
    """Return what consists of activities and words alone."""
    return Received(parsed=Parsed([*activities], []), consents=consents)


def _followed(notice: Notice, stores: Stores) -> Received:
    scene = notice.fields.text("EventKey")
    if not scene.startswith(_SCENE_OF_FOLLOWERS):
        return received(notice.activity("social.followed"))
    # One gesture, two things that happened: she scanned the code of a shop, and so became a follower.
    where = stores.of_scene(scene.removeprefix(_SCENE_OF_FOLLOWERS))
    scanned = notice.activity("qr.scanned", part="scan", properties={**where, "is_follower": False})
    return received(notice.activity("social.followed", properties=where), scanned)


def _scanned(notice: Notice, stores: Stores) -> Received:
    where = stores.of_scene(notice.fields.text("EventKey").removeprefix(_SCENE_OF_FOLLOWERS))
    return received(notice.activity("qr.scanned", properties={**where, "is_follower": True}))


def _template_receipt(notice: Notice, _: Stores) -> Received:
    status = notice.fields.text("Status")
    outcome = TABLE.outcomes.get(status, "unknown")
    told = {"channel": TEMPLATE_CHANNEL, "provider_id": notice.fields.text("MsgID"), "outcome": outcome}
    blocked = notice.withdrawal(
        TEMPLATE_CHANNEL, MARKETING, text_version="", because="TEMPLATESENDJOBFINISH user block"
    )
    consents = (blocked,) if outcome == "opted_out" else ()
    return received(_receipt(notice, "", {**told, "status": status}), consents=consents)


def _receipt(notice: Notice, part: str, told: dict[str, Any]) -> Activity:
    name = "social.message_delivered" if told["outcome"] == "delivered" else "social.message_failed"
    return notice.activity(name, part=part, properties=told)


def _subscribed(notice: Notice, _: Stores) -> Received:
    """A prompt was answered, or the settings were changed: accept buys one message, reject spends all that are left.

    The word counts for the template it was said of; it opens no other, and closes no other.
    """
    activities, consents = [], []
    for one in _items(notice.fields):
        template, status = one.required("TemplateId"), one.text("SubscribeStatusString").lower()
        is_accepted = status == "accept"
        told = {"channel": SUBSCRIBE_CHANNEL, "template_id": template, "credits": int(is_accepted)}
        told |= {"scene": scene} if (scene := one.text("PopupScene")) else {}
        told |= {} if status in {"accept", "reject"} else {"status": status}
        name = "subscription.accepted" if is_accepted else "subscription.rejected"
        activities.append(notice.activity(name, part=_part(one), properties=told))
        if status in {"accept", "reject"}:
            state = "granted" if is_accepted else "withdrawn"
            because = f"{notice.fields.text('Event')} {status}"
            purpose = f"template:{template}"
            consents.append(notice.word(state, SUBSCRIBE_CHANNEL, purpose, text_version=template, because=because))
    return received(*activities, consents=tuple(consents))


def _subscription_receipt(notice: Notice, _: Stores) -> Received:
    activities, consents = [], []
    for one in _items(notice.fields):
        code, status, template = one.text("ErrorCode"), one.text("ErrorStatus"), one.text("TemplateId")
        outcome = TABLE.outcomes.get(code) or TABLE.outcomes.get(status, "unknown")
        told = {"channel": SUBSCRIBE_CHANNEL, "template_id": template, "provider_id": one.text("MsgID")}
        activities.append(_receipt(notice, _part(one), {**told, "outcome": outcome, "status": status, "code": code}))
        if outcome == "opted_out":
            purpose = f"template:{template}"
            because = f"subscribe_msg_sent_event {code}"
            consents.append(notice.withdrawal(SUBSCRIBE_CHANNEL, purpose, text_version=template, because=because))
    return received(*activities, consents=tuple(consents))


def _items(fields: Fields) -> list[Fields]:
    found = fields.each("List") or [one for name in _LISTS for one in fields.inside(name).each("List")]
    if not found:
        raise MessageError("field.missing", "lists what it is about", field="List")
    return found


def _part(item: Fields) -> str:
    # Templates of one prompt differ; of one template several messages may be told of at once.
    return named_by(item.text("TemplateId"), item.text("MsgID"))[:12]


def _revoked(notice: Notice, _: Stores) -> Received:
    # Which permissions, by their numbers. WeChat asks to delete what was learnt by them; Koi cannot tell that apart.
    told = {"withdrawn": codes} if (codes := notice.fields.text("RevokeInfo")) else {}
    return _ended(notice, "authorization.revoked", told)


def _cancelled(notice: Notice, _: Stores) -> Received:
    return _ended(notice, "authorization.cancelled", {})


def _ended(notice: Notice, name: str, told: dict[str, Any]) -> Received:
    event = notice.fields.text("Event")
    duty = ErasureDuty(identifiers=notice.identifiers, reason=name, evidence=f"{event} {notice.key}")
    return Received(parsed=Parsed([notice.activity(name, properties=told)], []), erasures=(duty,))


_READERS: Final[dict[str, Reader]] = {
    "subscribe": _followed,
    "scan": _scanned,
    "templatesendjobfinish": _template_receipt,
    "subscribe_msg_popup_event": _subscribed,
    "subscribe_msg_change_event": _subscribed,
    "subscribe_msg_sent_event": _subscription_receipt,
    REVOKED: _revoked,
    "user_authorization_cancellation": _cancelled,
}
