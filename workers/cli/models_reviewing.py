"""`koi models review|simulate`: whom people should look at next, and what that is worth where the truth is known."""

import asyncio
import csv
import io
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Column, Table

from commands.runtime.context import Context
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.kernel.errors import InvalidInputError
from domain.scoring.core import core_segments
from workers.cli.bars import progress

if TYPE_CHECKING:
    from workers.scoring.core.asking import Reviews

_out = Console()
_BY = Context(actor="cli")
_MOST = 5_000

AsJson = Annotated[bool, Parameter(name="--json", negative=())]


def review(
    *,
    count: int = 50,
    as_csv: Annotated[bool, Parameter(name="--csv", negative=(), help="A file to fill in.")] = False,
    as_json: AsJson = False,
) -> None:
    """List whom people should review next for the core segments: those who teach most, and some drawn by lot.

    What people say is the tag core_segment with the segment's key as its value, through any source of tags (a CRM, or
    the API). From 300 reviewed customers on, training learns from people alone:

        koi models review --csv > review.csv

    Args:
        count: How many.
        as_csv: As CSV, with an empty column core_segment.
        as_json: With what the model and the rules say of each, as JSON.
    """
    from workers.scoring.core.asking import to_review
    from workers.scoring.opening import open_scoring

    if not 0 < count <= _MOST:
        raise InvalidInputError(f"from 1 to {_MOST:,} customers can be asked for at once", field="count")
    settings = Settings.from_environment(os.environ)

    async def acting() -> "Reviews":
        with progress(_out, shown=not (as_json or as_csv)) as told:
            secrets = Secrets.load(settings.secrets_file)
            async with open_scoring(settings, secrets, by=_BY, told=told) as work:
                return await to_review(work, datetime.now(UTC), count)

    found = asyncio.run(acting())
    if as_json:
        _out.print(msgspec.json.encode(found).decode(), soft_wrap=True, highlight=False, markup=False)
        return
    (_print_csv if as_csv else _show)(found)


def _print_csv(found: "Reviews") -> None:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("customer_id", "core_segment", "why", "rule"))
    rows.writerows((one.profile_id, "", one.why.en, one.rule or "") for one in found.people)
    sys.stdout.write(text.getvalue())


def _show(found: "Reviews") -> None:
    named = core_segments()
    table = Table(Column("customer", no_wrap=True, min_width=36), "why", "rule", "known by")
    for one in found.people:
        rule = f"{named[one.rule].zh}\n{named[one.rule].en}" if one.rule else ""
        reasons = "\n".join(reason.en for reason in one.reasons)
        table.add_row(one.profile_id, f"{one.why.zh}\n{one.why.en}", rule, reasons)
    _out.print(table)
    more = max(0, found.enough - found.reviewed)
    still = f"{more:,} more until people teach the model" if more else "people teach the model"
    _out.print(f"{found.reviewed:,} reviewed so far, {found.judging:,} of them drawn by lot; {still}.")


def simulate(
    *,
    town: tuple[int, ...] = (0, 1, 2, 3),
    spread: tuple[float, ...] = (1.0, 0.5),
    reviewed: tuple[int, ...] = (500, 2_000, 5_000),
    people: int = 20_000,
    as_json: AsJson = False,
) -> None:
    """Say how right rules alone and the classifier are in made-up towns, where the truth is known.

    Half of a town's people are never reviewed; of them alone it is told how many are put where they belong. A spread
    of 1 is a town as it was written down; with less, people stray less far from their type, and rules err less.

        koi models simulate --town 1 --spread 1 --spread 0.5 --reviewed 2000

    Args:
        town: Which towns; several times. Other numbers are other towns, the same every time.
        spread: How difficult they are; several times.
        reviewed: How many are reviewed, at random and as `koi models review` asks; several times.
        people: How many people a town has.
        as_json: One JSON object a line, with recall and confusion.
    """
    from workers.bench.difficulty import curve

    if min(spread, default=1.0) <= 0 or people < 1_000:  # noqa: PLR2004 - fewer have not all segments among them
        raise InvalidInputError("a spread is more than 0, and a town has 1,000 people at least", field="spread")
    table = Table("town", "spread", "reviewed", "how", "right", "calibration error", "most confused")
    for wide in spread:
        for number in town:
            for one in curve(number, wide, reviewed=reviewed, count=people):
                if as_json:
                    print(msgspec.json.encode(one).decode(), flush=True)  # noqa: T201 - a line as soon as it is known
                error = "" if one.calibration_error is None else f"{one.calibration_error:.3f}"
                pairs = "; ".join(f"{a} -> {b} {share:.0%}" for a, b, share in one.confused[:2])
                table.add_row(str(number), f"{wide}", f"{one.reviewed:,}", one.how, f"{one.right:.1%}", error, pairs)
    if not as_json:
        _out.print(table)
