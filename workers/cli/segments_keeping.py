"""`koi segments verify` and `rebuild`: hold live members against batch, and find them anew."""

import asyncio
import os
import sys
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from commands.runtime.event_store import open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from workers.segmenting.rebuilding import rebuild as begin_anew
from workers.segmenting.verifying import Verified, rules_of
from workers.segmenting.verifying import verify as compare
from workers.segments import showing

AsJson = Annotated[bool, Parameter(name="--json", negative=())]
_out = Console()


def verify(*, repair: Annotated[bool, Parameter(negative=())] = False, as_json: AsJson = False) -> None:
    """Compare the members of live segments with batch, which is the truth; ends with 1 if any differ.

    Args:
        repair: Have those who differ judged at once: what changes is told as entering and leaving.
        as_json: One JSON document.
    """
    settings = Settings.from_environment(os.environ)

    async def act() -> list[Verified]:
        secrets = Secrets.load(settings.secrets_file)
        async with open_event_store(settings.database_url, secrets.master_key, pool_size=4) as store:
            return await compare(store, settings, await rules_of(store.pool), repair=repair)

    found = asyncio.run(act())
    if as_json:
        showing.as_document(found)
    elif not found:
        _out.print("Nothing to compare: no live segment has all its members judged yet. Ask again in a while.")
    else:
        table = Table("segment", "members", "missing", "surplus", "some of them")
        for one in found:
            verdict = "" if one.is_right else ", ".join(map(str, one.sample))
            table.add_row(one.key, f"{one.members:,}", f"{one.missing:,}", f"{one.surplus:,}", verdict)
        _out.print(table)
    if not all(one.is_right for one in found):
        sys.exit(1)


def rebuild(*keys: str) -> None:
    """Find the members of live segments anew; nothing is told of it, so this is for members that were lost.

    For members that are wrong there is `koi segments verify --repair`, which tells what it changes.

    Args:
        keys: The segments; all that are live unless named.
    """
    begun = asyncio.run(begin_anew(Settings.from_environment(os.environ).database_url, keys))
    _out.print(f"begun anew: {', '.join(begun) or 'none, since none of these is live'}")
