"""Whatever platforms think of: it is read, or refused by a reason; never anything else."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given as whenever
from hypothesis import settings
from hypothesis import strategies as st

from domain.activity.vocabulary import Vocabulary
from domain.identity.identifier import IdentifierType
from domain.ingestion.callbacks import wechat_events
from domain.ingestion.callbacks.attribution import Stores
from domain.ingestion.callbacks.call import Call, ForgedCallError, Received
from domain.ingestion.callbacks.douyin_open import TABLE as DOUYIN
from domain.ingestion.callbacks.douyin_open import DouyinOpen
from domain.ingestion.callbacks.envelope import aes_key
from domain.ingestion.callbacks.wechat import WeChat
from domain.ingestion.callbacks.wecom import WeCom
from domain.kernel.errors import DomainError

KEY = aes_key("0123456789abcdefghijklmnopqrstuvwxyzABCDEFG")
VOCABULARY = Vocabulary.load()
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
STORES = Stores(scenes={"hz": "hangzhou"}, store_prefix="store_")
WECHAT = WeChat(source="wechat", app_id="wx1", token="t", key=None, stores=STORES, vocabulary=VOCABULARY)
SAFE = WeChat(source="wechat", app_id="wx1", token="t", key=KEY, stores=STORES, vocabulary=VOCABULARY)
WECOM = WeCom(source="wecom", corp_id="ww1", token="t", key=KEY, stores=STORES)
DOUYIN_OPEN = DouyinOpen(source="douyin", client_key="aw1", client_secret="s", vocabulary=VOCABULARY)
RECEIVERS = [WECHAT, SAFE, WECOM, DOUYIN_OPEN]

_EVENTS = [
    *wechat_events.TABLE.events,
    *("subscribe", "SCAN", "TEMPLATESENDJOBFINISH", "subscribe_msg_popup_event", "subscribe_msg_sent_event"),
    *("user_authorization_revoke", "user_authorization_cancellation", "change_external_contact"),
    *("change_external_chat", "change_external_tag", *DOUYIN.events, "unauthorize", "unheard_of"),
]
_KEYS = [
    *("ToUserName", "FromUserName", "OpenID", "CreateTime", "EventKey", "MsgId", "MsgID", "Status", "List", "UnionId"),
    *("ChangeType", "UserID", "ExternalUserID", "State", "ChatId", "UpdateDetail", "MemChangeList", "Item", "content"),
    *("from_user_id", "create_time", "TemplateId", "SubscribeStatusString", "ScanCodeInfo", "SubscribeMsgPopupEvent"),
]
_QUERY = ["signature", "msg_signature", "nonce", "echostr"]
_VALUES = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["o123", "wm1", "qrscene_hz", "1764000000", "accept", "success", "add_external_contact"]),
    st.integers(),
    st.none(),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
)
_NESTED = st.recursive(
    _VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=3)
)
_DOCUMENTS = st.fixed_dictionaries(
    {"MsgType": st.sampled_from(["event", "text", ""]), "Event": st.sampled_from(_EVENTS)},
    optional=dict.fromkeys(_KEYS, _NESTED) | {"event": st.sampled_from(_EVENTS)},
)


def outcome(receiver: Any, body: bytes) -> Received | DomainError:
    """What comes of a letter."""
    try:
        received = receiver.read(body, NOW)
    except DomainError as error:
        return error
    assert isinstance(received, Received)
    return received


@pytest.mark.parametrize("receiver", RECEIVERS)
@whenever(body=st.binary(max_size=300) | st.text(max_size=100).map(lambda text: f"<xml>{text}</xml>".encode()))
def test_any_bytes_are_read_or_refused(receiver: Any, body: bytes) -> None:
    """With a reason that does not repeat them."""
    outcome(receiver, body)


@pytest.mark.parametrize("receiver", RECEIVERS)
@whenever(
    query=st.dictionaries(st.sampled_from(["signature", "msg_signature", "nonce", "echostr"]), st.text()),
    body=st.binary(),
)
def test_no_call_is_believed_without_its_signature(receiver: Any, query: dict[str, str], body: bytes) -> None:
    """Whatever it says of itself."""
    for method in ("GET", "POST"):
        call = Call(method=method, query=query, headers={}, body=body, received_at=NOW)
        with pytest.raises(DomainError) as refusal:
            receiver.open(call)
        assert isinstance(refusal.value, ForgedCallError) or method == "POST"


@settings(max_examples=100)
@whenever(document=_DOCUMENTS)
def test_any_document_is_read_or_refused_and_tells_the_same_again(document: dict[str, Any]) -> None:
    """Dedupe keys do not depend on when it is read, identifiers are scoped, and no id tells who it is of."""
    body = json.dumps(document).encode()
    for receiver in RECEIVERS:
        one, other = outcome(receiver, body), outcome(receiver, body)
        if isinstance(one, DomainError) or isinstance(other, DomainError):
            continue
        assert [a.message_id for a in one.parsed.accepted] == [a.message_id for a in other.parsed.accepted]
        assert [w.evidence for w in one.consents] == [w.evidence for w in other.consents]
        ids = [activity.message_id for activity in one.parsed.accepted]
        for activity in one.parsed.accepted:
            assert activity.occurred_at <= NOW
            for named in activity.identifiers:
                own = named.value.rpartition(":")[2]
                assert len(own) < 4 or not any(own in message_id for message_id in ids)
                assert named.type is IdentifierType.UNIONID or named.value.startswith(("wx1:", "ww1:", "aw1:"))
