"""What a running `koi up` tells other terminals: where its database, broker and API are."""

import fcntl
import os
from pathlib import Path

import msgspec


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses of one running Koi; `pids` names its processes."""

    database_url: str
    nats_url: str
    host: str
    port: int
    pids: dict[str, int] = {}


def run_folder(home: Path) -> Path:
    """The folder of what only lives as long as the processes."""
    return home / "run"


def lock_file(home: Path) -> Path:
    """The file that `koi up` holds locked while it runs; the lock goes with the process, however it ends."""
    return run_folder(home) / "up.lock"


def is_running(home: Path) -> bool:
    """Whether a `koi up` holds this home."""
    try:
        descriptor = os.open(lock_file(home), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def read_services(home: Path) -> Services | None:
    """The services running for this home; None when nothing runs."""
    if not is_running(home):
        return None
    try:
        return msgspec.json.decode(_services_file(home).read_bytes(), type=Services)
    except FileNotFoundError:
        return None


def write_services(home: Path, services: Services) -> None:
    """Tell other terminals; readable by the owner alone, since the broker's address carries its token."""
    file = _services_file(home)
    fresh = file.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.chmod(0o600)
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(services), indent=2))
    fresh.replace(file)


def forget_services(home: Path) -> None:
    """Nothing runs any more."""
    _services_file(home).unlink(missing_ok=True)


def _services_file(home: Path) -> Path:
    return run_folder(home) / "services.json"
