"""A connection of one's own, or one lent by the pool: the queries are the same."""

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Connection = asyncpg.Connection | PoolConnectionProxy
