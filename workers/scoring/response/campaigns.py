"""Which campaigns there were, and of each whom it reached, what was known of them before, and who redeemed."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from domain.kernel.rules.tree import Between, Compare, Field, Measure, Rule, Value
from workers.scoring.clusters.fitting import Labels
from workers.scoring.features import matched, numbers
from workers.scoring.kind import Numbers, Source
from workers.scoring.response.features import RECEIVED, REDEEMED, response_features

# Nobody is asked for more campaigns than this that she took part in.
_MOST_EACH: Final = 24
_INSTANT: Final = timedelta(microseconds=1)


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign: its id in the events, and the instant before which everything is known when it is decided."""

    id: str
    cut: datetime


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a campaign reached: features as of its cut, by name, and whether each redeemed (1) or not (0)."""

    campaign: Campaign
    profiles: Any
    columns: dict[str, Numbers]
    redeemed: Numbers


def campaigns(source: Source, at: datetime) -> list[Campaign]:
    """Return the campaigns that anybody received by `at`, by their beginnings.

    A campaign begins on the first day that anybody received it: its cut is the last instant of the day before.
    """
    wanted: dict[str, Value] = {
        str(rank): Measure(events=(RECEIVED,), take="top", field="campaign_id", rank=rank)
        for rank in range(1, _MOST_EACH + 1)
    }
    table = source.values(wanted, at)
    ids: set[str] = set()
    for name in wanted:
        ids |= {str(one) for one in pc.unique(table[name]).to_pylist() if one is not None}
    if not ids:
        return []
    first = source.values({one: _first(one) for one in sorted(ids)}, at)
    today = at.astimezone(source.zone).date()
    found = []
    for one in sorted(ids):
        days = pc.max(first[one]).as_py()
        if days is not None:
            day = today - timedelta(days=int(days))
            cut = datetime.combine(day, time(), source.zone) - _INSTANT
            found.append(Campaign(id=one, cut=cut))
    return sorted(found, key=lambda one: (one.cut, one.id))


def reached(source: Source, found: list[Campaign], at: datetime, within_days: int) -> Iterator[Reached]:
    """Yield each campaign whose outcome is known at `at`: who was reached, and who redeemed within so many days."""
    within = timedelta(days=within_days)
    decided = [one for one in found if one.cut + within <= at]
    came = {
        f"{what} {one.id}": _happened(event, one.id, one.cut, one.cut + within)
        for one in decided
        for what, event in (("received", RECEIVED), ("redeemed", REDEEMED))
    }
    outcomes = source.members(came, at) if came else pa.table({})
    for campaign in decided:
        outcome = outcomes.filter(outcomes[f"received {campaign.id}"])
        if not outcome.num_rows:
            continue
        known = source.values(response_features(), campaign.cut)
        ids = outcome["profile_id"]
        yield Reached(
            campaign=campaign,
            profiles=ids,
            columns={name: matched(ids, known, name) for name in response_features()},
            redeemed=np.asarray(outcome[f"redeemed {campaign.id}"].to_numpy(zero_copy_only=False), np.float64),
        )


def known_at(source: Source, at: datetime) -> tuple[pa.Table, dict[str, Numbers]]:
    """Return everybody known at an instant, and the features."""
    table = source.values(response_features(), at)
    return table, {name: numbers(table, name) for name in response_features()}


def households(found: list[Reached]) -> Labels:
    """Return a number for each row that is the same for the same person."""
    ids = np.concatenate([one.profiles.to_numpy(zero_copy_only=False) for one in found])
    return np.unique(ids, return_inverse=True)[1].astype(np.int64)


def _first(campaign: str) -> Measure:
    return Measure(events=(RECEIVED,), where=_is(campaign), take="days_since_first")


def _happened(event: str, campaign: str, cut: datetime, until: datetime) -> Rule:
    within = Between(since=cut + _INSTANT, until=until + _INSTANT)
    return Compare(left=Measure(events=(event,), where=_is(campaign), within=within), op="gte", right=1)


def _is(campaign: str) -> Rule:
    return Compare(left=Field(name="campaign_id"), op="eq", right=campaign)
