"""Connections of the engine: what they are set to, and which failures are the connection's and not the event's."""

import asyncpg

from projections.engine.schema import search_path

# Nothing an event could be blamed for: the server went away, is full, or two transactions were in each other's way.
TRANSIENT = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.TransactionRollbackError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    asyncpg.InternalServerError,
)


async def connect(database_url: str, schema: str, **settings: str) -> asyncpg.Connection:
    """Open a connection for a view's own tables.

    A commit does not wait for the disk: the position is in the same transaction as the rows, so a crash of the server
    that takes the last moments of one takes those of the other, and they are made again.
    """
    return await asyncpg.connect(
        database_url,
        server_settings={
            "application_name": f"koi {schema}"[:63],
            "search_path": search_path(schema),
            "synchronous_commit": "off",
            "client_min_messages": "warning",
            "timezone": "UTC",
            "jit": "off",
            **settings,
        },
    )
