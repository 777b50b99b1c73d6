"""Open the gateway of every channel, as the settings have it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from commands.channels.receivers import Receivers
from commands.channels.unsubscribing import WaysOut
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from workers.gateways.email import EmailGateway
from workers.gateways.gateway import Gateway
from workers.gateways.mail import WayOut
from workers.gateways.sandbox import SandboxGateway
from workers.gateways.smtp import Connections
from workers.gateways.webhook import WebhookGateway


@asynccontextmanager
async def open_gateways(settings: Settings, secrets: Secrets, pool: asyncpg.Pool) -> AsyncIterator[dict[str, Gateway]]:
    """Give the gateways by channel and close them afterwards; a channel without a provider ends in the sandbox."""
    sandbox = SandboxGateway(pool)
    gateways: dict[str, Gateway] = {"email": sandbox, "webhook": sandbox, "sandbox": sandbox}
    if settings.smtp_url:
        gateways["email"] = EmailGateway(
            Connections(settings.smtp_url), sender=settings.mail_from, way_out=_way_out(settings, secrets)
        )
    if settings.webhook_url:
        gateways["webhook"] = WebhookGateway(
            settings.webhook_url,
            secrets.webhook_secret,
            timeout=settings.webhook_timeout,
            receivers=Receivers(pool),
        )
    try:
        yield gateways
    finally:
        for gateway in gateways.values():
            await gateway.close()


def _way_out(settings: Settings, secrets: Secrets) -> WayOut | None:
    """Return how a mail is left; None where nobody told how Koi is reached from outside."""
    if settings.public_url is None:
        return None
    base, ways_out = settings.public_url.rstrip("/"), WaysOut(secrets.master_key)
    return lambda message_id: f"{base}/u/{ways_out.token(message_id)}"
