"""`koi identity rules`: show, check, compare and adopt the rules that decide who is one person."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import cyclopts
import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from commands.identity.rules import AdoptedRules, AdoptRules, adopt_rules
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore, open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.identity.identifier import IdentifierType
from domain.identity.naming import Naming
from domain.identity.rule_book import RuleBook, rule_book_stream
from domain.identity.rules import read_rules
from domain.kernel.errors import InvalidInputError
from projections.engine.waiting import wait_until
from projections.identity_graph.comparing import Comparison
from projections.identity_graph.comparing import compare as compared

app = cyclopts.App(
    name="rules",
    help="""The rules that decide who is one person: how far each kind of identifier is trusted.

To change them: `koi identity rules show --text > rules.toml`, edit, `check`, `compare`, then `adopt`.
""",
)
_out = Console()
_WAIT_SECONDS = 3600.0

AsJson = Annotated[bool, Parameter(name="--json", negative=())]
Told = Callable[[str], None]


@app.command
def show(*, text: Annotated[bool, Parameter(negative=())] = False, as_json: AsJson = False) -> None:
    """Show the rules in force, and the versions adopted so far.

    Args:
        text: The file that comes with Koi instead, to be edited.
        as_json: The rules in force as JSON.
    """
    if text:
        source = resources.files("domain.identity").joinpath("rules.toml").read_text(encoding="utf-8")
        _out.out(source, highlight=False)
        return
    book: RuleBook = _with(lambda store, _: store.streams.load(RuleBook, rule_book_stream()))
    if as_json:
        _print_json({"version": len(book.adopted), "guards": book.guards})
        return
    table = Table("kind", "strength", "persons", "links", title=f"Version {len(book.adopted)}")
    for kind in IdentifierType:
        limit = book.guards.limits[kind]
        table.add_row(kind, limit.strength, "" if limit.persons is None else str(limit.persons), str(limit.links))
    _out.print(table)
    _out.print(f"{len(book.guards.blocked)} blocked values", highlight=False)


@app.command
def check(file: Path) -> None:
    """Say whether a file of rules can be used, and if not, which line of it is wrong.

    Args:
        file: The rules, a TOML file.
    """
    rules = read_rules(_text(file))
    blocked = sum(len(values) for listed in (rules.blocked, rules.own) for values in listed.values())
    _out.print(f"{file.name}: good; {len(rules.types)} kinds, {blocked} blocked values", highlight=False)


@app.command
def compare(file: Path, *, as_json: AsJson = False) -> None:
    """Show what other rules would do to the whole history, before anything is switched.

    Args:
        file: The rules, a TOML file.
        as_json: The comparison as JSON.
    """
    rules = read_rules(_text(file))
    with _progress(shown=not as_json) as told:
        found = _with(lambda store, naming: compared(store.pool, rules.guards(naming.customer_id), told))
    if as_json:
        _print_json(found)
    else:
        _show_comparison(found)


@app.command
def adopt(file: Path | None = None, *, reason: str, version: int | None = None, as_json: AsJson = False) -> None:
    """Put rules in force over the whole history, or switch back to an earlier version; waits until it is done.

    Args:
        file: The rules, a TOML file.
        reason: Why they change.
        version: The earlier version to switch back to, instead of a file.
        as_json: The new version as JSON.
    """
    command = AdoptRules(reason=reason, rules=_text(file) if file else None, version=version)
    with _progress(shown=not as_json) as told:
        adopted = _with(lambda store, naming: _adopted(store, naming, command, told))
    if as_json:
        _print_json(adopted)
    else:
        _out.print(f"Version {adopted.version} is in force; `adopt --version N` switches back.", highlight=False)


async def _adopted(store: EventStore, naming: Naming, command: AdoptRules, told: Told) -> AdoptedRules:
    told("adopting")
    adopted = await adopt_rules(command, by=Context(actor="cli"), streams=store.streams, naming=naming)
    told("resolving everybody")
    await wait_until(store.pool, "identity_graph", adopted.position, _WAIT_SECONDS)
    return adopted


def _show_comparison(found: Comparison) -> None:
    table = Table("", "now", "then", title=f"{found.customers:,} customers and identifiers")
    table.add_row("profiles 档案", f"{found.now.profiles:,}", f"{found.then.profiles:,}")
    table.add_row("of several 多标识档案", f"{found.now.joined:,}", f"{found.then.joined:,}")
    for hold in ("blocked", "crowded", "shared"):
        table.add_row(f"{hold} identifiers", f"{found.now.held.get(hold, 0):,}", f"{found.then.held.get(hold, 0):,}")
    table.add_row("largest 最大档案", _sizes(found.now.largest), _sizes(found.then.largest))
    _out.print(table)
    _out.print(
        f"{found.merged:,} profiles merged, {found.split:,} split, {found.moved:,} customers move", highlight=False
    )
    for sample in found.samples:
        what = f"{sample.change}: {len(sample.before)} -> {len(sample.after)}"
        _out.print(f"  {what}  {sample.before[0]}  {'; '.join(sample.reasons)}", soft_wrap=True, highlight=False)


def _sizes(sizes: tuple[int, ...]) -> str:
    return ", ".join(f"{size:,}" for size in sizes)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{file.name} cannot be read: {error}", field="file") from None


def _with(act: Callable[[EventStore, Naming], Awaitable[Any]]) -> Any:
    async def acting() -> Any:
        settings = Settings.from_environment(os.environ)
        secrets = Secrets.load(settings.secrets_file)
        async with open_event_store(settings.database_url, secrets.master_key, pool_size=4) as store:
            return await act(store, Naming(secrets.pepper))

    return asyncio.run(acting())


@contextmanager
def _progress(*, shown: bool) -> Iterator[Told]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=_out, transient=True, disable=not (shown and _out.is_terminal)) as progress:
        task = progress.add_task("", total=None)
        yield lambda what: progress.update(task, description=what)


def _print_json(found: object) -> None:
    _out.print(msgspec.json.encode(found).decode(), soft_wrap=True, highlight=False, markup=False)
