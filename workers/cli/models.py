"""`koi models`: train, promote and retire models, let them score everybody, look at how far the data have moved."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import cyclopts
import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from commands.runtime.context import Context
from commands.runtime.event_store import EventStore, open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from commands.scoring.promoting import PromoteModel, RetireModel, promote_model, retire_model
from domain.kernel.errors import InvalidInputError
from domain.scoring.errors import ModelNotFoundError
from domain.scoring.kinds import kinds as known_kinds
from projections.model_scorecard import queries
from workers.cli.bars import progress
from workers.cli.models_reviewing import review, simulate

app = cyclopts.App(name="models", help="Train models, decide which version speaks, and let it score everybody.")
app.command(review)
app.command(simulate)
_out = Console()
_BY = Context(actor="cli")

AsJson = Annotated[bool, Parameter(name="--json", negative=())]
At = Annotated[str | None, Parameter(help="The instant, such as 2026-11-01T00:00:00Z; now unless given.")]
Work = Any


@app.command(name="list")
def list_models(*, as_json: AsJson = False) -> None:
    """List all models: which version speaks since when, how good it was, when it last scored everybody.

    Args:
        as_json: One JSON object a line.
    """
    found = _with_store(lambda store: queries.models(store.pool, limit=1_000))
    if as_json:
        for one in found:
            _print_json(one)
        return
    table = Table("model", "kind", "speaks", "since (UTC)", "versions", "last scored (UTC)", "figures")
    for one in found:
        figures = ", ".join(f"{name} {value:,.3f}" for name, value in list((one.metrics or {}).items())[:4])
        since, scored = (f"{when:%F %T}" if when else "" for when in (one.promoted_at, one.scored_at))
        row = (one.key, one.kind, str(one.promoted or "nobody"), since, str(one.versions), scored, figures)
        table.add_row(*row)
    _out.print(table)


@app.command
def kinds(*, as_json: AsJson = False) -> None:
    """List what kinds of models there are, and what each says of a customer.

    Args:
        as_json: As JSON.
    """
    if as_json:
        _print_json(known_kinds())
        return
    table = Table("kind", "name", "says")
    for name, kind in known_kinds().items():
        table.add_row(name, f"{kind.zh}\n{kind.en}", f"{kind.meaning.zh}\n{kind.meaning.en}")
    _out.print(table)


@app.command
def show(key: str, *, as_json: AsJson = False) -> None:
    """Show a model's versions: what each learned from, how good it is, what became of it; and its last runs.

    Args:
        key: The model, such as ltv.
        as_json: With every figure and table, as JSON.
    """
    found = _with_store(lambda store: queries.scorecard(store.pool, key))
    if found is None:
        raise ModelNotFoundError(f"there is no model {key}: koi models list shows those there are", field="key")
    if as_json:
        _print_json(found)
        return
    table = Table("version", "standing", "trained (UTC)", "cut at (UTC)", "rows", "figures", title=f"Model {key}")
    for one in found.versions:
        figures = "\n".join(f"{name} {value:,.4f}" for name, value in one.training.metrics.items())
        row = (str(one.model_version), one.standing, f"{one.trained_at:%F %T}", f"{one.training.cut_at:%F %T}")
        table.add_row(*row, f"{one.training.rows:,}", figures)
    _out.print(table)
    proved = Table(
        "version", "said as of (UTC)", "held against what came until", "rows", "figures", title="Evaluations"
    )
    for one in found.versions:
        for held in one.evaluations:
            figures = ", ".join(f"{name} {value:,.4f}" for name, value in held.metrics.items())
            when = (f"{held.cut_at:%F %T}", f"{held.data_until:%F %T}")
            proved.add_row(str(one.model_version), *when, f"{held.rows:,}", figures)
    if proved.row_count:
        _out.print(proved)
    runs = Table("scored as of (UTC)", "version", "rows", "drift", title="Runs")
    for run in found.runs:
        told = "passed the bound" if run.drift else ""
        version = f"{run.model_version}" if run.is_live else f"{run.model_version} (shadow)"
        runs.add_row(f"{run.at:%F %T}", version, f"{run.rows:,}" if run.path else "silent from here on", told)
    _out.print(runs)


@app.command
def train(
    key: str,
    *,
    kind: str | None = None,
    at: At = None,
    parameter: Annotated[tuple[str, ...], Parameter(name="--set", negative=(), help="name=value; several times.")] = (),
    promote: Annotated[bool, Parameter(negative=(), help="Let it speak at once.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train a new version from what was known at an instant; who speaks does not change unless --promote is given.

    koi models train ltv --set horizon_days=90

    Args:
        key: The model, such as ltv.
        kind: What kind of model it is; unless given, the kind of that name.
        at: The instant.
        parameter: What the training is told.
        promote: Whether it speaks at once.
        as_json: What came of it, as JSON.
    """
    from workers.scoring import running

    instant, told = _instant(at), _told(parameter)

    async def act(work: Work) -> Any:
        version, training = await running.train(work, key, kind or key, instant, told)
        if promote:
            command = PromoteModel(key=key, model_version=version, reason="koi models train --promote")
            await promote_model(command, streams=work.store.streams, by=_BY)
        return version, training

    version, training = _with_work(act, shown=not as_json)
    if as_json:
        _print_json({"model": key, "model_version": version, "training": training})
        return
    _out.print(f"{key} version {version}: {training.rows:,} rows.", highlight=False)
    for name, value in training.metrics.items():
        _out.print(f"  {name} {value:,.4f}", highlight=False)
    if not promote:
        _out.print(f"It speaks once it is promoted: koi models promote {key} {version} --reason ...")


@app.command
def promote(key: str, version: int, *, reason: str) -> None:
    """Let a version speak from its next run on, in place of the one that does.

    Args:
        key: The model.
        version: The version.
        reason: Why.
    """
    command = PromoteModel(key=key, model_version=version, reason=reason)
    _with_store(lambda store: promote_model(command, streams=store.streams, by=_BY))
    _out.print(f"{key}: version {version} speaks from its next run on.")


@app.command
def retire(key: str, version: int, *, reason: str) -> None:
    """Let a version speak never again; if it speaks now, its model says nothing until another is promoted.

    Args:
        key: The model.
        version: The version.
        reason: Why.
    """
    command = RetireModel(key=key, model_version=version, reason=reason)
    _with_store(lambda store: retire_model(command, streams=store.streams, by=_BY))
    _out.print(f"{key}: version {version} is retired.")


@app.command
def score(key: str, *, version: int | None = None, at: At = None, as_json: AsJson = False) -> None:
    """Let the version that speaks score everybody, as of an instant; another version scores in its shadow.

    Args:
        key: The model.
        version: The version, to try one that does not speak.
        at: The instant.
        as_json: What came of it, as JSON.
    """
    from workers.scoring import running

    instant = _instant(at)
    found = _with_work(lambda work: running.score(work, key, instant, version), shown=not as_json)
    if as_json:
        _print_json(found)
        return
    who = "they are predictions now" if found.is_live else "in the shadow of the one that speaks"
    _out.print(f"{key} version {found.model_version}: {found.rows:,} scored as of {found.at:%F %T} UTC, {who}.")
    if found.drifted:
        _out.print("[yellow]The data have moved away from what it learned from: look at koi models drift.[/]")


@app.command
def report(key: str = "core_segment", *, version: int | None = None, as_json: AsJson = False) -> None:
    """Report on the core segments: size, value, what is typical, stability, confusion, beside rules, who moved.

    koi models report core_segment --json

    Args:
        key: A model of the kind core_segment.
        version: The version; the one that speaks unless given.
        as_json: With every figure, as JSON.
    """
    from workers.cli import core_report

    core_report.show(asyncio.run(core_report.told(key, version)), as_json=as_json)


@app.command
def evaluate(key: str, *, version: int | None = None, at: At = None, as_json: AsJson = False) -> None:
    """Say how good a version has proved on what it did not know when it was trained, and keep that.

    Models of spending, churn and responses are held against what came true since, core segments against what people
    have said of customers since.

    Args:
        key: The model, such as churn.
        version: The version; the one that speaks unless given.
        at: The instant until which things have come.
        as_json: With every figure and table, as JSON.
    """
    from workers.scoring import evaluating

    instant = _instant(at)
    number, found = _with_work(lambda work: evaluating.evaluate(work, key, instant, version), shown=not as_json)
    if as_json:
        _print_json({"model": key, "model_version": number, "evaluation": found})
        return
    _out.print(f"{key} version {number}, said as of {found.cut_at:%F %T} UTC: {found.rows:,} rows.", highlight=False)
    for name, value in found.metrics.items():
        _out.print(f"  {name} {value:,.4f}", highlight=False)


@app.command
def drift(key: str, *, version: int | None = None, at: At = None, as_json: AsJson = False) -> None:
    """Say how far the data have moved from what a version learned from (population stability index).

    Below 0.1 nothing has changed, above 0.25 much has.

    Args:
        key: The model.
        version: The version; the one that speaks unless given.
        at: The instant.
        as_json: As JSON.
    """
    from workers.scoring import running

    instant = _instant(at)
    found = _with_work(lambda work: running.drift(work, key, instant, version), shown=not as_json)
    if as_json:
        _print_json(found)
        return
    table = Table("feature", "stability index", title=f"{key} version {found.model_version}")
    for name, index in sorted(found.features.items(), key=lambda one: -one[1]):
        table.add_row(name, f"[red]{index:.3f}[/]" if index > found.bound else f"{index:.3f}")
    table.add_row("the scores themselves", f"{found.score:.3f}")
    _out.print(table)


def _instant(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(f"{text} is no instant: give one such as 2026-11-01T00:00:00Z", field="at") from None
    if at.tzinfo is None:
        raise InvalidInputError(f"{text} needs its zone, such as {text}Z", field="at")
    return at.astimezone(UTC)


def _told(pairs: tuple[str, ...]) -> dict[str, str]:
    told = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise InvalidInputError(f"{pair}: give name=value, such as horizon_days=90", field="set")
        told[name] = value
    return told


def _with_store(act: Callable[[EventStore], Awaitable[Any]]) -> Any:
    async def acting() -> Any:
        settings = Settings.from_environment(os.environ)
        secrets = Secrets.load(settings.secrets_file)
        async with open_event_store(settings.database_url, secrets.master_key, pool_size=2) as store:
            return await act(store)

    return asyncio.run(acting())


def _with_work(act: Callable[[Work], Awaitable[Any]], *, shown: bool) -> Any:
    from workers.scoring.opening import open_scoring

    async def acting(told: Callable[[str, int, int], None]) -> Any:
        settings = Settings.from_environment(os.environ)
        async with open_scoring(settings, Secrets.load(settings.secrets_file), by=_BY, told=told) as work:
            return await act(work)

    with progress(_out, shown=shown) as told:
        return asyncio.run(acting(told))


def _print_json(found: object) -> None:
    _out.print(msgspec.json.encode(found).decode(), soft_wrap=True, highlight=False, markup=False)
