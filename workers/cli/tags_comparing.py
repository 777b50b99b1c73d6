"""`koi tags diff`: two versions of a tag, two builds, two catalogues, or two instants of one person."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.table import Table

from domain.kernel.errors import InvalidInputError
from domain.tags.definition import Definition
from domain.tags.revising import Revisions, revisions
from projections.live_tags.moving import moved
from projections.tag_catalogue.comparing import Difference, difference
from projections.tag_catalogue.manifests import built
from projections.tag_catalogue.nights import BuildDifference, between, pair_of
from projections.tag_catalogue.queries import catalogue, versions
from projections.tag_catalogue.revised import catalogue_in, catalogue_of
from workers.cli import tags_showing as showing
from workers.cli.asking_tags import Asked, ask, customer_of, instant_of, progress, said
from workers.cli.tags_showing import AsJson, At, line, out

_SHOWN = 40
Flag = Annotated[bool, Parameter(negative=())]


def diff(  # noqa: PLR0913 - one command for what can be compared, each with its own words
    key: str | None = None,
    before: int | None = None,
    after: int | None = None,
    *,
    since: str | None = None,
    until: str | None = None,
    customer: str | None = None,
    revised: Annotated[Flag, Parameter(name="--catalogue")] = False,
    against: Path | None = None,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """Compare two versions of a tag, two builds, two catalogues, or a person at two instants.

    koi tags diff high_value 1 2                        two versions: for how many people the value is another
    koi tags diff                                       the last two builds: which tags changed, and from what to what
    koi tags diff high_value --since 2026-11-01         one tag, the last build then and the last one of all
    koi tags diff --customer member_code:1 --since 2026-11-01
    koi tags diff --catalogue                           definitions: those of the last build and those of now
    koi tags diff --catalogue --against before.json     those that koi tags list --json wrote before an upgrade

    Args:
        key: The tag; of builds and persons all tags, unless given.
        before: A version.
        after: Another one.
        since: The earlier instant, such as 2026-11-01T00:00:00Z; of builds the last but one, unless given.
        until: The later instant; now, or the last build, unless given.
        customer: A person, by id or by an identifier such as member_code:1: her values at both instants.
        revised: Compare definitions.
        against: With --catalogue: a file of the catalogue as it was.
        at: As of which instant two versions are compared; now unless given.
        as_json: As JSON.
    """
    if revised:
        _show_revisions(ask(lambda asked: _catalogues(asked, since, against)), is_json=as_json)
    elif customer is not None:
        _show_person(ask(lambda asked: _person(asked, customer, key, since, until)), is_json=as_json)
    elif before is None or key is None:
        with progress(out, "tags", shown=not as_json) as watch:
            found = ask(lambda asked: _builds(asked, key, since, until, watch))
        _show_builds(found, in_detail=key is not None, is_json=as_json)
    elif after is None:
        raise InvalidInputError("name two versions, such as 1 2", field="after")
    else:
        _show_versions(ask(lambda asked: _versions(asked, key, (before, after), at)), before, after, is_json=as_json)


async def _versions(asked: Asked, key: str, pair: tuple[int, int], at: str | None) -> Difference:
    known = {one.definition.version: one.definition for one in await versions(asked.store.pool, key)}
    for one, field in zip(pair, ("before", "after"), strict=True):
        if one not in known:
            raise InvalidInputError(f"{key} has no version {one}; it has {sorted(known)}", field=field)
    names = await asked.everybody.names()
    two = known[pair[0]], known[pair[1]]
    async with asked.everybody.turn:
        return await difference(await asked.everybody.lakehouse(), *two, names.definitions, instant_of(at))


async def _builds(asked: Asked, key: str | None, since: str | None, until: str | None, watch: Any) -> BuildDifference:
    url = asked.settings.lake_url
    pair = pair_of(await built(url), _given(since, "since"), _given(until, "until"))
    if key is not None and not any(key in one.kinds for one in pair):
        refused = next((one.refused[key] for one in pair if key in one.refused), None)
        detail = f"the tag {key} is in neither build" + (f": {refused}" if refused else "")
        raise InvalidInputError(detail, field="key")
    return await between(url, pair, [key] if key else [], watch)


async def _person(asked: Asked, customer: str, key: str | None, since: str | None, until: str | None) -> Any:
    if since is None:
        raise InvalidInputError("name the earlier instant, such as 2026-11-01T00:00:00Z", field="since")
    known, names = await catalogue(asked.store.pool), await asked.everybody.names()
    if key is not None and key not in known.tags:
        raise InvalidInputError(f"there is no tag {key}: koi tags list shows those there are", field="key")
    instants = _instant(since, "since"), instant_of(until)
    found = await moved(
        asked.everybody, known, names.definitions, customer_of(customer), instants, [key] if key else list(known.tags)
    )
    return showing.somebody(found)


async def _catalogues(asked: Asked, since: str | None, against: Path | None) -> Revisions:
    before: dict[str, Definition]
    if against is not None:
        before = catalogue_in(against)
    else:
        url = asked.settings.lake_url
        before = await catalogue_of(url, await built(url), _given(since, "since"))
    now = await catalogue(asked.store.pool)
    return revisions(before, {key: one.definition for key, one in now.tags.items()})


def _given(text: str | None, field: str) -> datetime | None:
    return None if text is None else _instant(text, field)


def _instant(text: str, field: str) -> datetime:
    try:
        return instant_of(text)
    except InvalidInputError as error:
        raise InvalidInputError(error.detail, field=field) from None


def _show_versions(found: Difference, before: int, after: int, *, is_json: bool) -> None:
    if is_json:
        showing.as_json(found)
        return
    line(f"{found.changed:,} of {found.people:,} people have another value by version {after} than by {before}")
    showing.moves(found.moves, f"by {before}", f"by {after}")


def _show_builds(found: BuildDifference, *, in_detail: bool, is_json: bool) -> None:
    if is_json:
        showing.as_json(found)
        return
    line(f"from {found.before:%F %T} to {found.after:%F %T} UTC: {found.people:,} people in both")
    line(f"{found.arrived:,} arrived, {found.gone:,} gone; {len(found.tags):,} tags changed for somebody")
    for what, keys in (("added", found.added), ("removed", found.removed)):
        if keys:
            line(f"tags {what}: {', '.join(keys)}")
    table = Table("key", "changed", "appeared", "vanished", "rose", "fell", "most frequent: from → to, people")
    for one in found.tags[:_SHOWN]:
        first = one.moves[0]
        told = f"{said(first.before, '')} → {said(first.after, '')}, {first.people:,}"
        table.add_row(one.key, *(f"{n:,}" for n in (one.changed, one.appeared, one.vanished, one.rose, one.fell)), told)
    out.print(table)
    if in_detail and found.tags:
        showing.moves(found.tags[0].moves, "from", "to")
    if len(found.tags) > _SHOWN:
        line(f"... {len(found.tags) - _SHOWN} more (--json)")


def _show_person(found: Any, *, is_json: bool) -> None:
    if is_json:
        showing.as_json(found)
        return
    line(f"{found.profile_id}: {len(found.tags)} tags are others from {found.since:%F %T} to {found.until:%F %T} UTC")
    table = Table("key", "名称 name", "from", "to")
    for one in found.tags:
        names = f"{one.after.name.zh}  {one.after.name.en}"
        table.add_row(one.key, names, showing.value(one.before), showing.value(one.after))
    out.print(table)


def _show_revisions(found: Revisions, *, is_json: bool) -> None:
    if is_json:
        showing.as_json(found)
        return
    line(f"{len(found.added)} added, {len(found.removed)} removed, {len(found.changed)} changed")
    for what, keys in (("added", found.added), ("removed", found.removed)):
        if keys:
            line(f"{what}: {', '.join(keys)}")
    table = Table("key", "名称 name", "version", "what is another")
    for one in found.changed:
        names = f"{one.after.name.zh}  {one.after.name.en}"
        table.add_row(one.key, names, f"{one.before.version} → {one.after.version}", ", ".join(one.parts))
    out.print(table)
