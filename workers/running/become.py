"""Become another program: under which user, with what to do when the parent dies.

Run as a script of its own between the supervisor and the program, which takes its place under the same process id: what
happens here may not happen in a fork of a process with threads. Only the standard library is at hand.
"""

import ctypes
import json
import os
import sys

# Numbers of <linux/prctl.h>, <linux/securebits.h> and <linux/capability.h>.
_PR_SET_PDEATHSIG = 1
_PR_SET_SECUREBITS = 28
_SECBIT_NO_SETUID_FIXUP = 4
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522

_LIBC = ctypes.CDLL(None, use_errno=True)
_ON_LINUX = sys.platform == "linux"


def main(order: str, *command: str) -> None:
    """Carry out the order (JSON: uid, gid, passes_checks, death_signal, parent), then become the command."""
    wanted = json.loads(order)
    if wanted["uid"] is not None:
        _change_user(wanted["uid"], wanted["gid"], passes_checks=wanted["passes_checks"] and _ON_LINUX)
    if _ON_LINUX:
        # After the change of user, which clears it.
        _prctl(_PR_SET_PDEATHSIG, wanted["death_signal"])
        if os.getppid() != wanted["parent"]:
            sys.exit("The parent has died meanwhile.")
    os.execv(command[0], command)


def _change_user(uid: int, gid: int, *, passes_checks: bool) -> None:
    if passes_checks:
        # Keeps capabilities over the change of user, and lets access(2) see them: PostgreSQL asks it for its own files.
        _prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
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


if __name__ == "__main__":
    main(*sys.argv[1:])
