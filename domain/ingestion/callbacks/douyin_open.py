"""Douyin's open platform: follows, comments, conversations, live rooms, and the end of an authorisation."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from domain.activity.vocabulary import Vocabulary
from domain.identity.identifier import Identifier, IdentifierError, identifier
from domain.ingestion import json_text
from domain.ingestion.callbacks.call import (
    SUCCESS,
    Answer,
    Call,
    ErasureDuty,
    ForgedCallError,
    Hint,
    Letter,
    Received,
)
from domain.ingestion.callbacks.document import read as read_document
from domain.ingestion.callbacks.fields import Fields, named_by
from domain.ingestion.callbacks.notice import Notice
from domain.ingestion.callbacks.table import Entry, Table
from domain.ingestion.refusal import MalformedBodyError, MessageError, Parsed, TooDeepError

TABLE: Final = Table.load("douyin_open")
_CHECK: Final = "verify_webhook"
_ENDED: Final = "unauthorize"
_HEADER: Final = b"Msg-Id: "
_LONGEST_EVENT: Final = 64
_OBJECT: Final = msgspec.json.Decoder(dict[str, Any])


class DouyinOpen:
    """Receives what the open platform sends for one application; `events` go before the table that comes with Koi."""

    def __init__(
        self,
        *,
        source: str,
        client_key: str,
        client_secret: str,
        vocabulary: Vocabulary,
        events: Mapping[str, Entry] | None = None,
    ) -> None:
        self._source = source
        self._client_key = client_key
        self._secret = client_secret.encode()
        self._vocabulary = vocabulary
        self._events = {event.lower(): entry for event, entry in (events or {}).items()}

    def open(self, call: Call) -> Letter:
        """Return the event (its `Msg-Id` in a line before it), or the challenge to give back.

        Raises `ForgedCallError`.
        """
        made = hashlib.sha1(self._secret + call.body, usedforsecurity=False).hexdigest()
        signature = call.headers.get("x-douyin-signature", "")
        if not hmac.compare_digest(made.encode(), signature.lower().encode("utf-8", "surrogatepass")):
            raise ForgedCallError("the signature is not made with this source's client secret")
        try:
            fields = Fields(read_document(call.body))
        except (MalformedBodyError, MessageError):
            fields = Fields({})  # it is read again later, and refused then
        if fields.text("event") == _CHECK:
            challenge = _content(fields).get("challenge")
            return Letter(body=None, answer=Answer(msgspec.json.encode({"challenge": challenge}), "application/json"))
        message_id = call.headers.get("msg-id", "").strip().encode("utf-8", "surrogatepass")
        return Letter(body=b"%b%b\n%b" % (_HEADER, message_id, call.body) if message_id else call.body, answer=SUCCESS)

    def read(self, body: bytes, received_at: datetime) -> Received:
        """Return what an event says; raises `MessageError` naming the field at fault."""
        message_id = b""
        if body.startswith(_HEADER):
            message_id, _, body = body.removeprefix(_HEADER).partition(b"\n")
        said = read_document(body)
        fields = Fields({**said, "content": _content(Fields(said))})
        event = fields.required("event")[:_LONGEST_EVENT]
        if TABLE.is_of_account(event) and event.lower() not in self._events:
            return Received(hints=(Hint(f"{event}:{named_by(message_id.decode(errors='replace'))}"),))
        key = named_by(message_id.decode(errors="replace") or body.decode(errors="replace"))
        notice = Notice(
            source=self._source,
            fields=fields,
            identifiers=self._identifiers(fields),
            occurred_at=_occurred(fields, received_at),
            received_at=received_at,
            key=f"event-{key}",
        )
        if event == _ENDED:
            duty = ErasureDuty(
                identifiers=notice.identifiers, reason="authorization.cancelled", evidence=f"{event} {notice.key}"
            )
            return Received(parsed=Parsed([notice.activity("authorization.cancelled")], []), erasures=(duty,))
        return Received(parsed=Parsed([self._activity(notice, event)], []))

    def _activity(self, notice: Notice, event: str) -> Any:
        entry = self._events.get(event.lower()) or TABLE.entry(event)
        if entry is not None:
            properties, personal = entry.properties(notice.fields), entry.personal(notice.fields)
            return notice.activity(entry.name, properties=properties, personal=personal)
        name = self._vocabulary.name_of("douyin", event)
        content = notice.fields.document["content"]
        return notice.activity(name, properties={"event": event}, personal={"content": content} if content else {})

    def _identifiers(self, fields: Fields) -> tuple[Identifier, ...]:
        try:
            return (identifier("openid", f"{self._client_key}:{fields.required('from_user_id')}"),)
        except IdentifierError as error:
            raise MessageError(error.code, error.detail, field="from_user_id") from None


def _content(fields: Fields) -> dict[str, Any]:
    """Return the content: an object, or the text of one; another text is kept as `text`."""
    content = fields.document.get("content")
    if isinstance(content, str):
        try:
            return json_text.read(_OBJECT, content.encode("utf-8", "surrogatepass"))
        except (MalformedBodyError, TooDeepError, msgspec.ValidationError):
            return {"text": content} if content.strip() else {}
    return content if isinstance(content, dict) else {}


def _occurred(fields: Fields, received_at: datetime) -> datetime:
    for inside in (fields.inside("content"), fields):
        if inside.text("create_time"):
            return inside.instant("create_time", received_at)
    return received_at
