"""Open the gateway of every channel, as the settings have it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from commands.runtime.settings import Settings
from workers.gateways.email import EmailGateway
from workers.gateways.gateway import Gateway
from workers.gateways.sandbox import SandboxGateway
from workers.gateways.smtp import Connections
from workers.gateways.webhook import WebhookGateway


@asynccontextmanager
async def open_gateways(
    settings: Settings, webhook_secret: str, pool: asyncpg.Pool
) -> AsyncIterator[dict[str, Gateway]]:
    """Give the gateways by channel and close them afterwards; a channel without a provider ends in the sandbox."""
    sandbox = SandboxGateway(pool)
    gateways: dict[str, Gateway] = {"email": sandbox, "webhook": sandbox, "sandbox": sandbox}
    if settings.smtp_url:
        gateways["email"] = EmailGateway(Connections(settings.smtp_url), sender=settings.mail_from)
    if settings.webhook_url:
        gateways["webhook"] = WebhookGateway(settings.webhook_url, webhook_secret, timeout=settings.webhook_timeout)
    try:
        yield gateways
    finally:
        for gateway in gateways.values():
            await gateway.close()
