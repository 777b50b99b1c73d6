"""Show answers about segments: tables for people, one JSON document for programs."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from domain.kernel.rules.saying import Sentence
from projections.segment_catalogue.queries import SegmentSummary
from projections.segment_members.asking import Found, Overlap, Size
from projections.segment_members.why import Explained

out = Console()
_BAR = 40


def as_document(found: object) -> None:
    """Print JSON, in one line."""
    out.print(msgspec.json.encode(found).decode(), soft_wrap=True, highlight=False, markup=False)


def said(text: str) -> None:
    """Print a line as it is."""
    out.print(text, soft_wrap=True, highlight=False, markup=False)


def segments(found: list[SegmentSummary]) -> None:
    """Show segments by key."""
    table = Table("key", "名称", "name", "kind", "origin", "version", "standing", "people in the list", "owner")
    for one in found:
        people = f"{one.meant.people:,}" if one.meant and one.meant.people is not None else ""
        version = str(one.meant.segment_version) if one.meant else ""
        words = one.words
        row = (one.key, words.name_zh, words.name_en, one.kind, one.origin, version, one.standing, people, words.owner)
        table.add_row(*row)
    out.print(table)


def sentence(found: Sentence) -> None:
    """Show what a rule says."""
    said(found.zh)
    said(found.en)


def counted(found: Found) -> None:
    """Show how many are in, of all."""
    share = found.count / found.people if found.people else 0.0
    said(f"{found.count:,} of {found.people:,} people ({share:.1%})")


def sizes(found: list[Size]) -> None:
    """Show sizes over time, with bars."""
    most = max((one.count for one in found), default=0) or 1
    table = Table("as of", "people", "")
    for one in found:
        table.add_row(f"{one.at:%Y-%m-%d %H:%M}Z", f"{one.count:,}", "█" * round(_BAR * one.count / most))
    out.print(table)


def overlap(found: Overlap) -> None:
    """Show who is in each pair: people, and the share of those in either."""
    table = Table("", *found.keys)
    for key, counts, shares in zip(found.keys, found.counts, found.shares, strict=True):
        cells = (f"{count:,} ({share:.0%})" for count, share in zip(counts, shares, strict=True))
        table.add_row(key, *cells)
    out.print(table)


def explained(found: Explained) -> None:
    """Show whether somebody is in, and each part of the rule with its answer and evidence."""
    standing = "is in 在内" if found.is_in else "is not in 不在内"
    said(f"{found.profile_id}  {standing}, as of {found.at:%Y-%m-%d %H:%M:%S}Z")
    table = Table("place", "what", "answer", "evidence")
    for why in found.why:
        answer = why.value if why.holds is None else {True: "yes", False: "no"}[why.holds]
        facts = [f"{fact.event} {fact.occurred_at:%Y-%m-%d %H:%M} (fact {fact.fact_id})" for fact in why.facts[:3]]
        more = [f"and {why.total - len(facts):,} more"] if why.total > len(facts) else []
        words = [f"{one.about} = {one.value} since {one.since:%Y-%m-%d}" for one in why.said[:3]]
        table.add_row(why.place or "the rule", why.part["type"], str(answer), "\n".join([*facts, *more, *words]))
    out.print(table)


@contextmanager
def working(what: str, *, shown: bool) -> Iterator[None]:
    """Show that something is worked on, and for how long."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    err = Console(stderr=True)
    with Progress(*columns, console=err, transient=True, disable=not (shown and err.is_terminal)) as progress:
        progress.add_task(what, total=None)
        yield
