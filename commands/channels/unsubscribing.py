"""Unsubscribe with one click (RFC 8058): a marketing mail's address says which message it was, and the click is a word.

The address is opaque: the message's id, and a signature that only this installation makes. It needs no key and no
log-in, never ends, and can do one thing only.
"""

import base64
import binascii
import hashlib
import hmac
from uuid import UUID

from commands.runtime.clock import now
from commands.runtime.context import Context
from commands.runtime.streams import Streams
from domain.channels.message import Message, MessageNotFoundError
from domain.identity.customer import ConsentState, Customer
from domain.kernel.errors import StaleVersionError

SOURCE = "one-click"
_ATTEMPTS = 5
_ID_BYTES, _SIGNATURE_BYTES = 16, 16


class WaysOut:
    """Makes and reads the tokens of one installation."""

    def __init__(self, master_key: bytes) -> None:
        """Derive the key that signs."""
        self._key = hmac.digest(master_key, b"koi unsubscribe", hashlib.sha256)

    def token(self, message_id: UUID) -> str:
        """Return the token of a message, fit for a path."""
        return base64.urlsafe_b64encode(message_id.bytes + self._signature(message_id.bytes)).decode().rstrip("=")

    def message_of(self, token: str) -> UUID:
        """Return the message; raises `MessageNotFoundError` for a token that was not made here."""
        try:
            told = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            told = b""
        if len(told) != _ID_BYTES + _SIGNATURE_BYTES:
            raise MessageNotFoundError("this address belongs to no message", field="token")
        message, signature = told[:_ID_BYTES], told[_ID_BYTES:]
        if not hmac.compare_digest(signature, self._signature(message)):
            raise MessageNotFoundError("this address belongs to no message", field="token")
        return UUID(bytes=message)

    def _signature(self, message: bytes) -> bytes:
        return hmac.digest(self._key, message, hashlib.sha256)[:_SIGNATURE_BYTES]


async def unsubscribe(message_id: UUID, *, streams: Streams) -> int:
    """Withdraw the consent that the message went out under; return the position, 0 if it was withdrawn already.

    Nothing is recorded of who was erased. Raises `MessageNotFoundError`.
    """
    message = await streams.load(Message, message_id)
    request = message.request
    if request is None:
        raise MessageNotFoundError("this address belongs to no message", field="token")
    for attempts_left in reversed(range(_ATTEMPTS)):
        customer = await streams.load(Customer, request.customer_id)
        known = customer.consents.get((request.channel, request.purpose))
        if customer.is_erased or (known is not None and known.state == ConsentState.WITHDRAWN):
            return 0
        customer.change_consent(
            request.channel,
            request.purpose,
            ConsentState.WITHDRAWN,
            text_version="",
            source=SOURCE,
            occurred_at=now(),
            evidence=f"message {message_id}",
        )
        try:
            return (
                await streams.save(customer, by=Context(actor=SOURCE, causation_id=f"message:{message_id}"))
            ).position
        except StaleVersionError:
            if not attempts_left:
                raise
    return 0
