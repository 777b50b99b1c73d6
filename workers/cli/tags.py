"""`koi tags`: the catalogue of tags, values of one customer and why, how values are spread, tags of one's own."""

from pathlib import Path
from typing import Annotated, Any, Final

import cyclopts
import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from commands.runtime.context import Context
from commands.tags.changing_tag import (
    DefineTag,
    RedefineTag,
    RetireTag,
    TuneTag,
    define_tag,
    redefine_tag,
    retire_tag,
    tune_tag,
)
from domain.kernel.errors import InvalidInputError, NotFoundError
from domain.tags.definition import Definition
from domain.tags.errors import TagInUseError
from domain.tags.lineage import lineage
from domain.tags.shipped import shipped
from domain.tags.tag import tuned_terms
from projections.live_tags.queries import explained, live_tags
from projections.tag_catalogue.checking import checked_terms, checked_value, made_of
from projections.tag_catalogue.comparing import difference
from projections.tag_catalogue.counting import Distribution, distribution
from projections.tag_catalogue.queries import catalogue, terms_of, versions
from workers.cli.asking_tags import Asked, ask, customer_of, instant_of, progress, said, tag_of, terms_in

app = cyclopts.App(name="tags", help="The catalogue of tags, and what each is of whom.")
_out: Final = Console()
_BY: Final = Context(actor="cli")

AsJson = Annotated[bool, Parameter(name="--json", negative=())]
At = Annotated[str | None, Parameter(help="As of an instant, such as 2026-11-01T00:00:00Z; now unless given.")]


@app.command(name="list")
def list_tags(search: str = "", *, group: str | None = None, as_json: AsJson = False) -> None:
    """List the tags of the catalogue: those that come with Koi and those of one's own.

    koi tags list 母婴

    Args:
        search: Words in key, name or meaning, Chinese or English.
        group: Of this group alone, such as value.
        as_json: One JSON object a line.
    """
    found = ask(lambda asked: catalogue(asked.store.pool))
    words = search.casefold().split()
    chosen = [
        one
        for one in found.tags.values()
        if group in {None, one.definition.group} and all(word in _text(one.definition) for word in words)
    ]
    if as_json:
        for one in chosen:
            _print_json(one)
        return
    table = Table("key", "名称 name", "group", "type", "fresh", "v", "origin", title=f"{len(chosen)} tags")
    for one in chosen:
        tag = one.definition
        names = f"{tag.name.zh}  {tag.name.en}"
        table.add_row(tag.key, names, tag.group, tag.type, tag.freshness, str(tag.version), one.origin)
    _out.print(table)


@app.command
def show(key: str, *, as_json: AsJson = False) -> None:
    """Show a tag: what it means, its definition, what it rests on, its versions.

    Args:
        key: The tag, such as high_value.
        as_json: As JSON.
    """

    async def look(asked: Asked) -> Any:
        tag = tag_of(await catalogue(asked.store.pool), key)
        rests_on = lineage(tag.definition.value, (await asked.everybody.names()).definitions)
        return tag, rests_on, await versions(asked.store.pool, key)

    tag, rests_on, known = ask(look)
    if as_json:
        _print_json({"tag": tag, "lineage": msgspec.to_builtins(rests_on), "versions": known})
        return
    one = tag.definition
    _out.print(f"[bold]{one.name.zh}  {one.name.en}[/] ({one.key}, {one.type}, {one.freshness}, {one.owner})")
    _out.print(f"{one.meaning.zh}\n{one.meaning.en}", highlight=False)
    _out.print_json(msgspec.json.encode(one.value).decode())
    for name in ("events", "fields", "attributes", "tags", "segments", "models", "contexts"):
        if found := getattr(rests_on, name):
            told = ", ".join(sorted(".".join(x) if isinstance(x, tuple) else x for x in found))
            _out.print(f"{name}: {told}", highlight=False)
    table = Table("version", "how", "when (UTC)", "by", title="Versions")
    for each in known:
        when = f"{each.defined_at:%F %T}" if each.defined_at else ""
        table.add_row(str(each.definition.version), each.how, when, each.defined_by)
    _out.print(table)


@app.command
def values(customer: str, *, group: str | None = None, at: At = None, as_json: AsJson = False) -> None:
    """Show all tags that a customer has a value for, worked out from her history this moment.

    Args:
        customer: Any customer of the person, by id or by an identifier such as member_code:1.
        group: Of this group alone.
        at: The instant.
        as_json: As JSON.
    """

    async def look(asked: Asked) -> Any:
        known, names = await catalogue(asked.store.pool), await asked.everybody.names()
        keys = [key for key, one in known.tags.items() if group in {None, one.definition.group}]
        who, when = customer_of(customer), instant_of(at)
        return await live_tags(asked.everybody, known, names.definitions, who, when, keys)

    found = _somebody(ask(look))
    there = [one for one in found[1] if one.value is not None]
    if as_json:
        _print_json({"profile_id": found[0], "tags": there})
        return
    table = Table("key", "名称 name", "值 value", title=f"{found[0]}: {len(there)} of {len(found[1])} tags")
    for one in there:
        label = f"{one.label.zh} {one.label.en}" if one.label else said(one.value, one.type)
        table.add_row(one.key, f"{one.name.zh}  {one.name.en}", label)
    _out.print(table)


@app.command
def explain(key: str, customer: str, *, at: At = None, as_json: AsJson = False) -> None:
    """Show what a tag is of a customer, and the facts and words that it came from.

    koi tags explain high_value member_code:1

    Args:
        key: The tag.
        customer: Any customer of the person, by id or by an identifier such as member_code:1.
        at: The instant.
        as_json: As JSON.
    """

    async def look(asked: Asked) -> Any:
        definition = tag_of(await catalogue(asked.store.pool), key).definition
        names = await asked.everybody.names()
        found = await explained(asked.everybody, definition, names.definitions, customer_of(customer), instant_of(at))
        return definition, found

    definition, found = ask(look)
    found = _somebody(found)
    if as_json:
        _print_json(found)
        return
    label = f"{found.tag.label.zh} {found.tag.label.en}" if found.tag.label else said(found.tag.value, found.tag.type)
    _out.print(f"[bold]{definition.name.zh}  {definition.name.en}: {label}[/]")
    _out.print(f"{definition.meaning.zh}\n{definition.meaning.en}", highlight=False)
    table = Table("part", "outcome", "依据 evidence")
    for part in found.evidence:
        outcome = said(part.value if part.holds is None else part.holds, "")
        facts = [f"fact {one.fact_id}  {one.occurred_at:%F %T}  {one.event}" for one in part.facts]
        more = [f"... {part.total} in all"] if part.total > len(part.facts) else []
        words = [f"{one.about} = {one.value} since {one.since:%F}" + _inferred(one) for one in part.said]
        table.add_row(f"{part.place or '(whole)'}\n{part.part['type']}", outcome, "\n".join([*words, *facts, *more]))
    _out.print(table)


@app.command
def preview(file: Path, *, at: At = None, as_json: AsJson = False) -> None:
    """Try a tag that is not saved: how its values are spread over everybody.

    Args:
        file: A JSON file with group, name_zh, name_en, type and value (see koi tags show --json).
        at: The instant.
        as_json: As JSON.
    """
    terms = terms_in(file)

    async def look(asked: Asked) -> Distribution:
        names = await asked.everybody.names()
        checked = checked_value("trial", terms.value, names.known, names.definitions)
        async with asked.everybody.turn:
            lakehouse = await asked.everybody.lakehouse()
            return await distribution(lakehouse, checked.resolved, terms.type, instant_of(at), sample=5)

    _show_spread(ask(look), terms.type, as_json=as_json)


@app.command
def coverage(key: str, *, at: At = None, as_json: AsJson = False) -> None:
    """Show how the values of a tag are spread over everybody.

    Args:
        key: The tag.
        at: The instant.
        as_json: As JSON.
    """

    async def look(asked: Asked) -> Any:
        tag = tag_of(await catalogue(asked.store.pool), key).definition
        names = await asked.everybody.names()
        checked = checked_value(key, msgspec.to_builtins(tag.value), names.known, names.definitions)
        async with asked.everybody.turn:
            lakehouse = await asked.everybody.lakehouse()
            return tag.type, await distribution(lakehouse, checked.resolved, tag.type, instant_of(at))

    type_, spread = ask(look)
    _show_spread(spread, type_, as_json=as_json)


@app.command
def build(*, at: At = None, as_json: AsJson = False) -> None:
    """Build all tags of everybody as Parquet below the lake; a build that ended early goes on where it was.

    Args:
        at: The instant.
        as_json: As JSON.
    """
    from workers.tagging.building import build as build_all

    with progress(_out, "parts", shown=not as_json) as watch:
        manifest = ask(lambda asked: build_all(asked.store, asked.settings, instant_of(at), watch))
    if as_json:
        _print_json(manifest)
        return
    _out.print(f"{len(manifest.kinds)} tags of {manifest.rows:,} people as of {manifest.instant:%F %T} UTC")


@app.command
def diff(key: str, before: int, after: int, *, at: At = None, as_json: AsJson = False) -> None:
    """Compare two versions of a tag: for how many people the value is another.

    Args:
        key: The tag.
        before: A version.
        after: Another one.
        at: The instant.
        as_json: As JSON.
    """

    async def look(asked: Asked) -> Any:
        known = {one.definition.version: one.definition for one in await versions(asked.store.pool, key)}
        if missing := [one for one in (before, after) if one not in known]:
            raise InvalidInputError(f"{key} has no version {missing[0]}; it has {sorted(known)}", field="version")
        names = await asked.everybody.names()
        pair = (known[before], known[after])
        async with asked.everybody.turn:
            return await difference(await asked.everybody.lakehouse(), *pair, names.definitions, instant_of(at))

    found = ask(look)
    if as_json:
        _print_json(found)
        return
    _out.print(f"{found.changed:,} of {found.people:,} people have another value by version {after} than by {before}")
    table = Table(f"by {before}", f"by {after}", "people")
    for move in found.moves:
        table.add_row(said(move.before, ""), said(move.after, ""), f"{move.people:,}")
    _out.print(table)


@app.command
def define(key: str, file: Path) -> None:
    """Define a tag of one's own.

    Args:
        key: What it is called in rules, such as bought_tea.
        file: A JSON file with group, name_zh, name_en, type and value (see koi tags show --json).
    """
    terms = terms_in(file)

    async def act(asked: Asked) -> Any:
        names = await asked.everybody.names()
        checked_terms(key, terms, names.known, names.definitions)
        command = DefineTag(key=key, terms=terms, shipped=_shipped(key))
        return await define_tag(command, streams=asked.store.streams, by=_BY)

    ask(act)
    _out.print(f"{key} is defined")


@app.command
def redefine(key: str, file: Path) -> None:
    """Give a tag another version, also one that comes with Koi.

    Args:
        key: The tag.
        file: A JSON file with all its terms.
    """
    terms = terms_in(file)

    async def act(asked: Asked) -> Any:
        names = await asked.everybody.names()
        checked_terms(key, terms, names.known, names.definitions)
        command = RedefineTag(key=key, terms=terms, shipped=_shipped(key))
        return await redefine_tag(command, streams=asked.store.streams, by=_BY)

    ask(act)
    _out.print(f"{key} has another version: koi tags show {key}")


@app.command
def tune(key: str, *weights: str) -> None:
    """Weigh the parts of a score otherwise.

    koi tags tune engagement_score views=1 shares=6

    Args:
        key: The score.
        weights: Parts with their weights; those left out stay.
    """
    pairs = [one.partition("=") for one in weights]
    try:
        wanted = {name: float(weight) for name, _, weight in pairs}
    except ValueError:
        raise InvalidInputError("weights are written as name=number", field="weights") from None

    async def act(asked: Asked) -> Any:
        tag = tag_of(await catalogue(asked.store.pool), key).definition
        names, terms = await asked.everybody.names(), terms_of(tag)
        checked_terms(key, tuned_terms(terms, wanted), names.known, names.definitions)
        command = TuneTag(key=key, weights=wanted, terms=terms, shipped=_shipped(key))
        return await tune_tag(command, streams=asked.store.streams, by=_BY)

    ask(act)
    _out.print(f"{key} is tuned: koi tags show {key}")


@app.command
def retire(key: str, *, reason: str) -> None:
    """End a tag, unless other tags or segments are made of it.

    Args:
        key: The tag.
        reason: Why.
    """

    async def act(asked: Asked) -> Any:
        uses = [f"the {kind} {one}" for kind, one in made_of(key, (await asked.everybody.names()).definitions)]
        if uses:
            raise TagInUseError(f"it is used by {', '.join(uses[:5])}: change them first", field="key")
        command = RetireTag(key=key, reason=reason, shipped=_shipped(key))
        return await retire_tag(command, streams=asked.store.streams, by=_BY)

    ask(act)
    _out.print(f"{key} is retired")


def _show_spread(found: Distribution, type_: str, *, as_json: bool) -> None:
    if as_json:
        _print_json(found)
        return
    share = found.covered / found.people if found.people else 0
    _out.print(f"{found.covered:,} of {found.people:,} people ({share:.1%}) as of {found.at:%F %T} UTC")
    table = Table("quantile" if found.quantiles else "值 value", "value" if found.quantiles else "people")
    for quantile in found.quantiles:
        table.add_row(f"{quantile.share:.0%}", said(quantile.value, type_))
    for one in found.values:
        table.add_row(said(one.value, type_), f"{one.people:,}")
    _out.print(table)


def _somebody(found: Any) -> Any:
    if found is None:
        raise NotFoundError("nobody is known under this id or identifier", field="customer")
    return found


def _shipped(key: str) -> int:
    found = shipped().tags.get(key)
    return found.version if found else 0


def _inferred(word: Any) -> str:
    return f" (inferred: {word.inferred_by})" if word.inferred_by else ""


def _text(tag: Definition) -> str:
    return f"{tag.key} {tag.name.zh} {tag.name.en} {tag.meaning.zh} {tag.meaning.en}".casefold()


def _print_json(found: object) -> None:
    _out.print(msgspec.json.encode(found).decode(), soft_wrap=True, highlight=False, markup=False)
