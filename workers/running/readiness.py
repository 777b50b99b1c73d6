"""Koi is ready when its API says so."""

import asyncio

import httpx

from workers.running.keeper import Keeper
from workers.running.koi_program import KoiProgram
from workers.running.program import ProgramError, tail

_STEP = 0.1
_READY_SECONDS = 120.0
_FAILURES = 3


async def api_ready(url: str, keeper: Keeper, program: KoiProgram) -> None:
    """Wait until `/readyz` answers 200.

    Raises:
        ProgramError: the API keeps ending, or does not become ready; the words quote its log.
    """
    clock = asyncio.get_running_loop()
    deadline = clock.time() + _READY_SECONDS
    answer = "no answer"
    async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
        while clock.time() < deadline and keeper.backoff.failures < _FAILURES:
            try:
                found = await client.get(f"{url}/readyz")
            except httpx.HTTPError:
                await asyncio.sleep(_STEP)
                continue
            if found.status_code == httpx.codes.OK:
                return
            answer = f"status {found.status_code}"
            await asyncio.sleep(_STEP)
    raise ProgramError(f"The API does not become ready ({answer}). Its log, {program.log}, ends:\n{tail(program.log)}")
