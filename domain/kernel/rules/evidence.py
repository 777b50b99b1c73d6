"""Evidence: which facts and words a node came from."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from domain.kernel.rules.depending import DERIVED
from domain.kernel.rules.history import Occurrence, Word
from domain.kernel.rules.kinds import Known, number, same
from domain.kernel.rules.parts.moment import Moment
from domain.kernel.rules.parts.said import word_at
from domain.kernel.rules.parts.sequences import reached_by, way
from domain.kernel.rules.parts.series import Kind, Series
from domain.kernel.rules.reasons import Said
from domain.kernel.rules.tree import (
    Attribute,
    Consented,
    Identified,
    InSegment,
    Measure,
    Prediction,
    Step,
    Tagged,
    Window,
)
from domain.kernel.rules.tree import Sequence as Steps
from domain.kernel.rules.windows import bounds

SeriesOf = Callable[[Kind], int]


def facts_of(node: object, value: Known, moment: Moment, series_of: SeriesOf) -> Sequence[Occurrence]:
    """Return the occurrences that a node came from, in the order of time; `value` is what it is."""
    match node:
        case Measure():
            return _measured(node, value, moment, series_of)
        case Attribute(name="known_days"):
            return _measured(Measure(take="days_since_first"), value, moment, series_of)
        case Steps():
            return _taken(node, moment, series_of)
    return ()


def words_of(node: object, moment: Moment) -> tuple[Said, ...]:
    """Return the words that a node came from."""
    find = _WORDS.get(type(node))
    return tuple(find(node, moment)) if find is not None else ()


def _measured(node: Measure, value: Known, moment: Moment, series_of: SeriesOf) -> Sequence[Occurrence]:
    inside = _inside(Kind(node.events, node.of, node.where), node.within, moment, series_of)
    match node.take:
        case "count" | "active_days":
            return inside
        case "days_since_first":
            return inside[:1]
        case "days_since_last":
            return inside[-1:]
    field = node.field or ""
    match node.take:
        case "sum" | "mean" | "stddev":
            return [one for one in inside if number(one.fields.get(field)) is not None]
        case "distinct":
            return [one for one in inside if one.fields.get(field) is not None]
    decisive = [one for one in inside if same(one.fields.get(field), value)]
    return {"first": decisive[:1], "last": decisive[-1:]}.get(node.take, decisive)


def _inside(kind: Kind, window: Window | None, moment: Moment, series_of: SeriesOf) -> Sequence[Occurrence]:
    series = _series(kind, moment, series_of)
    low, high = series.span(bounds(window, moment.now, moment.person.world.zone))
    return series.occurrences[low:high]


def _taken(node: Steps, moment: Moment, series_of: SeriesOf) -> Sequence[Occurrence]:
    """Return one occurrence a step, of the last time that the steps were taken and nothing spoils it."""
    stages = [(_kind(step), _limit(step)) for step in node.steps]
    inside = [_inside(kind, node.within, moment, series_of) for kind, _ in stages]
    timed = [([one.occurred_at for one in found], limit) for found, (_, limit) in zip(inside, stages, strict=True)]
    reached = reached_by(timed)
    for end in reversed(reached[-1]):
        if _is_unspoilt(node.unless, end, moment, series_of):
            times = way(timed, reached, end)
            return [found[bisect_left(at, time)] for found, (at, _), time in zip(inside, timed, times, strict=True)]
    return ()


def _is_unspoilt(unless: Step | None, end: datetime, moment: Moment, series_of: SeriesOf) -> bool:
    if unless is None:
        return True
    limit = _limit(unless)
    until = moment.now if limit is None else end + limit
    times = _series(_kind(unless), moment, series_of).times
    index = bisect_right(times, end)
    return until <= moment.now and (index == len(times) or times[index] > until)


def _series(kind: Kind, moment: Moment, series_of: SeriesOf) -> Series:
    return moment.person.series[series_of(kind)]


def _kind(step: Step) -> Kind:
    return Kind(step.events, step.of, step.where)


def _limit(step: Step) -> timedelta | None:
    return None if step.limit_seconds is None else timedelta(seconds=step.limit_seconds)


def _said(about: str, words: Sequence[Word], moment: Moment) -> Iterable[Said]:
    for word in reversed(words):
        if word.since <= moment.now:
            if word.value is not None:
                yield Said(about=about, since=word.since, value=word.value)
            return


def _attribute(node: Attribute, moment: Moment) -> Iterable[Said]:
    name = DERIVED.get(node.name, node.name)
    history = moment.person.history
    for one in _said(name or "", history.attributes.get(name or "", ()), moment):
        rule = word_at(history.inferred.get(one.about, ()), moment.now)
        yield Said(
            about=one.about, since=one.since, value=one.value, inferred_by=rule if isinstance(rule, str) else None
        )


def _tagged(node: Tagged, moment: Moment) -> Iterable[Said]:
    for (source, key, value), words in moment.person.history.tags.items():
        if key == node.key and node.source in {None, source} and node.value in {None, value}:
            for one in _said(f"{source}: {key}", words, moment):
                yield Said(about=one.about, since=one.since, value=value or one.value)


_WORDS: Final[Mapping[type, Callable[[Any, Moment], Iterable[Said]]]] = {
    Attribute: _attribute,
    Tagged: _tagged,
    Consented: lambda node, moment: _said(
        f"{node.channel}/{node.purpose}",
        moment.person.history.consents.get((node.channel, node.purpose), ()),
        moment,
    ),
    Identified: lambda node, moment: _said(
        node.identifier, moment.person.history.identifiers.get(node.identifier, ()), moment
    ),
    InSegment: lambda node, moment: _said(node.key, moment.person.history.segments.get(node.key, ()), moment),
    Prediction: lambda node, moment: _said(node.model, moment.person.history.predictions.get(node.model, ()), moment),
}
