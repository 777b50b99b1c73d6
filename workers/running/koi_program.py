"""Koi's own processes as children: the API and the workers, each one `koi` command."""

import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from pathlib import Path

from workers.running.program import spawn

# -P: a folder called `api` where somebody happens to stand is not ours.
_INVOCATION = ["-P", "-m", "workers"]
_CHILDREN = {"serve", "work"}


class KoiProgram:
    """`koi ...` in its own process."""

    stop_signal = signal.SIGTERM
    hurry_signal = signal.SIGKILL

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        home: Path,
        env: Mapping[str, str],
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.log = home / "log" / f"{name}.log"
        self._arguments = arguments
        self._env = env
        self._pass_fds = pass_fds

    async def start(self) -> Process:
        """Start it; it is running, and becomes ready by itself.

        Raises:
            ProgramError: the system refuses to start it.
        """
        command = [sys.executable, *_INVOCATION, *self._arguments]
        # Where we stand: settings may name files from here.
        return await spawn(command, log=self.log, env=self._env, pass_fds=self._pass_fds, folder=Path.cwd())


def is_child(command: Sequence[str]) -> bool:
    """Whether this command line is that of a child of some `koi up`."""
    return list(command[1:4]) == _INVOCATION and bool(_CHILDREN.intersection(command[4:5]))
