"""A message as an e-mail (RFC 5322), with the one-click way out of marketing (RFC 8058)."""

import email.policy
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from commands.runtime.clock import now
from domain.channels.outgoing import Outgoing

# Seven bits everywhere: no server on the way has to know 8BITMIME.
_POLICY = email.policy.SMTP.clone(cte_type="7bit")


def composed(outgoing: Outgoing, sender: str, unsubscribe_url: str | None) -> EmailMessage:
    """Return the e-mail; its Message-ID is made of the message's id, so that receipts find back.

    With `unsubscribe_url` marketing carries `<unsubscribe_url>/<message id>` as its one-click address. Raises
    `ValueError` for an address that no header can hold.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = sender
    mail["To"] = outgoing.to or ""
    mail["Subject"] = outgoing.subject
    mail["Date"] = format_datetime(now())
    mail["Message-ID"] = message_id(outgoing, sender)
    if unsubscribe_url and outgoing.purpose == "marketing":
        mail["List-Unsubscribe"] = f"<{unsubscribe_url.rstrip('/')}/{outgoing.message_id}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(outgoing.text)
    return mail


def message_id(outgoing: Outgoing, sender: str) -> str:
    """Return the Message-ID: the message's id at the sender's domain."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return f"<{outgoing.message_id}@{domain}>"
