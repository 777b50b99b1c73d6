"""`koi tags`: the catalogue of tags, values of one customer and why, how values are spread, tags of one's own."""

from typing import Any

import cyclopts
import msgspec
from rich.table import Column, Table

from domain.tags.lineage import lineage
from projections.live_tags.queries import live_tags
from projections.tag_catalogue.checking import checked_value
from projections.tag_catalogue.counting import distribution
from projections.tag_catalogue.queries import catalogue, versions
from workers.cli import tags_showing as showing
from workers.cli.asking_tags import Asked, ask, customer_of, instant_of, progress, tag_of
from workers.cli.tags_changing import define, redefine, retire, tune
from workers.cli.tags_comparing import diff
from workers.cli.tags_explaining import explain, preview
from workers.cli.tags_showing import AsJson, At, out

app = cyclopts.App(name="tags", help="The catalogue of tags, and what each is of whom.")
for _command in (explain, preview, diff, define, redefine, tune, retire):
    app.command(_command)


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
        if group in {None, one.definition.group} and all(word in showing.words_of(one.definition) for word in words)
    ]
    if as_json:
        for one in chosen:
            showing.as_json(one)
        return
    key = Column("key", no_wrap=True)  # one that is cut off is of no use
    table = Table(key, "名称 name", "group", "type", "fresh", "v", "origin", title=f"{len(chosen)} tags")
    for one in chosen:
        tag = one.definition
        names = f"{tag.name.zh}  {tag.name.en}"
        table.add_row(tag.key, names, tag.group, tag.type, tag.freshness, str(tag.version), one.origin)
    out.print(table)


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
        showing.as_json({"tag": tag, "lineage": msgspec.to_builtins(rests_on), "versions": known})
        return
    one = tag.definition
    showing.heading(f"{one.name.zh}  {one.name.en} ({one.key}, {one.type}, {one.freshness}, {one.owner})")
    out.print(f"{one.meaning.zh}\n{one.meaning.en}", highlight=False)
    out.print_json(msgspec.json.encode(one.value).decode())
    for name in ("events", "fields", "attributes", "tags", "segments", "models", "contexts"):
        if found := getattr(rests_on, name):
            told = ", ".join(sorted(".".join(x) if isinstance(x, tuple) else x for x in found))
            out.print(f"{name}: {told}", highlight=False)
    table = Table("version", "how", "when (UTC)", "by", title="Versions")
    for each in known:
        when = f"{each.defined_at:%F %T}" if each.defined_at else ""
        table.add_row(str(each.definition.version), each.how, when, each.defined_by)
    out.print(table)


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

    found = showing.somebody(ask(look))
    there = [one for one in found[1] if one.value is not None]
    if as_json:
        showing.as_json({"profile_id": found[0], "tags": there})
        return
    table = Table("key", "名称 name", "值 value", title=f"{found[0]}: {len(there)} of {len(found[1])} tags")
    for one in there:
        table.add_row(one.key, f"{one.name.zh}  {one.name.en}", showing.value(one))
    out.print(table)


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
            most = asked.everybody.tag_values
            return tag.type, await distribution(lakehouse, checked, tag.type, instant_of(at), most=most)

    type_, spread = ask(look)
    if as_json:
        showing.as_json(spread)
        return
    showing.spread(spread, type_)


@app.command
def build(*, at: At = None, anew: bool = False, as_json: AsJson = False) -> None:
    """Build all tags of everybody as Parquet below the lake; a build that ended early goes on where it was.

    Args:
        at: The instant.
        anew: Ask everything of everybody, whatever an earlier build knows.
        as_json: As JSON.
    """
    from workers.cli.builds_said import origin_said
    from workers.tagging.building import build as build_all

    with progress(out, "parts", shown=not as_json) as watch:
        manifest = ask(lambda asked: build_all(asked.store, asked.settings, instant_of(at), watch, is_anew=anew))
    if as_json:
        showing.as_json(manifest)
        return
    for key, reason in manifest.refused.items():
        showing.line(f"! {key} is kept out: {reason}")
    out.print(f"{len(manifest.kinds)} tags of {manifest.rows:,} people as of {manifest.instant:%F %T} UTC")
    out.print(origin_said(manifest))
