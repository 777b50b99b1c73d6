"""The eight core segments today, in one report."""

import asyncpg
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from api.auth import needs
from api.openapi import READ_ONE
from commands.access.scope import Scope
from commands.runtime.clock import now
from commands.runtime.settings import Settings
from projections.core_report.queries import core_report
from projections.core_report.report import CoreReport
from projections.lake.store import UrlStore
from projections.segment_members.everybody import Everybody


class CoreSegmentController(Controller):
    """The core segments."""

    path = "/api/v1/core-segments"
    tags = ("segments",)

    @get(
        "/",
        operation_id="GetCoreSegments",
        summary="Report on the core segments",
        guards=(needs(Scope.READ),),
        responses=READ_ONE,
    )
    async def report(
        self,
        pool: NamedDependency[SkipValidation[asyncpg.Pool]],
        everybody: NamedDependency[SkipValidation[Everybody]],
        settings: NamedDependency[SkipValidation[Settings]],
    ) -> CoreReport:
        """Show who each is and what it is worth, its typical tags, how sure and steady it is, and who moved lately."""
        return await core_report(pool, UrlStore(settings.lake_url), everybody, now())
