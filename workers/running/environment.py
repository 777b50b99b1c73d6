"""Make `.venv` from the lock file: every package by its hash, from whatever index this machine is set up for.

Run by `make` with a bare Python, before anything is installed: only the standard library may be used here.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = "requirements.lock"
_OLDEST = (3, 11)
_TOO_OLD = """\
Koi needs Python 3.11 or newer, and {python} is {version}.
  Debian or Ubuntu: apt-get install python3 python3-venv   (Debian 12, Ubuntu 24.04 or newer)
  or name one:      make up KOI_PYTHON=/path/to/python3.11
"""
_NO_VENV = """\
{python} cannot make virtual environments.
  Debian or Ubuntu: apt-get install python3-venv
  or name another:  make up KOI_PYTHON=/path/to/python3.11
"""


def main() -> None:
    """Make the environment unless it stands already; exits with the remedy when that cannot be."""
    folder = ROOT / ".venv"
    stamp = folder / ".made-from"
    wanted = fingerprint(ROOT)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    _say("Making the environment in .venv from requirements.lock (the first time it downloads about 250 MB)")
    try:
        create(folder)
        install(folder / "bin" / "python")
    except subprocess.CalledProcessError as error:
        sys.exit(f"The environment could not be made: {' '.join(error.cmd[:4])} ended with {error.returncode}.")
    stamp.write_text(wanted)


def fingerprint(root: Path) -> str:
    """What an environment depends on: the lock, the project's settings, its place and the Python."""
    told = hashlib.sha256()
    for part in (root / LOCK, root / "pyproject.toml"):
        told.update(part.read_bytes())
    told.update(f"{root}\n{sys.version}".encode())
    return told.hexdigest()


def create(folder: Path) -> None:
    """Make an empty virtual environment with pip, unless one of this Python stands at this place."""
    if sys.version_info < _OLDEST:
        sys.exit(_TOO_OLD.format(python=sys.executable, version=sys.version.split()[0]))
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        sys.exit(_NO_VENV.format(python=sys.executable))
    if _stands(folder):
        return
    if folder.exists():
        shutil.rmtree(folder)
    _run([sys.executable, "-m", "venv", str(folder)], dict(os.environ))


def _stands(folder: Path) -> bool:
    try:
        notes = (folder / "pyvenv.cfg").read_text()
        asked = [str(folder / "bin" / "python"), "-c", "import sys; print(sys.version)"]
        found = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return False
    # Its scripts name their place: a moved environment does not work.
    return found == sys.version.strip() and f"{folder}\n" in notes


def install(python: Path) -> None:
    """Fill the environment from the lock, and put the project itself in, editable."""
    env = os.environ | {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "VIRTUAL_ENV": str(python.parents[1])}
    try:
        _with_uv(python, env)
    except (OSError, subprocess.CalledProcessError):
        _say("uv could not do it; trying pip, which takes longer")
        pip = [str(python), "-m", "pip", "install", "--quiet"]
        _run([*pip, "--require-hashes", "--no-deps", "-r", LOCK], env)
        _run([*pip, "--no-deps", "--no-build-isolation", "-e", "."], env)


def _with_uv(python: Path, env: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "uv.txt"
        wanted.write_text(pinned(ROOT / LOCK, "uv"))
        pip = [str(python), "-m", "pip"]
        _run([*pip, "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(wanted)], env)
    env = env | uv_settings(pip_settings(python, env), env)
    uv = [str(python.with_name("uv")), "pip"]
    there = ["--python", str(python)]
    # Where Python may not keep what it compiled (as in many containers), each start would compile everything anew.
    compiled = ["--compile-bytecode"] if sys.dont_write_bytecode else []
    _run([*uv, "sync", *there, *compiled, "--require-hashes", LOCK], env)
    _run([*uv, "install", "--quiet", *there, "--no-deps", "--no-build-isolation", "--editable", "."], env)


def pinned(lock: Path, name: str) -> str:
    """The lines of the lock that pin one package: its version and its hashes."""
    lines = lock.read_text().splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.startswith(f"{name}=="))
    rest = next((number for number in range(first + 1, len(lines)) if not lines[number].startswith(" ")), len(lines))
    return "".join(lines[first:rest])


def pip_settings(python: Path, env: dict[str, str]) -> dict[str, str]:
    """What pip is set to on this machine (`global.index-url` and so on), from its files and its variables."""
    listed = subprocess.run(
        [str(python), "-m", "pip", "config", "list"], check=True, capture_output=True, text=True, env=env
    )
    pairs = (line.partition("=") for line in listed.stdout.splitlines())
    return {name.split(".")[-1]: value.strip("'\"") for name, _, value in pairs}


def uv_settings(pip: dict[str, str], env: dict[str, str]) -> dict[str, str]:
    """The index and certificate that pip is set to, as uv takes them; what uv is told itself goes first."""
    own = {"UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX"}
    found = {}
    if "index-url" in pip and not own & env.keys():
        found["UV_DEFAULT_INDEX"] = pip["index-url"]
    if "cert" in pip and "SSL_CERT_FILE" not in env:
        found["SSL_CERT_FILE"] = pip["cert"]
    if "trusted-host" in pip and "UV_INSECURE_HOST" not in env:
        found["UV_INSECURE_HOST"] = pip["trusted-host"]
    return found


def _run(command: list[str], env: dict[str, str]) -> None:
    subprocess.run(command, check=True, env=env, cwd=ROOT)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
