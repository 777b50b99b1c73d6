"""The application: what is reached where, over what the process has open."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from operator import attrgetter
from typing import Any

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide

from api import openapi, problems
from api.commanding import change, creation
from api.counting import counting
from api.idempotency import asked
from api.ingest import cloudevents, hooks, posthog, segment, sensors
from api.opened import Opened, opened
from api.pages import paging
from api.positions import wait_for
from api.routes import crm, exports, health, operations, sandbox, unsubscribing
from api.routes.areas import CustomerController, SegmentController, TagController
from api.routes.audit import AuditController
from api.routes.campaigns import CampaignController
from api.routes.context import ContextController
from api.routes.core_segments import CoreSegmentController
from api.routes.coupons import CouponController
from api.routes.erasures import ErasureController
from api.routes.identity import IdentityController
from api.routes.matches import MatchController
from api.routes.products import ProductController
from api.routes.quarantine import QuarantineController
from api.routes.scoring import ModelController, PredictionController
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.activity.vocabulary import Vocabulary

_COMMAND_BYTES = 1024 * 1024


def create_app() -> Litestar:
    """Return the API over the settings of the environment; uvicorn calls this."""
    settings = Settings.from_environment(os.environ)
    return build(settings, Secrets.load(settings.secrets_file))


def build(settings: Settings, secrets: Secrets) -> Litestar:
    """Return the API over these settings; everything is opened when it starts and closed when it ends."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with opened(settings, secrets) as everything:
            app.state.opened = everything
            yield

    return Litestar(
        route_handlers=[
            segment.router,
            cloudevents.router,
            posthog.router,
            sensors.router,
            hooks.router,
            CustomerController,
            IdentityController,
            MatchController,
            CampaignController,
            SegmentController,
            CoreSegmentController,
            TagController,
            CouponController,
            ProductController,
            AuditController,
            ErasureController,
            QuarantineController,
            *crm.HANDLERS,
            ContextController,
            ModelController,
            PredictionController,
            *exports.HANDLERS,
            *sandbox.HANDLERS,
            *unsubscribing.HANDLERS,
            *operations.HANDLERS,
            *health.HANDLERS,
        ],
        lifespan=[lifespan],
        dependencies=_dependencies(),
        exception_handlers=problems.HANDLERS,
        middleware=[counting],
        openapi_config=openapi.CONFIG,
        request_max_body_size=_COMMAND_BYTES,
        logging_config=None,
    )


def _dependencies() -> dict[str, Provide]:
    """Return what routes may ask for by name."""
    vocabulary = Vocabulary.load()

    def part(*path: str) -> Provide:
        find = attrgetter(".".join(path))

        def provide(state: State) -> Any:
            return find(state.opened)

        return Provide(provide, sync_to_thread=False)

    def words() -> Any:
        return vocabulary

    return {name: part(name) for name in Opened.__struct_fields__} | {
        "pool": part("store", "pool"),
        "streams": part("store", "streams"),
        "vocabulary": Provide(words, sync_to_thread=False),
        "asked": Provide(asked),
        "creation": Provide(creation),
        "change": Provide(change),
        "paging": Provide(paging),
        "wait_for": Provide(wait_for),
    }
