"""`koi infer`."""

import asyncio
import os
from typing import Annotated

import cyclopts
import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from commands.identity.describing import Describing
from commands.runtime.event_store import open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings, home_from
from workers.connectors.progress import watching
from workers.inference.frequency import infer_frequencies
from workers.inference.history import infer_history

app = cyclopts.App(
    name="infer",
    help="""Infer what nobody has said, by declared rules; always shown as inferred, with rule and evidence.

The rules are those of `inference.toml` in Koi's home, else the ones that come with Koi. New purchases are looked at
as they come; `run` looks at all of history. What is really said goes before whatever was inferred.
""",
)
_out = Console()

AsJson = Annotated[bool, Parameter(name="--json", negative=())]


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run: customers of whom something new was inferred, or taken back."""

    from_purchases: int
    from_population: int


@app.command
def run(*, as_json: AsJson = False) -> None:
    """Look at all of history: purchases by the rules, and how often customers buy by those who are like them.

    Run it after a back-fill, after a change of the rules, and once a week for the frequencies. Done again, it changes
    nothing that has not changed.

    Args:
        as_json: What came of it, as one JSON object.
    """
    came = asyncio.run(_run(Settings.from_environment(os.environ)))
    if as_json:
        _out.print(msgspec.json.encode(came).decode(), soft_wrap=True, highlight=False, markup=False)
    else:
        _out.print(f"{came.from_purchases:,} customers changed by what they bought,")
        _out.print(f"{came.from_population:,} by how often customers like them buy.")


@app.command
def rules(*, as_json: AsJson = False) -> None:
    """Show the rules in force: what each infers, how sure it is, and why.

    Args:
        as_json: The rules by name, as one JSON object.
    """
    declared = Describing.of_home(home_from(os.environ)).inference
    if as_json:
        _out.print(msgspec.json.encode(declared.all()).decode(), soft_wrap=True, highlight=False, markup=False)
        return
    table = Table("rule", "infers", "sure", "why", "原因", title=f"version {declared.version}")
    for name, one in declared.all().items():
        table.add_row(name, one.attribute, f"{one.confidence}%", one.en, one.zh)
    _out.print(table)


async def _run(settings: Settings) -> Came:
    secrets = Secrets.load(settings.secrets_file)
    declared = Describing.of_home(settings.home).inference
    async with open_event_store(settings.database_url, secrets.master_key) as store:
        with watching(_out) as watch:
            purchases = await infer_history(store, declared, watch)
            population = await infer_frequencies(store, declared, watch)
    return Came(from_purchases=purchases, from_population=population)
