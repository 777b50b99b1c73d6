"""Whether the process lives, and whether it can do its work; asked by supervisors, so without a key."""

import asyncio
from typing import Final

import asyncpg
import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import SkipValidation
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE

from migrations.newest import newest

_WRITABLE: Final = "SELECT NOT pg_is_in_recovery() AND has_table_privilege('decision_log', 'INSERT')"
_SCHEMA: Final = "SELECT version_num FROM schema_version"
_PATIENCE: Final = 2.0
_NEWEST: Final = newest()
_FRESH: Final = {"Cache-Control": "no-store"}


class Readiness(msgspec.Struct, frozen=True):
    """What has to be so before requests can be answered."""

    database: bool = False
    log_writable: bool = False
    schema_current: bool = False

    @property
    def is_ready(self) -> bool:
        """Whether all of it is so."""
        return self.database and self.log_writable and self.schema_current


@get("/livez", operation_id="Live", summary="Tell whether the process lives", security=[], tags=["operations"])
async def livez() -> Response[dict[str, bool]]:
    """Answer at all: that is the answer."""
    return Response({"alive": True}, headers=_FRESH)


@get("/readyz", operation_id="Ready", summary="Tell whether requests can be answered", security=[], tags=["operations"])
async def readyz(pool: NamedDependency[SkipValidation[asyncpg.Pool]]) -> Response[Readiness]:
    """Answer 200 if the database is reachable, the log writable and the schema current, else 503 with what is not."""
    found = await _readiness(pool)
    status = HTTP_200_OK if found.is_ready else HTTP_503_SERVICE_UNAVAILABLE
    return Response(found, status_code=status, headers=_FRESH)


async def _readiness(pool: asyncpg.Pool) -> Readiness:
    try:
        async with asyncio.timeout(_PATIENCE):
            writable = bool(await pool.fetchval(_WRITABLE))
            current = await pool.fetchval(_SCHEMA) == _NEWEST
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return Readiness()
    return Readiness(database=True, log_writable=writable, schema_current=current)


HANDLERS: Final[list[HTTPRouteHandler]] = [livez, readyz]
