"""Real servers on this machine: one that takes e-mails, one that takes webhooks. What they answer is scripted."""

import asyncio
import ipaddress
import ssl
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Mailbox:
    """What an SMTP server took; `answers` says what it replies at MAIL, RCPT or DATA instead of taking it."""

    def __init__(self, **answers: str) -> None:
        """Take the answers by stage, those in `once` first; `silence` at DATA never answers."""
        self.answers = answers
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.once: dict[str, str] = {}
        self.sessions: list[SMTP] = []
        self.peers: set[object] = set()
        self.released = asyncio.Event()

    async def handle_MAIL(  # noqa: N802 - aiosmtpd calls it by this name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer MAIL FROM."""
        self.peers.add(session.peer)
        envelope.mail_from = address
        return self._answer("MAIL")

    async def handle_RCPT(  # noqa: N802 - likewise
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer RCPT TO."""
        envelope.rcpt_tos.append(address)
        return self._answer("RCPT")

    async def handle_DATA(  # noqa: N802 - likewise
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Answer the text."""
        if self.answers.get("DATA") == "silence":
            await self.released.wait()
        if "DATA" in self.answers:
            return self._answer("DATA")
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.mails.append(message_from_bytes(content, EmailMessage, policy=policy.default))
        self.recipients += envelope.rcpt_tos
        return "250 OK"

    def hang_up(self) -> None:
        """Close every connection, as a server does that is idle for too long."""
        for session in self.sessions:
            if session.transport is not None:
                session.transport.close()

    def _answer(self, stage: str) -> str:
        return self.once.pop(stage, None) or self.answers.get(stage, "250 OK")


@asynccontextmanager
async def smtp_server(
    mailbox: Mailbox, *, tls: ssl.SSLContext | None = None, login: tuple[str, str] | None = None
) -> AsyncIterator[int]:
    """Run it on a free port; `login` is the only name and password it knows."""

    def authenticate(
        _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: LoginPassword
    ) -> AuthResult:
        known = login == (given.login.decode(), given.password.decode())
        return AuthResult(success=known, handled=False)

    def protocol() -> SMTP:
        session = _without_warning(
            mailbox,
            hostname="mail.test",
            tls_context=tls,
            require_starttls=tls is not None,
            authenticator=authenticate if login else None,
            auth_required=login is not None,
            auth_require_tls=tls is not None,
        )
        mailbox.sessions.append(session)
        return session

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        mailbox.released.set()
        server.close()
        mailbox.hang_up()
        await asyncio.sleep(0)  # lets the transports close their sockets


@asynccontextmanager
async def mute_server() -> AsyncIterator[int]:
    """Run a server that takes connections and says nothing."""
    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: writers.append(writer), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.close()
            await writer.wait_closed()


def _without_warning(handler: Mailbox, **options: Any) -> SMTP:
    # It warns of passwords without TLS, which is what one test is about.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return SMTP(handler, **options)


def tls_contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what a server at 127.0.0.1 shows, and what a client knows it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "server.pem"
    file.write_bytes(pem + secret)
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(file)
    known = ssl.create_default_context(cadata=pem.decode())
    return shown, known


class Receiver:
    """What a webhook receiver was sent; its answers are given in turn, the last one for ever.

    An answer that promises a body (content-length) begins it and never ends it.
    """

    def __init__(self, *answers: tuple[int, dict[str, str]] | None) -> None:
        """Take status and headers of each answer; None is silence."""
        self._answers = list(answers)
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.released = Event()

    def answer(self) -> tuple[int, dict[str, str]] | None:
        """Return the next answer."""
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@contextmanager
def http_server(receiver: Receiver) -> Iterator[str]:
    """Run it on a free port and give its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.requests.append(({key.lower(): value for key, value in self.headers.items()}, body))
            answer = receiver.answer()
            if answer is None:
                receiver.released.wait()
                return
            status, headers = answer
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            if "content-length" not in headers:
                self.send_header("content-length", "0")
            self.end_headers()
            if headers.get("content-length"):  # promises a body, and never ends it
                self.wfile.write(b"o")
                receiver.released.wait()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hooks/koi"
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
