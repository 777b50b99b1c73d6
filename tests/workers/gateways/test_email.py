"""E-mails over a real SMTP server, and what its answers mean."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from domain.channels.outcome import Accepted, Outcome, RecipientInvalid, Rejected, RetryLater, Unknown
from tests.builders import outgoing
from tests.workers.gateways.servers import Mailbox, mute_server, smtp_server, tls_contexts
from workers.gateways.email import EmailGateway
from workers.gateways.smtp import Connections, SmtpAddressError, options

SENDER = "锦鲤商城 <news@koi.example>"


def way_out(message_id: UUID) -> str:
    """Where one click ends such mails."""
    return f"https://koi.example/u/{message_id}"


@asynccontextmanager
async def gateway(
    url: str, *, seconds: float = 5, tls: ssl.SSLContext | None = None, sender: str = SENDER
) -> AsyncIterator[EmailGateway]:
    """A gateway to this server."""
    connections = Connections(url, timeout=seconds, most=2, tls_context=tls)
    opened = EmailGateway(connections, sender=sender, way_out=way_out)
    try:
        yield opened
    finally:
        await opened.close()


async def outcome_of(mailbox: Mailbox, **parts: object) -> Outcome:
    """Send one e-mail to a server that answers like this."""
    async with smtp_server(mailbox) as port, gateway(f"smtp://127.0.0.1:{port}") as mail:
        return await mail.send(outgoing(**parts))


async def test_an_accepted_email_arrives_with_everything_a_mailbox_provider_asks_for() -> None:
    """Sender, subject and text in Chinese, a Message-ID made of the message's id, and the one-click way out."""
    mailbox, message = Mailbox(), outgoing()
    outcome = await outcome_of(mailbox)
    (mail,) = mailbox.mails
    assert outcome == Accepted(provider_id=f"<{message.message_id}@koi.example>")
    assert mailbox.recipients == ["li@example.cn"]
    assert mail["Message-ID"] == f"<{message.message_id}@koi.example>"
    assert mail["From"] == SENDER
    assert mail["To"] == "li@example.cn"
    assert mail["Subject"] == message.subject
    assert mail.get_content().strip() == message.text
    assert mail["Date"].datetime is not None
    assert mail["List-Unsubscribe"].strip() == f"<https://koi.example/u/{message.message_id}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


async def test_a_message_of_service_offers_no_way_out_of_marketing() -> None:
    """An order confirmation cannot be unsubscribed from."""
    mailbox = Mailbox()
    await outcome_of(mailbox, purpose="service")
    assert mailbox.mails[0]["List-Unsubscribe"] is None


@pytest.mark.parametrize(
    ("stage", "answer", "outcome"),
    [
        ("RCPT", "451 4.7.1 Greylisted li@example.cn", RetryLater(detail="451 4.7.1 at RCPT")),
        ("RCPT", "550 5.1.1 li@example.cn unknown", RecipientInvalid(detail="550 5.1.1 at RCPT")),
        ("RCPT", "550 no such user", RecipientInvalid(detail="550 at RCPT")),
        ("RCPT", "550 5.7.1 policy", Rejected(detail="550 5.7.1 at RCPT")),
        ("MAIL", "452 4.3.1 full", RetryLater(detail="452 4.3.1 at MAIL")),
        ("MAIL", "553 5.7.1 not your domain", Rejected(detail="553 5.7.1 at MAIL")),
        ("MAIL", "421 closing", RetryLater(detail="421 at MAIL")),
        ("DATA", "451 4.3.0 try again", RetryLater(detail="451 4.3.0 at DATA")),
        ("DATA", "550 5.1.1 unknown after all", RecipientInvalid(detail="550 5.1.1 at DATA")),
        ("DATA", "554 5.7.1 spam", Rejected(detail="554 5.7.1 at DATA")),
    ],
)
async def test_a_refusal_is_read_by_its_code_and_place(stage: str, answer: str, outcome: Outcome) -> None:
    """The server's own words are left out: they may name the person."""
    mailbox = Mailbox(**{stage: answer})
    assert await outcome_of(mailbox) == outcome
    assert mailbox.mails == []


async def test_no_answer_after_the_text_is_unknown() -> None:
    """It may be in the mailbox: nobody sends it again blindly."""
    silent = Mailbox(DATA="silence")
    async with smtp_server(silent) as port, gateway(f"smtp://127.0.0.1:{port}", seconds=0.2) as mail:
        assert await mail.send(outgoing()) == Unknown(detail="no answer after the text: SMTPReadTimeoutError")


async def test_nobody_at_the_address_is_worth_a_retry() -> None:
    """Neither a closed port nor a server that never greets has taken anything."""
    async with smtp_server(Mailbox()) as port:
        pass
    async with gateway(f"smtp://127.0.0.1:{port}") as mail:
        assert await mail.send(outgoing()) == RetryLater(detail="no connection: SMTPConnectError")
    async with mute_server() as port, gateway(f"smtp://127.0.0.1:{port}", seconds=0.2) as mail:
        assert await mail.send(outgoing()) == RetryLater(detail="no connection: SMTPConnectTimeoutError")


@pytest.mark.parametrize("to", [None, "", "李@example.cn", "li@example.cn\r\nRCPT TO:<all@x.cn>"])
async def test_an_address_that_no_envelope_can_hold_is_invalid(to: str | None) -> None:
    """And a line break in it reaches no server."""
    mailbox = Mailbox()
    assert isinstance(await outcome_of(mailbox, to=to), RecipientInvalid)
    assert mailbox.recipients == []


async def test_connections_are_kept_between_messages() -> None:
    """Also after a refusal; and no more are opened than allowed."""
    mailbox = Mailbox()
    async with smtp_server(mailbox) as port, gateway(f"smtp://127.0.0.1:{port}") as mail:
        for answer in ("550 5.1.1 unknown", "250 OK", "451 4.7.1 later", "250 OK"):
            mailbox.answers["RCPT"] = answer
            await mail.send(outgoing())
        assert len(mailbox.peers) == 1
        await asyncio.gather(*(mail.send(outgoing()) for _ in range(6)))
        assert len(mailbox.peers) == 2
    assert len(mailbox.mails) == 8


async def test_a_server_that_hangs_up_on_the_idle_is_called_again() -> None:
    """Time passes between two messages of a night; with or without a word of farewell."""
    mailbox = Mailbox()
    async with smtp_server(mailbox) as port, gateway(f"smtp://127.0.0.1:{port}") as mail:
        assert isinstance(await mail.send(outgoing()), Accepted)
        mailbox.hang_up()
        assert isinstance(await mail.send(outgoing()), Accepted)
        mailbox.once["MAIL"] = "421 4.4.2 idle for too long"
        assert isinstance(await mail.send(outgoing()), Accepted)
    assert len(mailbox.peers) == 3
    assert len(mailbox.mails) == 3


async def test_a_password_travels_encrypted_to_a_server_we_know(tmp_path: Path) -> None:
    """STARTTLS, then log in."""
    shown, known = tls_contexts(tmp_path)
    mailbox = Mailbox()
    async with smtp_server(mailbox, tls=shown, login=("koi", "p@ss:word")) as port:
        url = f"smtp://koi:p%40ss%3Aword@127.0.0.1:{port}"
        async with gateway(url, tls=known) as mail:
            assert isinstance(await mail.send(outgoing()), Accepted)
        async with gateway(url) as mail:
            assert isinstance(await mail.send(outgoing()), Rejected)
        async with gateway(url.replace("word", "xxxx"), tls=known) as mail:
            assert await mail.send(outgoing()) == Rejected(detail="535 5.7.8 at AUTH")
    assert len(mailbox.mails) == 1


async def test_a_password_is_never_sent_in_the_clear_unless_the_operator_says_so() -> None:
    """A server without STARTTLS gets none, but for `starttls=never`."""
    mailbox = Mailbox()
    async with smtp_server(mailbox, login=("koi", "secret")) as port:
        async with gateway(f"smtp://koi:secret@127.0.0.1:{port}") as mail:
            assert isinstance(await mail.send(outgoing()), Rejected)
        async with gateway(f"smtp://koi:secret@127.0.0.1:{port}?starttls=never") as mail:
            assert isinstance(await mail.send(outgoing()), Accepted)
    assert len(mailbox.mails) == 1


def test_the_address_of_a_server_says_how_to_reach_it() -> None:
    """Ports follow the scheme and the password."""
    assert options("smtp://mail.cn", timeout=1)["port"] == 25
    assert options("smtp://koi:x@mail.cn", timeout=1)["port"] == 587
    assert options("smtps://koi:x@mail.cn", timeout=1)["port"] == 465
    assert options("smtps://koi:x@mail.cn", timeout=1)["use_tls"] is True
    assert options("smtp://koi:x@mail.cn:2525", timeout=1) | {"port": 0} == {
        "hostname": "mail.cn",
        "port": 0,
        "username": "koi",
        "password": "x",
        "use_tls": False,
        "start_tls": True,
        "timeout": 1,
    }


@pytest.mark.parametrize("url", ["http://mail.cn", "smtp://", "smtp://koi:secret@mail.cn:x", "mail.cn"])
def test_an_address_that_cannot_be_read_is_refused_without_repeating_it(url: str) -> None:
    """It may hold a password."""
    with pytest.raises(SmtpAddressError) as refused:
        options(url, timeout=1)
    assert "secret" not in str(refused.value)
