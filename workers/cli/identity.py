"""`koi identity`: who is one person and why, the pairs that may be, and the rules that decide."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal
from uuid import UUID

import cyclopts
import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from commands.identity.matches import AcceptMatch, RejectMatch, accept_match, reject_match, undo_match
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore, open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.identity.identifier import identifier
from domain.identity.match_words import field_name, level_name
from domain.identity.naming import Naming
from domain.kernel.errors import InvalidInputError, NotFoundError
from projections.identity_graph.explaining import Explanation
from projections.identity_graph.explaining import explain as explained
from projections.identity_graph.queries import holds_around, members_of
from projections.match_review import queries
from projections.match_review.queries import ReviewedMatch
from workers.cli.bars import progress
from workers.cli.identity_rules import app as rules

app = cyclopts.App(
    name="identity", help="Ask who is one person and why; decide the pairs that may be; change the rules."
)
app.command(rules)
_out = Console()
_BY = Context(actor="cli")

AsJson = Annotated[bool, Parameter(name="--json", negative=())]
State = Literal["proposed", "accepted", "rejected", "withdrawn"]


@app.command
def why(about: str, *, as_json: AsJson = False) -> None:
    """Explain why the customers of a profile are one person, and which guards keep others apart from it.

    Values stay sealed here: the API shows them to keys with the scope personal.

    Args:
        about: Any customer of the profile, by id or by an identifier such as member_code:1.
        as_json: The evidence as JSON.
    """
    found = _with(lambda store: _explained(store, about))
    if as_json:
        _print_json(found)
        return
    table = Table("since (UTC)", "customer", "", "with", "rule", title=f"Profile {found.profile_id}")
    for one in found.joined_by:
        kind = one.known.type if one.known else "merge"
        table.add_row(f"{one.since:%F %T}", str(one.customer_id), kind, str(one.other_id), _both(one.rule))
    for held in found.kept_apart_by:
        rule = f"[yellow]{_both(held.rule)}[/] ({len(held.others)} others)"
        row = (f"{held.since:%F %T}", str(held.customer_id), held.known.type, str(held.known.identifier_id), rule)
        table.add_row(*row)
    _out.print(table)


@app.command
def propose(*, model: str = "people", as_json: AsJson = False) -> None:
    """Compare all profiles and put the pairs that may be one person into the queue.

    A second run proposes nothing twice, nothing that was rejected, and takes back what the data no longer supports.

    Args:
        model: The linkage model, as in workers/linkage/models.
        as_json: What came of it as JSON.
    """
    from workers.linkage.model import read_model
    from workers.linkage.proposing import propose as run

    with progress(_out, shown=not as_json) as told:
        came = _with(lambda store: run(store, read_model(model), told=told))
    if as_json:
        _print_json(came)
        return
    _out.print(
        f"{came.profiles:,} profiles compared, {came.pairs:,} pairs look alike: {came.proposed:,} new in the queue, "
        f"{came.accepted:,} merged by the declared threshold, {came.withdrawn:,} taken back.",
        highlight=False,
    )


@app.command
def matches(*, state: State = "proposed", limit: int = 20, as_json: AsJson = False) -> None:
    """List pairs that may be one person, the surest first, with what speaks for and against it.

    Args:
        state: Where they stand; `proposed` is the queue.
        limit: How many.
        as_json: One JSON object a line.
    """
    found = _with(lambda store: queries.matches(store.pool, state, limit=limit))
    if as_json:
        for one in found:
            _print_json(one)
        return
    table = Table("match", "probability", "bits", "for and against 理由", "decided by")
    for one in found:
        table.add_row(str(one.id), f"{one.probability:.4f}", f"{one.weight:.1f}", _reasons(one), one.decided_by or "")
    _out.print(table)


@app.command
def accept(match_id: UUID, *, note: str = "") -> None:
    """Decide that the two are one person: they are merged, because of this match.

    Args:
        match_id: The match.
        note: What convinced you.
    """
    told: dict[str, Any] = {"match_id": match_id, "expected_version": None, "by": _BY}
    _with(lambda store: accept_match(AcceptMatch(note=note), streams=store.streams, **told))
    _out.print("They are one person now. `koi identity undo` takes it back.")


@app.command
def reject(match_id: UUID, *, reason: str) -> None:
    """Decide that the two are two persons; they are not proposed again.

    Args:
        match_id: The match.
        reason: Why, in words that name nobody: they stay readable in the log.
    """
    told: dict[str, Any] = {"match_id": match_id, "expected_version": None, "by": _BY}
    _with(lambda store: reject_match(RejectMatch(reason=reason), streams=store.streams, **told))
    _out.print("They stay two.")


@app.command
def undo(match_id: UUID, *, reason: str) -> None:
    """Take an acceptance back: both are what they were before, and are not proposed again.

    Args:
        match_id: The match.
        reason: Why, in words that name nobody: they stay readable in the log.
    """
    _with(lambda store: _undone(store, match_id, reason))
    _out.print("They are two again.")


async def _explained(store: EventStore, about: str) -> Explanation:
    customer_id = _customer(about)
    found = (await members_of(store.pool, [customer_id])).get(customer_id)
    if found is None:
        raise NotFoundError("there is no such customer", field="about")
    return await explained(store.pool, found[0])


async def _undone(store: EventStore, match_id: UUID, reason: str) -> None:
    match = await queries.match_of(store.pool, match_id)
    found = await members_of(store.pool, [match.left_id]) if match else {}
    members = [one for _, group in found.values() for one in group]
    await undo_match(
        RejectMatch(reason=reason),
        match_id=match_id,
        members=members,
        holds=await holds_around(store.pool, members),
        expected_version=None,
        by=_BY,
        streams=store.streams,
    )


def _customer(about: str) -> UUID:
    kind, separator, value = about.partition(":")
    if separator:
        pepper = Secrets.load(Settings.from_environment(os.environ).secrets_file).pepper
        return Naming(pepper).customer_id(identifier(kind, value))
    try:
        return UUID(about)
    except ValueError:
        raise InvalidInputError("an id, or an identifier such as member_code:1", field="about") from None


def _reasons(match: ReviewedMatch) -> str:
    ordered = sorted(match.reasons, key=lambda one: -abs(one.weight))
    said = []
    for one in ordered:
        if one.level != "missing":
            field, level = field_name(one.field), level_name(one.level)
            said.append(f"{field.zh} {level.zh} / {field.en} {level.en} ({one.weight:+.1f})")
    return "\n".join(said)


def _both(name: Any) -> str:
    return f"{name.zh}\n{name.en}"


def _with(act: Callable[[EventStore], Awaitable[Any]]) -> Any:
    async def acting() -> Any:
        settings = Settings.from_environment(os.environ)
        secrets = Secrets.load(settings.secrets_file)
        async with open_event_store(settings.database_url, secrets.master_key, pool_size=4) as store:
            return await act(store)

    return asyncio.run(acting())


def _print_json(found: object) -> None:
    _out.print(msgspec.json.encode(found).decode(), soft_wrap=True, highlight=False, markup=False)
