"""Under which user a server runs.

PostgreSQL refuses to run as root. Where Koi runs as root (containers), its server runs as `postgres` or `nobody`,
without groups. If the home lies where that user may not go (`/root`), the server keeps one capability, to pass
permission checks on files (CAP_DAC_OVERRIDE), so that nobody's permissions need to change.
"""

import json
import os
import pwd
import signal
import stat
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

_BECOME = Path(__file__).with_name("become.py")
_NOBODY = 65_534


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user that a server runs as."""

    uid: int
    gid: int

    def may_enter(self, path: Path) -> bool:
        """Whether this user may read `path` and pass through every folder above it."""
        return self._allowed(path, stat.S_IROTH) and all(self._allowed(up, stat.S_IXOTH) for up in path.parents)

    def _allowed(self, path: Path, bit: int) -> bool:
        found = path.stat()
        if found.st_uid == self.uid:
            bit <<= 6
        elif found.st_gid == self.gid:
            bit <<= 3
        return bool(found.st_mode & bit)


def server_account() -> Account | None:
    """The user PostgreSQL runs as; None means: as we do."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=found.pw_uid, gid=found.pw_gid)
    return Account(uid=_NOBODY, gid=_NOBODY)


def bound_to_us(
    command: Sequence[str | Path],
    *,
    death_signal: signal.Signals,
    account: Account | None = None,
    needs: Iterable[Path] = (),
) -> list[str]:
    """The command, so that it runs as `account`, reaches the files in `needs`, and gets `death_signal` when we die."""
    order = {
        "uid": account.uid if account else None,
        "gid": account.gid if account else None,
        "passes_checks": account is not None and not all(account.may_enter(path) for path in needs),
        "death_signal": int(death_signal),
        "parent": os.getpid(),
    }
    # -I -S: nothing but the standard library, whatever the environment says; it starts in a few milliseconds.
    return [sys.executable, "-I", "-S", str(_BECOME), json.dumps(order), *map(str, command)]
