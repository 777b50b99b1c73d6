"""Show answers about segments: tables for people, one JSON document for programs."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from domain.kernel.rules.phrases.labels import Labels
from domain.kernel.rules.saying import Sentence, say
from domain.kernel.rules.tree import Rule, Value
from projections.segment_catalogue.queries import SegmentSummary
from projections.segment_members.asking import Found, Overlap, Size
from projections.segment_members.why import Explained

out = Console(markup=False)  # names and words are whatever people wrote
_BAR = 40


def as_document(found: object) -> None:
    """Print JSON, in one line."""
    out.print(msgspec.json.encode(found).decode(), soft_wrap=True, highlight=False, markup=False)


def said(text: str) -> None:
    """Print a line as it is."""
    out.print(text, soft_wrap=True, highlight=False, markup=False)


def segments(found: list[SegmentSummary]) -> None:
    """Show segments by key, which is never cut off: it is what all commands ask for."""
    table = Table(Column("key", no_wrap=True), "名称 name", "kind", "standing", "owner")
    for one in found:
        meant = one.meant
        people = [f"{meant.people:,} people"] if meant and meant.people is not None else []
        version = [f"version {meant.segment_version}"] if meant else []
        kind = "\n".join([f"{one.kind}, {one.origin}", ", ".join([*version, *people])])
        table.add_row(one.key, f"{one.words.name_zh}\n{one.words.name_en}", kind, one.standing, one.words.owner)
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


def explained(found: Explained, labels: Labels) -> None:
    """Show whether somebody is in, and each part of the rule in words, with its answer and evidence."""
    standing = "is in 在内" if found.is_in else "is not in 不在内"
    said(f"{found.profile_id}  {standing}, as of {found.at:%Y-%m-%d %H:%M:%S}Z")
    table = Table("what is asked", "answer", "evidence", show_lines=True)
    for why in found.why:
        part = say(msgspec.convert(why.part, Rule | Value), labels)
        answer = why.value if why.holds is None else {True: "是 yes", False: "否 no"}[why.holds]
        facts = [f"{fact.event} {fact.occurred_at:%Y-%m-%d %H:%M} (fact {fact.fact_id})" for fact in why.facts[:3]]
        more = [f"and {why.total - len(facts):,} more"] if why.total > len(facts) else []
        words = [f"{one.about} = {one.value} since {one.since:%Y-%m-%d}" for one in why.said[:3]]
        table.add_row(f"{part.zh}\n{part.en}", _told(answer), "\n".join([*facts, *more, *words]))
    out.print(table)


def _told(answer: object) -> str:
    if answer is None:
        return "- (nothing is known)"
    return f"{answer:,}" if isinstance(answer, int | float) and not isinstance(answer, bool) else str(answer)


@contextmanager
def working(what: str, *, shown: bool) -> Iterator[None]:
    """Show that something is worked on, and for how long."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    err = Console(stderr=True)
    with Progress(*columns, console=err, transient=True, disable=not (shown and err.is_terminal)) as progress:
        progress.add_task(what, total=None)
        yield
