"""Which Chromium the tests of browser SDKs drive: the machine's own, else the one that comes by npm."""

import os
import platform
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from tests.clients.installing import HERE, MODULES, NODE, NotInstalledError, installed

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# macOS keeps browsers off the PATH.
_ON_MACOS: Final = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
_PACKED: Final = MODULES / "@sparticuz" / "chromium" / "bin"
_SECONDS: Final = 300

FLAGS: Final = (
    "--no-sandbox",  # root may not have one, and only our own pages are opened
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # it finds nobody but this machine
)


class NoBrowserError(Exception):
    """No Chromium can be had here; the words say what to install."""


@dataclass(frozen=True)
class Chromium:
    """An executable, and the folder of shared libraries that it brings along, if any."""

    executable: Path
    libraries: Path | None = None

    @property
    def environment(self) -> dict[str, str | float | bool]:
        """What the browser's process sees: nothing of the tests' environment that it does not need."""
        seen: dict[str, str | float | bool] = {
            name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ
        }
        return seen | ({"LD_LIBRARY_PATH": str(self.libraries)} if self.libraries else {})


@cache
def found() -> Chromium:
    """Return the Chromium to drive: `KOI_CHROMIUM`, one on the PATH, or the packed one; else `NoBrowserError`."""
    named = os.environ.get("KOI_CHROMIUM")
    if named:
        if not Path(named).exists():
            raise NoBrowserError(f"KOI_CHROMIUM names {named}, which does not exist")
        return Chromium(Path(named))
    for name in _NAMES:
        if on_path := shutil.which(name):
            return Chromium(Path(on_path))
    if sys.platform == "darwin" and _ON_MACOS.exists():
        return Chromium(_ON_MACOS)
    return _unpacked()


def _unpacked() -> Chromium:
    """Return the Chromium that is packed in an npm package; it needs no package of the system."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise NoBrowserError(
            "no Chromium here: install one (Debian: apt-get install chromium; macOS: Google Chrome), "
            "or say KOI_CHROMIUM=/path/to/chromium"
        )
    try:
        installed()
    except NotInstalledError as error:
        raise NoBrowserError(f"install Chromium (Debian: apt-get install chromium), or: {error}") from None
    executable, libraries = MODULES / ".chromium", MODULES / ".chromium-libraries"
    if not executable.exists():
        _unpack(executable, libraries)
    return Chromium(executable, libraries / "lib")


def _unpack(executable: Path, libraries: Path) -> None:
    fresh, archive = executable.with_suffix(".unpacking"), libraries.with_suffix(".tar")
    files = [_PACKED / "chromium.br", fresh, _PACKED / "al2023.tar.br", archive]
    subprocess.run([NODE, HERE / "unpack.mjs", *files], check=True, timeout=_SECONDS)
    with tarfile.open(archive) as packed:
        packed.extractall(libraries, filter="data")
    archive.unlink()
    fresh.chmod(0o755)
    fresh.rename(executable)  # last: it stands for all of it
