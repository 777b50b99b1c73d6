"""Kinds of models asked over a lake, from tests: the loop that a running Koi has runs in a thread beside them."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from projections.batch.lakehouse import Lakehouse
from workers.scoring.source import LakeSource


@contextmanager
def source_over(lakehouse: Lakehouse) -> Iterator[LakeSource]:
    """Return what is known of everybody in the lake."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield LakeSource(lakehouse, loop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
