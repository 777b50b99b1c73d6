"""What became of a message at the provider: one model for all channels."""

from datetime import datetime
from typing import Literal

import msgspec


class _Outcome(msgspec.Struct, frozen=True, kw_only=True, tag_field="outcome", omit_defaults=True):
    """What all outcomes share: their name in the field `outcome`."""


class Accepted(_Outcome, frozen=True, kw_only=True, tag="accepted"):
    """The provider took it on; a receipt may follow."""

    provider_id: str


class Delivered(_Outcome, frozen=True, kw_only=True, tag="delivered"):
    """It reached the recipient's device or mailbox."""


class RetryLater(_Outcome, frozen=True, kw_only=True, tag="retry_later"):
    """Not taken this time: the same message, under the same id, after `after` seconds (None: our own schedule)."""

    detail: str
    after: float | None = None


class Quota(_Outcome, frozen=True, kw_only=True, tag="quota"):
    """A limit of the provider is reached, for this recipient or for the whole account, until then."""

    scope: Literal["recipient", "account"]
    until: datetime
    detail: str


class RecipientInvalid(_Outcome, frozen=True, kw_only=True, tag="recipient_invalid"):
    """The address does not exist: nothing will ever arrive there."""

    detail: str


class OptedOut(_Outcome, frozen=True, kw_only=True, tag="opted_out"):
    """The recipient told the provider to stop: a withdrawal of consent."""

    detail: str


class Rejected(_Outcome, frozen=True, kw_only=True, tag="rejected"):
    """Refused for a reason on our side (template, signature, credentials): an operator must see to it."""

    detail: str


class Unknown(_Outcome, frozen=True, kw_only=True, tag="unknown"):
    """It may have been taken or not: ask before sending again."""

    detail: str


Outcome = Accepted | Delivered | RetryLater | Quota | RecipientInvalid | OptedOut | Rejected | Unknown
