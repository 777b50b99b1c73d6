"""A record of Sensors Analytics as its SDKs send it, who it says it is about, and how a repeat of it is known."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from domain.ingestion.observed import Observed
from domain.ingestion.refusal import MessageError

_DIGEST_BYTES: Final = 16
_LOGIN: Final = "$identity_login_id"
# Identity keys of the SDKs and the type of identifier each is.
_KEYS: Final = {
    _LOGIN: "member_code",
    "$identity_mobile": "phone",
    "$identity_email": "email",
    "$identity_mp_unionid": "unionid",
    "$identity_anonymous_id": "anonymous",
    "$identity_cookie_id": "anonymous",
    "$identity_mp_id": "anonymous",
    "$identity_android_id": "device",
    "$identity_android_uuid": "anonymous",
    "$identity_ios_id": "device",
    "$identity_ios_uuid": "anonymous",
    "$identity_idfv": "device",
}
_OPENID: Final = re.compile(r"\$identity_mp_(?:(?P<app>[A-Za-z0-9_]+)_)?openid\Z")
_NAMED: Final = re.compile(r"(?P<key>[A-Za-z_$][A-Za-z0-9_$]{0,99})\+(?P<value>.+)\Z", re.DOTALL)
_ABOUT_IDENTITIES: Final = ("track_signup", "track_id_bind", "track_id_unbind")
# What the SDK of a mini-program that tells no AppID calls it.
_SOME_APP: Final = "mp"


class Record(msgspec.Struct):
    """A record: every field may be missing, and null means missing."""

    type: Any = None
    event: Any = None
    distinct_id: Any = None
    original_id: Any = None
    login_id: Any = None
    anonymous_id: Any = None
    identities: dict[str, Any] | None = None
    time: Any = None
    properties: dict[str, Any] | None = None
    lib: dict[str, Any] | None = None
    project: Any = None
    token: Any = None
    item_type: Any = None
    item_id: Any = None
    track_id: Any = msgspec.field(name="_track_id", default=None)
    flush_time: Any = msgspec.field(name="_flush_time", default=None)
    # What the encryption plug-ins send instead of all that.
    ekey: Any = None


class Identities:
    """The identity keys a source uses: those of the SDKs, and the ones its declaration adds.

    A declared key's type may have its app or shop behind a colon, as in `marketplace_buyer:taobao`.
    """

    def __init__(self, declared: Mapping[str, str] | None = None) -> None:
        self._keys = _KEYS | dict(declared or {})

    def observe(self, key: str, value: Any, field: str, observed: Observed, app: Any = None) -> bool:
        """Add what the key names; False if nobody said what the key means. Raises `MessageError`."""
        kind = self._keys.get(key)
        if kind is None:
            found = _OPENID.match(key)
            if found is None:
                return False
            kind = f"openid:{found['app'] or (app if isinstance(app, str) and app else _SOME_APP)}"
        kind, _, scope = kind.partition(":")
        observed.named(kind, f"{scope}:{value}" if scope and isinstance(value, str) else value, field)
        return True

    def named(self, text: Any) -> tuple[str, str] | None:
        """Return key and value of an id of the form `key+value`, None for any other."""
        found = _NAMED.match(text) if isinstance(text, str) and "+" in text else None
        if found and (found["key"] in self._keys or _OPENID.match(found["key"])):
            return found["key"], found["value"]
        return None


def observe(record: Record, identities: Identities, observed: Observed) -> dict[str, Any]:
    """Gather the identifiers of a record that is about a customer; returns the identities that name nobody.

    These are the ones whose keys nobody declared and, but where the record is about identities, those that cannot be
    what their key says: a wrong phone is no reason to lose a visit. Else raises `MessageError` for them.
    """
    properties = record.properties or {}
    app = properties.get("$app_id")
    unknown = {}
    for key, value in (record.identities or {}).items():
        try:
            is_known = identities.observe(key, value, f"identities.{key}", observed, app)
        except MessageError:
            if record.type in _ABOUT_IDENTITIES:
                raise
            is_known = False
        if not is_known:
            unknown[key] = value
    _observe_id(record.login_id, "member_code", "login_id", identities, observed)
    observed.named("anonymous", record.anonymous_id, "anonymous_id")
    is_login = properties.get("$is_login_id") is True or record.type == "track_signup"
    if is_login or not record.identities:
        kind = "member_code" if is_login or record.distinct_id == record.login_id else "anonymous"
        _observe_id(record.distinct_id, kind, "distinct_id", identities, observed)
    if record.type == "track_signup":
        _observe_id(record.original_id, "anonymous", "original_id", identities, observed)
        # Servers send a login id later on without saying that it is one.
        if not identities.named(record.distinct_id):
            observed.named("anonymous", record.distinct_id, "distinct_id")
    return unknown


def _observe_id(value: Any, kind: str, field: str, identities: Identities, observed: Observed) -> None:
    named = identities.named(value)
    if named is None:
        observed.named(kind, value, field)
    else:
        identities.observe(*named, field, observed)


def message_id(record: Record) -> str:
    """Return an id that is the same however often a client sends the record.

    Browsers and mini-programs number what they track; the SDKs of servers number nothing, so the whole content counts,
    but for what is new on each attempt.
    """
    told: Any
    if record.track_id is not None:
        told = [record.type, record.event, record.distinct_id, record.time, record.track_id]
    else:
        told = msgspec.structs.replace(record, lib=None, flush_time=None, project=None, token=None)
    content = msgspec.json.encode(told, order="deterministic")
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES).hexdigest()
