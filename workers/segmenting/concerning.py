"""What of a page concerns one person: which of her memberships, and from when on."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from domain.activity.withdrawing import WITHDRAWN
from projections.profile_history.facts import FactRow
from workers.segmenting.news import Seen, Tidings
from workers.segmenting.registry import Group
from workers.segmenting.step import SAID, Concern
from workers.segmenting.subject import Subject
from workers.segmenting.subjects import Occurring
from workers.segmenting.watching import Watch


class _Withdrawal(msgspec.Struct):
    name: str = ""


_withdrawal = msgspec.json.Decoder(_Withdrawal).decode


def since(group: Group, found: Tidings) -> datetime | None:
    """Return when anything was last said of who the person is, None if nothing was."""
    told = (found.customers[one] for one in (group.profile_id, *group.members) if one in found.customers)
    return max((one.joined for one in told if one.joined), default=None)


def gather(subject: Subject, concern: Concern, told: Sequence[Seen], occurring: Occurring | None, watch: Watch) -> None:
    """Let what was told concern the person's memberships; without `occurring` her history has the facts already."""
    rows = sorted((row for one in told for row in one.rows), key=lambda row: (row.occurred_at, row.fact_id))
    if occurring is None:
        by_name(concern, rows, watch)
    else:
        by_series(subject, concern, rows, occurring, watch)
    for at in (at for one in told for at in one.words):
        concern.add(watch.of_words, at, SAID)
    if concern.is_new:
        everything(concern, watch)


def by_name(concern: Concern, rows: Sequence[FactRow], watch: Watch) -> None:
    """Let facts that stand in the history already concern whatever asks for their names."""
    for row in rows:
        name = _withdrawal(row.body).name if row.name == WITHDRAWN else row.name
        concern.add(watch.concerned_by(name), row.occurred_at, row.name)


def by_series(subject: Subject, concern: Concern, rows: Sequence[FactRow], occurring: Occurring, watch: Watch) -> None:
    """Add facts to the history, and let them concern what looks at the series they were added to."""
    for row in rows:
        if row.fact_id in subject.ahead:
            by_name(concern, [row], watch)
            continue
        series = subject.add(*occurring[row.fact_id])
        concern.add(watch.concerned_by_series(row.name, series), row.occurred_at, row.name)


def everything(concern: Concern, watch: Watch) -> None:
    """Let everything concern somebody who is new, from the first instant that anything is known of."""
    for at, reason in concern.reasons.items():
        concern.add(watch.keys, at, reason)
