"""Under which user a child runs, and that it does not outlive its parent.

PostgreSQL refuses to run as root. Where Koi runs as root (containers), its server runs as `postgres` or `nobody`,
without groups. If the home lies where that user may not go (`/root`), the child keeps one capability, to pass
permission checks on files (CAP_DAC_OVERRIDE), so that nobody's permissions need to change.
"""

import ctypes
import os
import pwd
import signal
import stat
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

# Numbers of <linux/prctl.h> and <linux/capability.h>.
_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522

# Bound here: between fork and exec nothing may be imported or looked up any more.
_LIBC = ctypes.CDLL(None, use_errno=True)
_ON_LINUX = sys.platform == "linux"


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user that a child runs as."""

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
    return Account(uid=65_534, gid=65_534)


def before_exec(
    *, death_signal: signal.Signals, account: Account | None = None, needs: Iterable[Path] = ()
) -> Callable[[], None]:
    """What a child does between fork and exec.

    It becomes `account`, keeps its way to the files in `needs`, and asks for `death_signal` should its parent die.
    """
    parent = os.getpid()
    passes_checks = account is not None and _ON_LINUX and not all(account.may_enter(path) for path in needs)

    def become() -> None:
        if account is not None:
            _become(account, passes_checks=passes_checks)
        if _ON_LINUX:
            # After the change of user, which clears it.
            _prctl(_PR_SET_PDEATHSIG, death_signal)
            if os.getppid() != parent:
                os._exit(1)

    return become


def _become(account: Account, *, passes_checks: bool) -> None:
    if passes_checks:
        _prctl(_PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)
    if passes_checks:
        _keep_only(_CAP_DAC_OVERRIDE)
        _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE)


def _keep_only(capability: int) -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    mask = 1 << capability
    # Effective, permitted, inheritable: capabilities 0 to 31, then 32 to 63.
    data = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    if _LIBC.capset(header, data) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _prctl(option: int, first: int, second: int = 0) -> None:
    if _LIBC.prctl(option, first, second, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
