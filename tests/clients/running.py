"""Running a client in a process of its own, which knows nothing of Koi but what it is told."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Final

from tests.clients.installing import HERE, NODE

# What a client complains about is a line that begins so; SDKs print other things at will.
COMPLAINT: Final = "error"


async def run_node(script: str, **given: object) -> str:
    """Run a script of this folder; it finds `given` as JSON in its first argument. Returns its complaints."""
    return await _complaints(str(NODE), str(HERE / script), json.dumps(given))


async def run_python(script: str, **given: object) -> str:
    """Run a text in a Python of its own, with the values given as its variables. Returns its complaints."""
    words = "".join(f"{name} = {value!r}\n" for name, value in given.items())
    return await _complaints(sys.executable, "-I", "-c", words + script)


async def _complaints(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"NO_PROXY": "*"},
        cwd=Path(__file__).parent,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return "\n".join(line for line in output.decode().splitlines() if line.startswith(COMPLAINT))
