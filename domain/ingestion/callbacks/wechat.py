"""WeChat: official accounts and mini-programs, plain, compatible and safe mode, XML and JSON."""

from datetime import datetime
from typing import Final

import msgspec

from domain.activity.vocabulary import Vocabulary
from domain.identity.identifier import Identifier, IdentifierError, identifier
from domain.ingestion.callbacks import document, wechat_events
from domain.ingestion.callbacks.attribution import Stores
from domain.ingestion.callbacks.call import SUCCESS, Answer, Call, ForgedCallError, Hint, Letter, Received
from domain.ingestion.callbacks.envelope import check_signature, decrypted
from domain.ingestion.callbacks.fields import Fields, named_by
from domain.ingestion.callbacks.notice import Notice
from domain.ingestion.refusal import MessageError

_LONGEST_EVENT: Final = 64


class WeChat:
    """Receives what WeChat sends for one app. With a key nothing is believed but what is encrypted under it."""

    def __init__(
        self,
        *,
        source: str,
        app_id: str,
        token: str,
        key: bytes | None,
        stores: Stores,
        vocabulary: Vocabulary,
        erases_on_revoke: bool = True,
    ) -> None:
        self._source = source
        self._app_id = app_id
        self._token = token
        self._key = key
        self._stores = stores
        self._vocabulary = vocabulary
        self._erases_on_revoke = erases_on_revoke

    def open(self, call: Call) -> Letter:
        """Return the message in clear, or the answer to WeChat's check of the address; raises `ForgedCallError`."""
        query = call.query
        moment = (query.get("timestamp", ""), query.get("nonce", ""))
        if call.method == "GET":
            check_signature(query.get("signature", ""), self._token, *moment)
            return Letter(body=None, answer=Answer(query.get("echostr", "").encode()))
        if self._key is None:
            check_signature(query.get("signature", ""), self._token, *moment)
            return Letter(body=call.body, answer=SUCCESS)
        # In compatible mode the same stands there in clear as well: only what is encrypted is signed.
        encrypted = Fields(document.read(call.body)).text("Encrypt")
        if not encrypted:
            raise ForgedCallError("this source has an aes_key, but the message is not encrypted")
        check_signature(query.get("msg_signature", ""), self._token, *moment, encrypted)
        return Letter(body=decrypted(self._key, encrypted, self._app_id), answer=SUCCESS)

    def read(self, body: bytes, received_at: datetime) -> Received:
        """Return what a message says; raises `MessageError` naming the field at fault."""
        fields = Fields(document.read(body))
        if "Encrypt" in fields.document and not fields.text("MsgType"):
            raise MessageError(
                "call.encrypted", "the message is encrypted: give the source its aes_key", field="Encrypt"
            )
        kind = fields.required("MsgType")
        if kind != "event":
            return wechat_events.read(self._notice(fields, kind, received_at), "message", self._stores, "")
        event = fields.required("Event")[:_LONGEST_EVENT]
        if wechat_events.TABLE.is_of_account(event):
            return Received(hints=(Hint(f"{event}:{named_by(*fields.some('CreateTime', 'MsgID').values())}"),))
        custom = self._vocabulary.name_of("wechat", event)
        received = wechat_events.read(self._notice(fields, event, received_at), event, self._stores, custom)
        if event == wechat_events.REVOKED and not self._erases_on_revoke:
            return msgspec.structs.replace(received, erasures=())
        return received

    def _notice(self, fields: Fields, event: str, received_at: datetime) -> Notice:
        return Notice(
            source=self._source,
            fields=fields,
            identifiers=self._identifiers(fields),
            occurred_at=fields.instant("CreateTime", received_at),
            received_at=received_at,
            key=_key(fields, event),
        )

    def _identifiers(self, fields: Fields) -> tuple[Identifier, ...]:
        field = "OpenID" if fields.text("OpenID") else "FromUserName"
        unionid = next(iter(fields.some("UnionId", "UnionID", "unionid").values()), "")
        try:
            named = [identifier("openid", f"{self._app_id}:{fields.required(field)}")]
            if unionid:
                named.append(identifier("unionid", unionid))
        except IdentifierError as error:
            raise MessageError(error.code, error.detail, field=field) from None
        return tuple(sorted(named))


def _key(fields: Fields, event: str) -> str:
    """Return what WeChat promises to be one message: MsgId, or who, when and what; its tries share it."""
    if message_id := fields.text("MsgId"):
        return f"message-{named_by(message_id)}"
    what = fields.some("OpenID", "EventKey", "MsgID", "MsgId", "CardId", "UserCardCode").values()
    return f"event-{named_by(fields.text('FromUserName'), fields.text('CreateTime'), event, *what)}"
