"""A message as an e-mail (RFC 5322), with the one-click way out of marketing (RFC 8058)."""

import email.policy
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from uuid import UUID

from commands.runtime.clock import now
from domain.channels.outgoing import Outgoing

# The address at which one click ends mails such as this message.
WayOut = Callable[[UUID], str]

# Seven bits everywhere: no server on the way has to know 8BITMIME.
_POLICY = email.policy.SMTP.clone(cte_type="7bit")


def composed(outgoing: Outgoing, sender: str, way_out: WayOut | None) -> EmailMessage:
    """Return the e-mail; its Message-ID is made of the message's id, so that receipts find back.

    Where there is a `way_out` marketing carries it as its one-click address. Raises `ValueError` for an address that no
    header can hold.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = sender
    mail["To"] = outgoing.to or ""
    mail["Subject"] = outgoing.subject
    mail["Date"] = format_datetime(now())
    mail["Message-ID"] = message_id(outgoing, sender)
    if way_out and outgoing.purpose == "marketing":
        mail["List-Unsubscribe"] = f"<{way_out(outgoing.message_id)}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(outgoing.text)
    return mail


def message_id(outgoing: Outgoing, sender: str) -> str:
    """Return the Message-ID: the message's id at the sender's domain."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return f"<{outgoing.message_id}@{domain}>"
