"""The webhook channel: one signed POST per message, as Standard Webhooks has it (https://www.standardwebhooks.com)."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
import msgspec
from standardwebhooks import Webhook

from commands.channels.receivers import Receivers
from commands.runtime.clock import now
from domain.channels.outcome import Accepted, Outcome, Rejected, RetryLater
from domain.channels.outgoing import Outgoing

_CONNECTIONS = 32
_OK, _NO_LONGER_OK = 200, 300
_GONE = 410
_WORTH_A_RETRY = frozenset({408, 425, 429})
_SERVER_ERROR = 500
_LONGEST_BODY = 65_536  # bytes of an answer that are read at most
_LONGEST_PAUSE = 86_400.0  # seconds; a receiver that asks for more is asked tomorrow


class WebhookGateway:
    """Posts to one receiver, who recognises a repeat by its `webhook-id`, so that a time-out may be repeated."""

    guards_duplicates = True

    def __init__(self, url: str, secret: str, *, timeout: float = 10.0, receivers: Receivers | None = None) -> None:
        """Take the receiver's address, the shared secret (`whsec_` and base64) and how many seconds it may take.

        `receivers` remember beyond this process which are gone.
        """
        self._url = url
        self._signing = Webhook(secret)
        self._timeout = timeout
        self._opened: aiohttp.ClientSession | None = None
        self._receivers = receivers
        self._is_gone: bool | None = None  # not looked up yet

    async def send(self, outgoing: Outgoing) -> Outcome:
        if self._is_gone is None:
            self._is_gone = self._receivers is not None and await self._receivers.is_gone(self._url)
        if self._is_gone:
            return Rejected(detail="the receiver is gone (410): it is called again once KOI_WEBHOOK_URL is another")
        webhook_id, body, moment = f"msg_{outgoing.message_id}", _body(outgoing), now()
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": self._signing.sign(webhook_id, moment, body),
        }
        try:
            response = await self._session().post(self._url, data=body.encode(), headers=headers, allow_redirects=False)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return RetryLater(detail=f"no answer: {type(error).__name__}")
        await _finish(response)
        self._is_gone = response.status == _GONE
        if self._is_gone and self._receivers is not None:
            await self._receivers.note_gone(self._url)
        return _outcome(response, webhook_id, moment)

    async def close(self) -> None:
        if self._opened:
            await self._opened.close()

    def _session(self) -> aiohttp.ClientSession:
        # Opened where it is first needed: a session belongs to the loop it is used in.
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._timeout),
                connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
                headers={"user-agent": "Koi"},
            )
        return self._opened


async def _finish(response: aiohttp.ClientResponse) -> None:
    """Read past the answer's body, so that the connection can be used again, unless it is long or slow."""
    try:
        if len(await response.content.read(_LONGEST_BODY)) < _LONGEST_BODY:
            await response.read()
    except (aiohttp.ClientError, OSError, TimeoutError):
        pass  # the status has been said; the rest is no news
    finally:
        response.release() if response.content.at_eof() else response.close()


def _body(outgoing: Outgoing) -> str:
    # The same bytes for every attempt, so that a receiver may compare them.
    document = {
        "type": "message.requested",
        "timestamp": outgoing.requested_at,
        "data": {
            "message_id": outgoing.message_id,
            "customer_id": outgoing.customer_id,
            "channel": outgoing.channel,
            "purpose": outgoing.purpose,
            "subject": outgoing.subject,
            "text": outgoing.text,
            "parameters": outgoing.parameters,
        },
    }
    return msgspec.json.encode(document).decode()


def _outcome(response: aiohttp.ClientResponse, webhook_id: str, moment: datetime) -> Outcome:
    status = response.status
    if _OK <= status < _NO_LONGER_OK:
        return Accepted(provider_id=webhook_id)
    if status in _WORTH_A_RETRY or status >= _SERVER_ERROR:
        return RetryLater(detail=f"the receiver answered {status}", after=_pause(response, moment))
    if status == _GONE:
        return Rejected(detail="the receiver is gone (410)")
    return Rejected(detail=f"the receiver answered {status}")


def _pause(response: aiohttp.ClientResponse, moment: datetime) -> float | None:
    """Return the seconds of Retry-After, given as a number or as a date (RFC 9110, 10.2.3)."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max((until - moment).total_seconds(), 0.0), _LONGEST_PAUSE)
