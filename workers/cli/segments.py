"""`koi segments`: who belongs together, now or as of any instant; counted, shown, explained, compared."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import cyclopts
import msgspec
from cyclopts import Parameter

from commands.runtime.clock import now
from domain.identity.identifier import identifier
from domain.kernel.errors import InvalidInputError, NotFoundError
from domain.kernel.rules.saying import Sentence, say
from domain.segments.errors import SegmentNotFoundError
from projections.rule_names.queries import Names
from projections.segment_catalogue import queries
from projections.segment_members import people
from projections.segment_members.checking import Checked, as_of, checked, of_segment
from projections.segment_members.used_by import used_by
from projections.segment_members.why import explained
from projections.segment_members.writing import Form, written_out
from workers.cli.segments_changing import activate, archive, create, deactivate, define, snapshot, upload
from workers.cli.segments_core import core
from workers.cli.segments_keeping import rebuild, verify
from workers.segments import showing
from workers.segments.opening import Opened, acting

app = cyclopts.App(
    name="segments",
    help="""Who belongs together: rules and lists of people, now or as of any instant.

Whom you mean is a segment's key, a file with a rule as JSON, or the JSON itself:

    koi segments count '{"type": "compare", "left": {"type": "measure", "events": ["order.completed"],
        "within": {"type": "last", "amount": 30}}, "op": "gte", "right": 2}'

`koi segments count tea --and-not vip` joins segments: in all of them, but not in those.
""",
)
app.command(core)
for _change in (create, define, activate, deactivate, archive, upload, snapshot, verify, rebuild):
    app.command(_change)

T = TypeVar("T")
AsJson = Annotated[bool, Parameter(name="--json", negative=())]
Keys = Annotated[tuple[str, ...], Parameter(negative=(), consume_multiple=True)]


@app.command(name="list")
def list_segments(*, archived: Annotated[bool, Parameter(negative=())] = False, as_json: AsJson = False) -> None:
    """List all segments.

    Args:
        archived: Also those that are archived.
        as_json: One JSON document.
    """

    async def ask(open_: Opened) -> list[queries.SegmentSummary]:
        return await queries.segments(open_.store.pool, limit=_EVERY, archived=archived)

    found = asyncio.run(acting(ask))
    showing.as_document(found) if as_json else showing.segments(found)


@app.command
def show(key: str, *, as_json: AsJson = False) -> None:
    """Show a segment: what its rule says, what uses it, whom its versions meant.

    Args:
        key: The segment.
        as_json: One JSON document.
    """

    async def ask(open_: Opened) -> dict[str, Any]:
        pool = open_.store.pool
        segment = await queries.segment(pool, key)
        if segment is None:
            raise SegmentNotFoundError(f"no segment has the key {key}: `koi segments list` shows those there are")
        names = await open_.everybody.names()
        rule = names.definitions.segments.get(key)
        return {
            "segment": segment,
            "sentence": say(rule, names.labels) if rule is not None else None,
            "used_by": await used_by(pool, key, names.definitions),
            "versions": await queries.versions(pool, key),
        }

    found = asyncio.run(acting(ask))
    if as_json:
        showing.as_document(found)
        return
    showing.segments([found["segment"]])
    if found["sentence"]:
        showing.sentence(found["sentence"])
    for use in found["used_by"]:
        showing.said(f"used by {use.kind} {use.name}")
    for version in found["versions"]:
        when = f"{version.defined_at:%Y-%m-%d %H:%M}Z" if version.defined_at else "as it is shipped"
        showing.said(f"version {version.segment_version}, {when} by {version.defined_by}")


@app.command(name="say")
def say_rule(whom: str, *, as_json: AsJson = False) -> None:
    """Check a rule and say what it means, in Chinese and English; what is wrong is told with its place.

    Args:
        whom: A segment's key, a file with a rule as JSON, or the JSON.
        as_json: One JSON document.
    """

    async def ask(_: Opened, rule: Checked, names: Names) -> Sentence:
        return say(names.definitions.segments.get(whom) or rule.rule, names.labels)

    found = _asked(whom, ask)
    showing.as_document(found) if as_json else showing.sentence(found)


@app.command
def count(
    whom: str, *, and_: Keys = (), and_not: Keys = (), at: datetime | None = None, as_json: AsJson = False
) -> None:
    """Count whom a rule or a segment means, now or as of any past instant.

    Args:
        whom: A segment's key, a file with a rule as JSON, or the JSON.
        and_: Segments they must be in as well.
        and_not: Segments they must not be in.
        at: As of this instant, with its zone, as in 2017-06-01T00:00:00+08:00; now, if left out.
        as_json: One JSON document.
    """
    when = as_of(at, now())
    found = _asked(
        _joined(whom, and_, and_not),
        lambda open_, rule, _: people.count(open_.everybody, rule.resolved, when),
        shown=not as_json,
    )
    showing.as_document(found) if as_json else showing.counted(found)


@app.command
def sample(whom: str, *, size: int = 5, salt: str = "", at: datetime | None = None, as_json: AsJson = False) -> None:
    """Show some of those whom a rule or a segment means, and why each is in.

    Args:
        whom: A segment's key, a file with a rule as JSON, or the JSON.
        size: How many.
        salt: Other people for another salt; the same ones for the same.
        at: As of this instant, with its zone, as in 2017-06-01T00:00:00+08:00; now, if left out.
        as_json: One JSON document.
    """
    when = as_of(at, now())

    async def ask(open_: Opened, rule: Checked, names: Names) -> Any:
        found = await people.count(open_.everybody, rule.resolved, when, sample=size, salt=salt)
        shown = map(UUID, found.sample)
        return found, await explained(open_.everybody, rule.rule, names.definitions, when, shown), names.labels

    found, why, labels = _asked(whom, ask, shown=not as_json)
    if as_json:
        showing.as_document({"count": found.count, "people": found.people, "sample": why})
        return
    showing.counted(found)
    for one in why:
        showing.explained(one, labels)


@app.command
def members(
    whom: str,
    *,
    to: Annotated[Path | None, Parameter(name=("--to", "-o"))] = None,
    form: Form = "csv",
    at: datetime | None = None,
) -> None:
    """Write out all whom a rule or a segment means, by profile id.

    Args:
        whom: A segment's key, a file with a rule as JSON, or the JSON.
        to: A file; the terminal else.
        form: csv or parquet.
        at: As of this instant, with its zone, as in 2017-06-01T00:00:00+08:00; now, if left out.
    """
    when = as_of(at, now())

    async def ask(open_: Opened, rule: Checked, _: Names) -> bytes:
        async with aclosing(people.parts(open_.everybody, rule.resolved, when)) as parts:
            with await written_out(parts, form) as file:
                return file.read()

    found = _asked(whom, ask, shown=to is not None)
    if to is not None:
        to.write_bytes(found)
    elif form == "csv":
        showing.out.out(found.decode(), end="", highlight=False)
    else:
        raise InvalidInputError("Parquet goes into a file: say which with --to", field="to")


@app.command
def history(
    whom: str,
    *,
    since: datetime,
    until: datetime | None = None,
    step: Literal["day", "week", "month"] = "day",
    as_json: AsJson = False,
) -> None:
    """Show its size over time: a segment thought of today has its true history.

    Args:
        whom: A segment's key, a file with a rule as JSON, or the JSON.
        since: The first instant, with its zone.
        until: The last one; now, if left out.
        step: How far the instants are from each other (a month: 30 days).
        as_json: One JSON document.
    """
    last = as_of(until, now(), "until")
    instants, width = [as_of(since, last, "since")], timedelta(days=_DAYS[step])
    while instants[-1] + width <= last:
        instants.append(instants[-1] + width)
    instants += [last] if instants[-1] != last else []
    found = _asked(
        whom, lambda open_, rule, _: people.sizes(open_.everybody, rule.resolved, instants), shown=not as_json
    )
    showing.as_document(found) if as_json else showing.sizes(found)


@app.command
def overlap(*keys: str, at: datetime | None = None, as_json: AsJson = False) -> None:
    """Show who is in several segments at once: people in each pair, and their share of those in either.

    Args:
        keys: Two or more segments.
        at: As of this instant, with its zone, as in 2017-06-01T00:00:00+08:00; now, if left out.
        as_json: One JSON document.
    """
    when = as_of(at, now())
    if len(keys) < 2:  # noqa: PLR2004 - a pair
        raise InvalidInputError("name two segments at least", field="keys")

    async def ask(open_: Opened) -> Any:
        names = await open_.everybody.names()
        return await people.overlap(open_.everybody, {key: of_segment(key, names).resolved for key in keys}, when)

    with showing.working("walking through everybody", shown=not as_json):
        found = asyncio.run(acting(ask))
    showing.as_document(found) if as_json else showing.overlap(found)


@app.command
def explain(whom: str, customer: str, *, at: datetime | None = None, as_json: AsJson = False) -> None:
    """Say whether a person is in, and why: each part of the rule with its answer, down to facts and words.

    Args:
        whom: A segment's key, a file with a rule as JSON, or the JSON.
        customer: A customer id, or an identifier as in phone:13800138000.
        at: As of this instant, with its zone, as in 2017-06-01T00:00:00+08:00; now, if left out.
        as_json: One JSON document.
    """
    when = as_of(at, now())

    async def ask(open_: Opened, rule: Checked, names: Names) -> Any:
        kind, separator, value = customer.partition(":")
        named = open_.naming.customer_id(identifier(kind, value)) if separator else _id(customer)
        found = await explained(open_.everybody, rule.rule, names.definitions, when, [named])
        if not found:
            raise NotFoundError("nobody is known by this")
        return found[0], names.labels

    found, labels = _asked(whom, ask)
    showing.as_document(found) if as_json else showing.explained(found, labels)


_EVERY = 100_000
_DAYS = {"day": 1, "week": 7, "month": 30}


def _asked(
    whom: str | dict[str, Any], ask: Callable[[Opened, Checked, Names], Awaitable[T]], *, shown: bool = False
) -> T:
    async def act(open_: Opened) -> T:
        names = await open_.everybody.names()
        return await ask(open_, _meant(whom, names), names)

    with showing.working("walking through everybody", shown=shown):
        return asyncio.run(acting(act))


def _meant(whom: str | dict[str, Any], names: Names) -> Checked:
    """Return the rule that a key, a file or JSON means."""
    if isinstance(whom, dict):
        return checked(whom, names)
    text = whom
    if not whom.lstrip().startswith("{"):
        if not Path(whom).is_file():
            return of_segment(whom, names)
        text = Path(whom).read_text(encoding="utf-8-sig")
    try:
        return checked(msgspec.json.decode(text), names)
    except msgspec.DecodeError as error:
        raise InvalidInputError(f"the rule is no JSON: {error}", field="rule") from None


def _joined(whom: str, and_: tuple[str, ...], and_not: tuple[str, ...]) -> str | dict[str, Any]:
    """Return the rule of those who are in one segment and others, but not in some."""
    if not (and_ or and_not):
        return whom
    inside = [{"type": "in_segment", "key": key} for key in (whom, *and_)]
    outside = [{"type": "not", "of": {"type": "in_segment", "key": key}} for key in and_not]
    return {"type": "all", "of": [*inside, *outside]}


def _id(customer: str) -> UUID:
    try:
        return UUID(customer)
    except ValueError:
        raise InvalidInputError("give a customer id, or type:value as in phone:13800138000", field="customer") from None
