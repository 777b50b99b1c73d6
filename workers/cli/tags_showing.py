"""How `koi tags` shows things: tables for people, JSON for programs."""

from typing import Annotated, Any, Final

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from domain.kernel.errors import NotFoundError
from domain.tags.definition import Definition
from projections.live_tags.queries import Explained, TagValue
from projections.tag_catalogue.comparing import Move
from projections.tag_catalogue.counting import Distribution
from workers.cli.asking_tags import said

AsJson = Annotated[bool, Parameter(name="--json", negative=())]
At = Annotated[str | None, Parameter(help="As of an instant, such as 2026-11-01T00:00:00Z; now unless given.")]
out: Final = Console(markup=False)  # names and words are whatever people wrote


def as_json(found: object) -> None:
    """Print JSON, in one line."""
    out.print(msgspec.json.encode(found).decode(), soft_wrap=True, highlight=False)


def line(text: str) -> None:
    """Print a line as it is."""
    out.print(text, soft_wrap=True, highlight=False)


def heading(text: str) -> None:
    """Print a line that stands out."""
    out.print(text, soft_wrap=True, highlight=False, style="bold")


def spread(found: Distribution, type_: str) -> None:
    """Show how values are spread: of numbers the quantiles too."""
    share = found.covered / found.people if found.people else 0
    line(f"{found.covered:,} of {found.people:,} people ({share:.1%}) as of {found.at:%F %T} UTC")
    if found.quantiles:
        table = Table("quantile", "value")
        for quantile in found.quantiles:
            table.add_row(f"{quantile.share:.0%}", said(quantile.value, type_))
        out.print(table)
    table = Table("值 value", "people", title=f"{len(found.values):,} of {found.distinct:,} values")
    for one in found.values:
        table.add_row(said(one.value, type_), f"{one.people:,}")
    out.print(table)


def value(tag: TagValue) -> str:
    """Return what a tag is of somebody, as people read it."""
    return f"{tag.label.zh} {tag.label.en}" if tag.label else said(tag.value, tag.type)


def evidence(found: Explained) -> None:
    """Show the parts that a value came from, with facts and words."""
    table = Table("part", "outcome", "依据 evidence")
    for part in found.evidence:
        outcome = said(part.value if part.holds is None else part.holds, "")
        facts = [f"fact {one.fact_id}  {one.occurred_at:%F %T}  {one.event}" for one in part.facts]
        more = [f"... {part.total} in all"] if part.total > len(part.facts) else []
        words = [f"{one.about} = {one.value} since {one.since:%F}{_inferred(one)}" for one in part.said]
        table.add_row(f"{part.place or '(whole)'}\n{part.part['type']}", outcome, "\n".join([*words, *facts, *more]))
    out.print(table)


def moves(found: list[Move], before: str, after: str, type_: str = "") -> None:
    """Show from which value to which so many people moved."""
    table = Table(before, after, "people")
    for move in found:
        table.add_row(said(move.before, type_), said(move.after, type_), f"{move.people:,}")
    out.print(table)


def words_of(tag: Definition) -> str:
    """Return all words about a tag, to be searched."""
    return f"{tag.key} {tag.name.zh} {tag.name.en} {tag.meaning.zh} {tag.meaning.en}".casefold()


def somebody(found: Any) -> Any:
    """Return what was found of a person; raises `NotFoundError`."""
    if found is None:
        raise NotFoundError("nobody is known under this id or identifier", field="customer")
    return found


def _inferred(word: Any) -> str:
    return f" (inferred: {word.inferred_by})" if word.inferred_by else ""
