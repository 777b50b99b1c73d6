"""What is nobody's fault but a lost server's, and how a fault is told to the log without what it was about."""

from typing import Final

import psycopg
from eventsourcing.persistence import IntegrityError, InterfaceError, OperationalError

from projections.engine.connecting import TRANSIENT

# The database is away, full or busy: nothing is wrong with the request, so it is worth repeating.
UNAVAILABLE: Final = (*TRANSIENT, IntegrityError, InterfaceError, OperationalError, psycopg.OperationalError)


def place(error: BaseException) -> str:
    """Say what failed and where, never with the error's own words: they may quote a personal value."""
    frames = []
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        frames.append(f"{code.co_filename.rpartition('/')[2]}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return f"{type(error).__name__} at {' < '.join(reversed(frames[-6:]))}"
