"""`koi import`."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import cyclopts
import msgspec
from cyclopts import Parameter
from rich.console import Console

from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings, home_from, secrets_file_from
from domain.identity.naming import Naming
from domain.ingestion.mapping import Mapping
from domain.ingestion.mapping_reading import read
from workers.connectors.demo import import_demo
from workers.connectors.destination import open_destination
from workers.connectors.errors import NoSuchFileError
from workers.connectors.importing import check_file, import_file
from workers.connectors.progress import watching
from workers.connectors.report import FileReport, show
from workers.connectors.source_file import locate

app = cyclopts.App(name="import", help="Bring files of history in, as their mapping declares.")
_out = Console()

# History can wait: what goes on meanwhile must not.
_NICE = 10

AsJson = Annotated[bool, Parameter(name="--json", negative=())]


@app.default
def files(
    mapping: Path,
    *,
    file: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    check: Annotated[bool, Parameter(negative=())] = False,
    as_json: AsJson = False,
) -> None:
    """Import the files of a source; one that was imported before changes nothing.

    Args:
        mapping: The TOML file that says what the columns mean.
        file: A file to import instead of those the mapping names (path, pattern or URL); may be given several times.
        check: Only say what would happen: rows, facts, customers, and each refused row's line and reason.
        as_json: What came of each file, one JSON object a line.
    """
    declared, base = _declared(mapping)
    addresses = _addresses(declared, base, file)
    reports = _checked(addresses, declared, base) if check else asyncio.run(_imported(addresses, declared, base))
    if as_json:
        for report in reports:
            _print_json(report)
    else:
        show(reports, _out)


@app.command
def demo(*, as_json: AsJson = False) -> None:
    """Import the real retail history that comes with the `demo` extra, and launch its journey.

    Args:
        as_json: What came of each file, as one JSON object.
    """
    settings = Settings.from_environment(os.environ)
    report = asyncio.run(import_demo(settings, Console(quiet=True) if as_json else _out))
    if as_json:
        _print_json(report)


def _declared(file: Path) -> tuple[Mapping, Path]:
    if not file.is_file():
        raise NoSuchFileError(f"there is no mapping {file}")
    return read(file.read_text(encoding="utf-8-sig")), file.parent


def _addresses(declared: Mapping, base: Path, named: Sequence[str]) -> list[str]:
    """Those the command line names lie where the person stands, those of the mapping beside it."""
    if not named:
        return locate(declared.file_form, base)
    forms = [msgspec.structs.replace(declared.file_form, path=one) for one in named]
    return [address for form in forms for address in locate(form, Path.cwd())]


def _checked(addresses: Sequence[str], declared: Mapping, base: Path) -> list[FileReport]:
    """Needs no running Koi: nothing is compared with what is known."""
    home, secrets_file = home_from(os.environ), secrets_file_from(os.environ)
    pepper = Secrets.load(secrets_file).pepper if secrets_file.exists() else os.urandom(32)
    return [check_file(one, declared, base=base, home=home, naming=Naming(pepper)) for one in addresses]


async def _imported(addresses: Sequence[str], declared: Mapping, base: Path) -> list[FileReport]:
    os.nice(_NICE)
    settings = Settings.from_environment(os.environ)
    async with open_destination(settings, Secrets.load(settings.secrets_file)) as into:
        with watching(_out) as watch:
            return [await import_file(one, declared, into, base=base, watch=watch) for one in addresses]


def _print_json(report: msgspec.Struct) -> None:
    _out.print(msgspec.json.encode(report).decode(), soft_wrap=True, highlight=False, markup=False)
