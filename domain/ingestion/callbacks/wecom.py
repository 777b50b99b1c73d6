"""WeCom (企业微信): customers and their guides, customer groups; always in safe mode."""

import tomllib
from datetime import datetime
from importlib import resources
from typing import Any, Final

import msgspec

from domain.activity.activity import Activity
from domain.identity.identifier import Identifier, IdentifierError, identifier
from domain.ingestion.callbacks import document
from domain.ingestion.callbacks.attribution import Stores
from domain.ingestion.callbacks.call import SUCCESS, Answer, Call, Hint, Letter, Received
from domain.ingestion.callbacks.envelope import check_signature, decrypted
from domain.ingestion.callbacks.fields import Fields, named_by
from domain.ingestion.callbacks.notice import Notice
from domain.ingestion.refusal import MessageError, Parsed

# Customers' ids begin so, those of staff do not.
_CUSTOMERS: Final = ("wm", "wo")
_LONGEST_EVENT: Final = 64


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hints: dict[str, str]
    relations: dict[str, str]
    members: dict[str, str]


_TABLE: Final = msgspec.convert(
    tomllib.loads(resources.files(__package__).joinpath("wecom.toml").read_text(encoding="utf-8")), _Table
)


class WeCom:
    """Receives what WeCom sends for one company."""

    def __init__(self, *, source: str, corp_id: str, token: str, key: bytes, stores: Stores) -> None:
        self._source = source
        self._corp_id = corp_id
        self._token = token
        self._key = key
        self._stores = stores

    def open(self, call: Call) -> Letter:
        """Return the message in clear, or the decrypted echo of a check of the address; raises `ForgedCallError`."""
        query = call.query
        is_check = call.method == "GET"
        encrypted = query.get("echostr", "") if is_check else Fields(document.read(call.body)).text("Encrypt")
        parts = (self._token, query.get("timestamp", ""), query.get("nonce", ""), encrypted)
        check_signature(query.get("msg_signature", ""), *parts)
        clear = decrypted(self._key, encrypted, self._corp_id)
        return Letter(body=None, answer=Answer(clear)) if is_check else Letter(body=clear, answer=SUCCESS)

    def read(self, body: bytes, received_at: datetime) -> Received:
        """Return what a message says; raises `MessageError` naming the field at fault."""
        fields = Fields(document.read(body))
        event, change = fields.text("Event"), fields.text("ChangeType")
        if event == "change_external_contact":
            return self._relation(fields, change, received_at)
        if event == "change_external_chat":
            return self._chat(fields, received_at)
        if kind := _TABLE.hints.get(event):
            subject = fields.text("Id") or fields.text("OpenKfId") or fields.text("TagType")
            return Received(hints=(Hint(f"{kind}:{subject}"),))
        name = (event or fields.text("MsgType"))[:_LONGEST_EVENT]
        raise MessageError("event.unknown", f"Koi knows no {name} of WeCom", field="Event")

    def _relation(self, fields: Fields, change: str, received_at: datetime) -> Received:
        name = _TABLE.relations.get(change)
        if name is None:
            raise MessageError("event.unknown", "Koi knows no such change of a customer", field="ChangeType")
        customer = fields.required("ExternalUserID")
        told: dict[str, Any] = {"guide_id": fields.required("UserID"), **self._stores.of_scene(fields.text("State"))}
        told |= {"is_confirmed": False} if change == "add_half_external_contact" else {}
        told |= {name: text for name, field in _REASONS.items() if (text := fields.text(field))}
        # It opens the welcome message for 20 seconds, to who answers by it; afterwards it is worth nothing.
        personal = fields.some("WelcomeCode")
        key = named_by(change, fields.text("UserID"), customer, fields.text("CreateTime"))
        notice = self._notice(fields, customer, key, received_at)
        return Received(parsed=Parsed([notice.activity(name, properties=told, personal=personal)], []))

    def _chat(self, fields: Fields, received_at: datetime) -> Received:
        """A group's life is asked for (a hint); what happened to each customer in it is a fact of hers."""
        chat = fields.required("ChatId")
        name = _TABLE.members.get(fields.text("UpdateDetail"))
        found = [self._member(fields, chat, one, name, received_at) for one in _members(fields)] if name else []
        return Received(parsed=Parsed(found, []), hints=(Hint(f"chat:{chat}"),))

    def _member(self, fields: Fields, chat: str, customer: str, name: str, received_at: datetime) -> Activity:
        key = named_by(chat, customer, name, fields.text("CreateTime"))
        told = {"chat_id": chat, **{name: text for name, field in _SCENES.items() if (text := fields.text(field))}}
        return self._notice(fields, customer, key, received_at).activity(name, properties=told)

    def _notice(self, fields: Fields, customer: str, key: str, received_at: datetime) -> Notice:
        return Notice(
            source=self._source,
            fields=fields,
            identifiers=self._identifiers(customer, fields.text("UnionID") or fields.text("UnionId")),
            occurred_at=fields.instant("CreateTime", received_at),
            received_at=received_at,
            key=f"event-{key}",
        )

    def _identifiers(self, customer: str, unionid: str) -> tuple[Identifier, ...]:
        try:
            named = [identifier("external_userid", f"{self._corp_id}:{customer}")]
            if unionid:
                named.append(identifier("unionid", unionid))
        except IdentifierError as error:
            raise MessageError(error.code, error.detail, field="ExternalUserID") from None
        return tuple(sorted(named))


_REASONS: Final = {"fail_reason": "FailReason", "removed_by": "Source"}
_SCENES: Final = {"join_scene": "JoinScene", "quit_scene": "QuitScene"}


def _members(fields: Fields) -> list[str]:
    """Return the customers among those who came or went; staff come and go as well."""
    listed = fields.inside("MemChangeList").document.get("Item", [])
    items = listed if isinstance(listed, list) else [listed]
    return [one for one in items if isinstance(one, str) and one.startswith(_CUSTOMERS)]
