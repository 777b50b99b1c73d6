"""`koi tags explain` and `preview`: what a tag means, what it is of whom and why, and what a tag would be."""

from pathlib import Path
from typing import Any

from rich.table import Table

from domain.kernel.rules.saying import Sentence
from domain.tags.definition import Words
from projections.live_tags.queries import explained
from projections.live_tags.trying import Tried, tried
from projections.tag_catalogue.checking import checked_terms
from projections.tag_catalogue.meaning import TagShown, meaning
from projections.tag_catalogue.origins import Lineage
from projections.tag_catalogue.queries import catalogue, definition_of
from workers.cli import tags_showing as showing
from workers.cli.asking_tags import Asked, ask, customer_of, instant_of, tag_of, terms_in
from workers.cli.tags_showing import AsJson, At, line, out


def explain(key: str, customer: str | None = None, *, at: At = None, as_json: AsJson = False) -> None:
    """Show what a tag means as a sentence, down to fields and sources; of a customer, the value and where it is from.

    koi tags explain high_value
    koi tags explain high_value member_code:1

    Args:
        key: The tag.
        customer: Any customer of a person, by id or by an identifier such as member_code:1.
        at: The instant.
        as_json: As JSON.
    """

    async def look(asked: Asked) -> Any:
        tag = tag_of(await catalogue(asked.store.pool), key)
        names = await asked.everybody.names()
        means = await meaning(asked.store.pool, tag, names.definitions, names.labels)
        if customer is None:
            return means, None, names.known.refused.get(key)
        who, when = customer_of(customer), instant_of(at)
        found = await explained(asked.everybody, tag.definition, names.definitions, who, when)
        return means, showing.somebody(found), names.known.refused.get(key)

    means, found, refused = ask(look)
    if as_json:
        showing.as_json(means if found is None else found)
        return
    _meaning(means, refused)
    if found is not None:
        showing.heading(f"{found.profile_id} as of {found.at:%F %T} UTC: {showing.value(found.tag)}")
        showing.evidence(found)
        return
    _made_of(means)
    _lineage(means.lineage)
    table = Table("version", "how", "when (UTC)", "by", title="Versions")
    for each in means.versions:
        when = f"{each.defined_at:%F %T}" if each.defined_at else ""
        table.add_row(str(each.definition.version), each.how, when, each.defined_by)
    out.print(table)


def preview(file: Path, *, key: str = "trial", at: At = None, as_json: AsJson = False) -> None:
    """Try a tag that is not saved: how many people would have which value, and of some of them where it is from.

    Args:
        file: A JSON file with group, name_zh, name_en, type and value (see koi tags show --json).
        key: What it is to be called.
        at: The instant.
        as_json: As JSON.
    """
    terms = terms_in(file)

    async def look(asked: Asked) -> Tried:
        names = await asked.everybody.names()
        checked = checked_terms(key, terms, names.known, names.definitions)
        return await tried(asked.everybody, definition_of(key, 0, terms), checked, names, instant_of(at))

    found = ask(look)
    if as_json:
        showing.as_json(found)
        return
    _sentence(found.says)
    for warning in found.warnings:
        line(f"! {warning.place}: {warning.detail}")
    showing.spread(found.distribution, terms.type)
    for person in found.people:
        showing.heading(f"{person.profile_id}: {showing.value(person.tag)}")
        showing.evidence(person)


def _meaning(means: TagShown, refused: str | None) -> None:
    one = means.tag.definition
    showing.heading(f"{one.name.zh}  {one.name.en} ({one.key}, {one.type})")
    _both(one.meaning)
    _sentence(means.says)
    line(f"{means.group.zh} {means.group.en}; owner {one.owner or '–'}; version {one.version} ({means.tag.origin})")
    line(f"{means.freshness.zh}; {means.freshness.en}")
    if refused:
        line(f"! kept out of the last build: {refused}")
    if means.weights:
        table = Table("part", "weight", "", title="Weights (koi tags tune)")
        for part in means.weights:
            table.add_row(part.name, f"{part.weight:g}", f"{part.says.zh}\n{part.says.en}")
        out.print(table)


def _made_of(means: TagShown) -> None:
    if not means.made_of:
        return
    table = Table("made of", "名称 name", "", title="Made of")
    for one in means.made_of:
        table.add_row(f"{one.kind} {one.key}", f"{one.name.zh}\n{one.name.en}", f"{one.says.zh}\n{one.says.en}")
    out.print(table)


def _lineage(found: Lineage) -> None:
    table = Table("rests on", "名称 name", "from", title="Lineage")
    for event in found.events:
        sources = ", ".join(event.sources) or "(not told lately)"
        table.add_row(f"event {event.event}", f"{event.name.zh} {event.name.en}", f"sources: {sources}")
    if found.behaviour:
        table.add_row("anything people do", "任意行为", "")
    for field in found.fields:
        places = [f"body: {', '.join(field.paths)}"] if field.paths else []
        places += [f"product: {', '.join(field.product)}"] if field.product else []
        from_ = "\n".join(places) or "worked out from the rest of the fact"
        table.add_row(f"field {field.level}.{field.field}", f"{field.name.zh} {field.name.en}", from_)
    for what in ("attributes", "tags", "segments", "models", "contexts", "consents", "words", "identifiers"):
        for name in getattr(found, what):
            table.add_row(f"{what.removesuffix('s')} {name}", "", "")
    out.print(table)


def _sentence(says: Sentence) -> None:
    line(f"= {says.zh}")
    line(f"= {says.en}")


def _both(words: Words) -> None:
    line(words.zh)
    line(words.en)
