"""The e-mail channel over SMTP. SMTP has no guard against duplicates: a time-out after the text is `unknown`."""

import re
import ssl
from email.utils import parseaddr

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from domain.channels.outcome import Accepted, Outcome, RecipientInvalid, Rejected, RetryLater, Unknown
from domain.channels.outgoing import Outgoing
from workers.gateways.mail import WayOut, composed, message_id
from workers.gateways.smtp import Connections

_PERMANENT = 500
_CLOSING = 421
_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")  # RFC 3463


class _ConnectionLostError(Exception):
    """A connection kept open was closed by the server meanwhile; nothing was sent on it."""


class EmailGateway:
    """Sends one e-mail to one recipient at a time over connections kept open."""

    guards_duplicates = False

    def __init__(self, connections: Connections, *, sender: str, way_out: WayOut | None = None) -> None:
        """Take the server, the sender (`Shop <news@shop.cn>`), and the address of one-click unsubscribing."""
        self._connections = connections
        self._sender = sender
        self._return_path = parseaddr(sender)[1]
        self._way_out = way_out

    async def send(self, outgoing: Outgoing) -> Outcome:
        if not outgoing.to or not outgoing.to.isascii():
            return RecipientInvalid(detail="the address is outside ASCII, which needs SMTPUTF8")
        try:
            return await self._sent(outgoing, fresh=False)
        except _ConnectionLostError:
            return await self._sent(outgoing, fresh=True)

    async def close(self) -> None:
        await self._connections.close()

    async def _sent(self, outgoing: Outgoing, *, fresh: bool) -> Outcome:
        try:
            mail = composed(outgoing, self._sender, self._way_out)
        except ValueError:
            return RecipientInvalid(detail="no e-mail can be addressed like this")
        try:
            async with self._connections.lend(fresh=fresh) as (client, was_used):
                return await self._deliver(client, outgoing, mail.as_bytes(), was_used=was_used)
        except (SMTPException, OSError) as error:
            return _not_connected(error)

    async def _deliver(self, client: SMTP, outgoing: Outgoing, mail: bytes, *, was_used: bool) -> Outcome:
        try:
            await client.mail(self._return_path)
        except SMTPResponseException as error:
            if was_used and error.code == _CLOSING:
                raise _ConnectionLostError from None
            return await _reset(client, _refused(error, "MAIL"))
        except SMTPServerDisconnected:
            if was_used:
                raise _ConnectionLostError from None
            raise
        try:
            await client.rcpt(outgoing.to or "")
        except SMTPResponseException as error:
            return await _reset(client, _refused(error, "RCPT"))
        try:
            await client.data(mail)
        except SMTPResponseException as error:
            return await _reset(client, _refused(error, "DATA"))
        except (SMTPServerDisconnected, SMTPTimeoutError) as error:
            return Unknown(detail=f"no answer after the text: {type(error).__name__}")
        return Accepted(provider_id=message_id(outgoing, self._sender))


def _not_connected(error: SMTPException | OSError) -> Outcome:
    """Read why nothing could be sent at all: the way there may heal, what we are told to be may not."""
    match error:
        case SMTPResponseException():
            return _refused(error, "AUTH" if isinstance(error, SMTPAuthenticationError) else "connecting")
        case SMTPConnectError() | SMTPTimeoutError() | SMTPServerDisconnected():
            return RetryLater(detail=f"no connection: {type(error).__name__}")
        case SMTPException() | ssl.SSLError():
            # No STARTTLS, no log-in, or a certificate that nobody vouches for.
            return Rejected(detail=f"no connection as the settings demand it: {type(error).__name__}")
        case _:
            return RetryLater(detail=f"no connection: {type(error).__name__}")


async def _reset(client: SMTP, outcome: Outcome) -> Outcome:
    """Leave the connection fit for the next message."""
    try:
        await client.rset()
    except (SMTPException, OSError):
        client.close()
    return outcome


def _refused(error: SMTPResponseException, stage: str) -> Outcome:
    """Read a refusal: 4yz may pass, 5yz will not; the server's words are left out, they may name the person."""
    enhanced = _ENHANCED.match(error.message)
    status = enhanced.group(1) if enhanced else ""
    detail = f"{error.code} {status} at {stage}".replace("  ", " ")
    if error.code < _PERMANENT:
        return RetryLater(detail=detail)
    if status.startswith("5.1.") or (stage == "RCPT" and not status.startswith("5.7.")):
        return RecipientInvalid(detail=detail)
    return Rejected(detail=detail)
