"""Open the receivers of declared sources: what their files say, checked before the first call."""

from typing import Final, Literal

import msgspec

from commands.callbacks.receiver import Receiver
from commands.runtime.sources import Source, SourceError, settings_of
from domain.activity.vocabulary import Vocabulary
from domain.ingestion.callbacks.attribution import Stores
from domain.ingestion.callbacks.douyin_open import DouyinOpen
from domain.ingestion.callbacks.envelope import aes_key
from domain.ingestion.callbacks.table import Entry
from domain.ingestion.callbacks.wechat import WeChat
from domain.ingestion.callbacks.wecom import WeCom
from domain.kernel.errors import InvalidInputError

VOCABULARY: Final = Vocabulary.load()


class WeChatSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`kind = "wechat"`: an official account or a mini-program, as its "服务器配置" shows it.

    Without `aes_key` messages come in plain mode. `scenes` and `store_prefix` say which store a QR code stands for. Who
    cancels her account is erased; `on_revoke` says what follows when she withdraws single permissions.
    """

    hook: str
    app_id: str
    token: str
    aes_key: str | None = None
    scenes: dict[str, str] = {}
    store_prefix: str = ""
    on_revoke: Literal["erase", "record"] = "erase"


def wechat(source: Source) -> Receiver:
    """Return the receiver of an official account or a mini-program."""
    said = settings_of(source, WeChatSettings)
    return WeChat(
        source=source.name,
        app_id=required(source, "app_id", said.app_id),
        token=required(source, "token", said.token),
        key=None if said.aes_key is None else key(source, said.aes_key),
        stores=Stores(scenes=said.scenes, store_prefix=said.store_prefix),
        vocabulary=VOCABULARY,
        erases_on_revoke=said.on_revoke == "erase",
    )


def required(source: Source, name: str, value: str) -> str:
    """Return the value; raises `SourceError` where it is empty: a signature over nothing would let anybody in."""
    if not value.strip():
        raise SourceError("is empty: copy it from the platform's page", field=f"{source.file.name}: {name}")
    return value.strip()


def key(source: Source, text: str) -> bytes:
    """Return the key of the envelope; raises `SourceError`."""
    try:
        return aes_key(text.strip())
    except InvalidInputError as error:
        raise SourceError(error.detail, field=f"{source.file.name}: {error.field}") from None


class WeComSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`kind = "wecom"`: a company's customer contact, as its "接收事件服务器" shows it.

    `scenes` and `store_prefix` say which store the `state` of a contact way ("渠道活码") stands for.
    """

    hook: str
    corp_id: str
    token: str
    aes_key: str
    scenes: dict[str, str] = {}
    store_prefix: str = ""


def wecom(source: Source) -> Receiver:
    """Return the receiver of a company's customer contact."""
    said = settings_of(source, WeComSettings)
    return WeCom(
        source=source.name,
        corp_id=required(source, "corp_id", said.corp_id),
        token=required(source, "token", said.token),
        key=key(source, said.aes_key),
        stores=Stores(scenes=said.scenes, store_prefix=said.store_prefix),
    )


class DouyinOpenSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`kind = "douyin_open"`: an application of Douyin's open platform; `events` adds to the table of its events."""

    hook: str
    client_key: str
    client_secret: str
    events: dict[str, Entry] = {}


def douyin_open(source: Source) -> Receiver:
    """Return the receiver of an application of Douyin's open platform."""
    said = settings_of(source, DouyinOpenSettings)
    return DouyinOpen(
        source=source.name,
        client_key=required(source, "client_key", said.client_key),
        client_secret=required(source, "client_secret", said.client_secret),
        vocabulary=VOCABULARY,
        events=said.events,
    )
