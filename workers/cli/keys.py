"""`koi keys`: who may ask Koi for what."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import asyncpg
import cyclopts
import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Column, Table

from commands.access.keys import create_key, list_keys, revoke_key
from commands.access.scope import Scope
from commands.runtime.event_store import open_pool
from commands.runtime.settings import Settings

app = cyclopts.App(name="keys", help="Create, list and revoke API keys.")
_out = Console()

AsJson = Annotated[bool, Parameter(name="--json", negative=())]


@app.command
def create(
    *,
    scope: Annotated[tuple[Scope, ...], Parameter(negative=())],
    label: str,
    source: str | None = None,
    origin: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    as_json: AsJson = False,
) -> None:
    """Make a key, and show it this once.

    Args:
        scope: What it opens; may be given several times.
        label: What it is for, to recognise it by.
        source: The name of the events that come with it; needed with the scope ingest, and only there.
        origin: The pages that may send events with it, such as https://shop.example.cn; may be given several times. A
            write key on a page is public: this keeps others from using it on theirs.
        as_json: The key as JSON.
    """
    made = _over(lambda pool: create_key(pool, label=label, wanted=scope, source=source, origins=origin))
    if as_json:
        _print_json(made)
        return
    _out.print(f"[bold]{made.key}[/]", soft_wrap=True, highlight=False)
    _out.print(f"{made.key_id}: {', '.join(made.scopes)}. Keep it now: it is not shown again.", highlight=False)


@app.command(name="list")
def show(*, as_json: AsJson = False) -> None:
    """List every key there ever was; the keys themselves are not known any more.

    Args:
        as_json: One JSON object a line.
    """
    found = _over(list_keys)
    if as_json:
        for key in found:
            _print_json(key)
        return
    columns = ("label", "scopes", "source", "pages", "created (UTC)", "revoked (UTC)")
    table = Table(Column("id", no_wrap=True), *columns)
    for key in found:
        revoked = f"{key.revoked_at:%F %T}" if key.revoked_at else ""
        said = (key.label, " ".join(key.scopes), key.source or "", " ".join(key.origins))
        table.add_row(key.key_id, *said, f"{key.created_at:%F %T}", revoked)
    _out.print(table)


@app.command
def revoke(key_id: str, *, as_json: AsJson = False) -> None:
    """Close a key for ever; running processes notice within ten seconds.

    Args:
        key_id: The key's id, as the list shows it.
        as_json: The key as JSON.
    """
    key = _over(lambda pool: revoke_key(pool, key_id))
    if as_json:
        _print_json(key)
    else:
        _out.print(f"{key.key_id} ({key.label}) is revoked.", highlight=False)


def _over(act: Callable[[asyncpg.Pool], Awaitable[Any]]) -> Any:
    async def acting() -> Any:
        settings = Settings.from_environment(os.environ)
        async with await open_pool(settings.database_url, size=1) as pool:
            return await act(pool)

    return asyncio.run(acting())


def _print_json(found: object) -> None:
    _out.print(msgspec.json.encode(found).decode(), soft_wrap=True, highlight=False, markup=False)
