"""A platform as data: where its orders and refunds say what, what its error codes mean, how much may be asked at once.

One TOML file each beside this module, which a shop may override key by key with one of its own.
"""

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any, Final, Literal

import msgspec

from domain.kernel.errors import InvalidInputError

NAMES: Final = ("taobao", "jd", "douyin", "youzan")
Type = Literal["text", "integer", "money", "time"]
Hinted = Literal["order", "refund", "nothing"]
NOTHING: Final[Hinted] = "nothing"


class PlatformError(InvalidInputError):
    """The description of a platform cannot be used; `field` is the key at fault."""

    code = "platform.invalid"


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: a key that nobody knows is a slip of the pen."""


class Field(_Part, frozen=True, kw_only=True):
    """What one of Koi's fields is read from.

    `path` are dotted paths, the first that tells something counts; `plus` are paths whose money is added to it. `unit`
    is that of money (yuan, fen, major, minor) where it is not the platform's.
    """

    path: tuple[str, ...]
    type: Type = "text"
    unit: str | None = None
    plus: tuple[str, ...] = ()


Spec = str | tuple[str, ...] | Field


class Happening(_Part, frozen=True, kw_only=True):
    """When an order has come to a state: in the `statuses` for certain, `if_told` in these if one of `time` is told.

    `time` are the paths of when, the first one told counts; `or_else` are the times to go by where none is told.
    `amount` is the money that counts with it.
    """

    statuses: tuple[str, ...] = ()
    if_told: tuple[str, ...] = ()
    time: tuple[str, ...]
    or_else: tuple[str, ...] = ()
    amount: Spec | None = None


class Lines(_Part, frozen=True, kw_only=True):
    """The lines of an order: where the list is, and the fields of each line."""

    at: tuple[str, ...]
    fields: dict[str, Spec]


class Orders(_Part, frozen=True, kw_only=True):
    """Where an order says what.

    `detail` tells that the list is thin: each order is asked for by itself. `alike` names statuses that mean the same
    as others, such as one that the platform has just invented.
    """

    id: tuple[str, ...]
    status: tuple[str, ...]
    modified: tuple[str, ...]
    buyer: tuple[str, ...]
    detail: bool = False
    alike: dict[str, str] = {}
    events: dict[str, Happening]
    fields: dict[str, Spec] = {}
    lines: Lines | None = None

    @property
    def statuses(self) -> frozenset[str]:
        """All statuses that are known."""
        return frozenset(status for one in self.events.values() for status in (*one.statuses, *one.if_told))


class Refunds(_Part, frozen=True, kw_only=True):
    """Where a refund says what; only those in one of the statuses `done` gave money back, `open` ones may yet.

    `open` of `*` is every other status, and none at all: what merely lists wishes says nothing before money goes back.
    `buyer` may find nothing: the order tells then whose it was. `detail` and `alike` are as for orders. `id_prefix`
    stands before the numbers of a list that counts by itself, beside another one.
    """

    id: tuple[str, ...]
    id_prefix: str = ""
    order_id: tuple[str, ...]
    status: tuple[str, ...]
    done: tuple[str, ...]
    open: tuple[str, ...] = ()
    time: tuple[str, ...]
    amount: Spec
    buyer: tuple[str, ...] = ()
    detail: bool = False
    alike: dict[str, str] = {}
    fields: dict[str, Spec] = {}


class AfterSales(Refunds, frozen=True, kw_only=True):
    """Refunds of what was delivered, where the platform keeps a list apart, by when they were asked for.

    Such a list does not tell what changed: once in `every_hours` it is read again from `revisit_days` ago. It may span
    `window_hours` at most, with `page_size` on a page.
    """

    window_hours: float
    page_size: int
    revisit_days: float
    every_hours: float


class Limits(_Part, frozen=True, kw_only=True):
    """How much may be asked at once; as published at `as_of`, and for a shop to lower.

    `window_hours` is the longest time a list may span, `history_days` how far back it reaches, `most_pages` how many
    pages it has at most, `hint_seconds` how long after a message the order is there to be fetched.
    """

    as_of: str
    window_hours: float
    page_size: int
    most_pages: int
    history_days: int
    hint_seconds: float = 0.0


class Codes(_Part, frozen=True, kw_only=True):
    """What error codes (or sub codes) mean: `wait` and ask again, `session` is no longer valid, `passing` troubles.

    `absent` says that there is no such order. A code that ends with * stands for all that begin so. Anything else will
    not get better by asking again.
    """

    wait: tuple[str, ...] = ()
    session: tuple[str, ...] = ()
    passing: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    def meaning(self, *codes: str) -> Literal["session", "wait", "absent", "passing", "refused"]:
        """Return what an answer's codes mean together, the more telling meaning first."""
        for name in ("session", "wait", "absent", "passing"):
            if any(is_like(code, pattern) for code in codes for pattern in getattr(self, name)):
                return name
        return "refused"


class Platform(_Part, frozen=True, kw_only=True):
    """One platform. `prefix` stands before order numbers and buyers (tmall:2100...), times are of `zone`.

    `types` are the kinds of orders to ask for, where the platform lists only some unless it is told.
    """

    zh: str
    en: str
    prefix: str
    buyer_prefix: str = ""
    url: str
    token_url: str
    currency: str = "CNY"
    unit: str = "yuan"
    zone: str = "Asia/Shanghai"
    types: tuple[str, ...] = ()
    limits: Limits
    codes: Codes
    order: Orders
    refund: Refunds
    after_sale: AfterSales | None = None
    hints: dict[str, Hinted] = {}

    @property
    def buyers(self) -> str:
        """What stands before a buyer's id."""
        return self.buyer_prefix or self.prefix

    @property
    def of_after_sales(self) -> "Platform":
        """The same platform, with its after-sales as the refunds; itself, where it lists none apart."""
        if self.after_sale is None:
            return self
        pages = {"window_hours": self.after_sale.window_hours, "page_size": self.after_sale.page_size}
        limits = msgspec.structs.replace(self.limits, **pages)
        return msgspec.structs.replace(self, refund=self.after_sale, limits=limits)

    def hint_of(self, kind: str) -> Hinted:
        """Return which of the two a message of this kind is about."""
        if kind in self.hints:
            return self.hints[kind]
        return next((about for like, about in self.hints.items() if is_like(kind, like)), NOTHING)


def load(name: str, *, override: Mapping[str, Any] | None = None) -> Platform:
    """Return a platform of `NAMES`, keys in `override` (a parsed TOML document) before those that come with Koi.

    Raises `PlatformError`.
    """
    text = resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    document = _merged(tomllib.loads(text), override or {})
    try:
        return msgspec.convert(document, Platform)
    except msgspec.ValidationError as error:
        words, _, place = str(error).partition(" - at `$.")
        raise PlatformError(f"{place.rstrip('`') or name}: {words}", field=place.rstrip("`") or None) from None


def is_like(told: str, pattern: str) -> bool:
    """Whether a code is the pattern, or begins like one that ends with *."""
    return told.startswith(pattern[:-1]) if pattern.endswith("*") else told == pattern


def _merged(own: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(own)
    for key, value in over.items():
        known = own.get(key)
        merged[key] = _merged(known, value) if isinstance(known, Mapping) and isinstance(value, Mapping) else value
    return merged
