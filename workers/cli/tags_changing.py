"""`koi tags define`, `redefine`, `tune`, `retire`: tags of one's own."""

from pathlib import Path
from typing import Any, Final

from commands.runtime.clock import now
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
from domain.kernel.errors import InvalidInputError
from domain.tags.errors import TagInUseError
from domain.tags.shipped import shipped
from domain.tags.tag import Terms, tuned_terms
from projections.live_tags.trying import check_breadth
from projections.tag_catalogue.checking import checked_terms, made_of
from projections.tag_catalogue.queries import catalogue, terms_of
from workers.cli.asking_tags import Asked, ask, tag_of, terms_in
from workers.cli.tags_showing import out

_BY: Final = Context(actor="cli")


def define(key: str, file: Path) -> None:
    """Define a tag of one's own.

    Args:
        key: What it is called in rules, such as bought_tea.
        file: A JSON file with group, name_zh, name_en, type and value (see koi tags show --json).
    """
    terms = terms_in(file)

    async def act(asked: Asked) -> Any:
        await _check(asked, key, terms)
        command = DefineTag(key=key, terms=terms, shipped=_shipped(key))
        return await define_tag(command, streams=asked.store.streams, by=_BY)

    ask(act)
    out.print(f"{key} is defined")


def redefine(key: str, file: Path) -> None:
    """Give a tag another version, also one that comes with Koi.

    Args:
        key: The tag.
        file: A JSON file with all its terms.
    """
    terms = terms_in(file)

    async def act(asked: Asked) -> Any:
        await _check(asked, key, terms)
        command = RedefineTag(key=key, terms=terms, shipped=_shipped(key))
        return await redefine_tag(command, streams=asked.store.streams, by=_BY)

    ask(act)
    out.print(f"{key} has another version: koi tags show {key}")


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
        terms = terms_of(tag)
        await _check(asked, key, tuned_terms(terms, wanted))
        command = TuneTag(key=key, weights=wanted, terms=terms, shipped=_shipped(key))
        return await tune_tag(command, streams=asked.store.streams, by=_BY)

    ask(act)
    out.print(f"{key} is tuned: koi tags show {key}")


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
    out.print(f"{key} is retired")


async def _check(asked: Asked, key: str, terms: Terms) -> None:
    names = await asked.everybody.names()
    checked = checked_terms(key, terms, names.known, names.definitions)
    await check_breadth(asked.everybody, terms.type, checked, now())


def _shipped(key: str) -> int:
    found = shipped().tags.get(key)
    return found.version if found else 0
