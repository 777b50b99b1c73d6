"""Personal data in what sources send: the cut between the plain part and the part to seal."""

import functools
from typing import Any, Final

from domain.activity.personal_keys import Verdict, verdict_on

_CONTAINERS: Final = (dict, list)
_MAY_HIDE: Final = (Verdict.PERSONAL, Verdict.OF_PERSON, Verdict.LINK)
_REMEMBERED: Final = 4_096


def split(properties: dict[str, Any], *, of_person: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the plain and the personal part, each under the path it had; the argument is left as it is.

    `of_person` says that the properties describe a person, so that `name` is a person's and no product's. In a list of
    which some items are personal, the personal part holds a list of the same length, None where an item has nothing to
    hide. A link keeps its place and page in the plain part; whole, with its query, it goes into the personal one.
    """
    plain, personal = properties, dict[str, Any]()
    for key, verdict in _watched(tuple(properties)):
        item = properties[key]
        if (verdict is Verdict.OF_PERSON and not of_person) or not _tells(verdict, item):
            continue
        if plain is properties:  # most have nothing to hide and are not copied: this runs for every event
            plain = dict(properties)
        personal[key] = item
        if verdict is Verdict.LINK:
            plain[key] = item.partition("?")[0].partition("#")[0]
        else:
            del plain[key]
    for key, item in properties.items():
        if isinstance(item, _CONTAINERS) and key not in personal:
            kept, hidden = _split_value(item, of_person=_about_person(key, of_person=of_person))
            if hidden is not None:
                plain = plain | {key: kept}
                personal[key] = hidden
    return plain, personal


def joined(plain: dict[str, Any], personal: dict[str, Any]) -> dict[str, Any]:
    """Return the properties as they were before `split`."""
    whole = dict(plain)
    for key, hidden in personal.items():
        whole[key] = _joined_value(plain[key], hidden) if key in plain else hidden
    return whole


@functools.lru_cache(maxsize=_REMEMBERED)
def _watched(keys: tuple[str, ...]) -> tuple[tuple[str, Verdict], ...]:
    """Return the keys whose values may be personal; events of one kind have the same keys, so this is looked up."""
    verdicts = ((key, verdict_on(key)) for key in keys)
    return tuple((key, verdict) for key, verdict in verdicts if verdict in _MAY_HIDE)


def _tells(verdict: Verdict, item: object) -> bool:
    """Tell whether the value says anything: an empty form field does not, nor does a link without query."""
    if verdict is Verdict.LINK:
        return isinstance(item, str) and ("?" in item or "#" in item)
    return item is not None and item != "" and not isinstance(item, bool)


def _about_person(key: str, *, of_person: bool) -> bool:
    verdict = verdict_on(key)
    return verdict is Verdict.PERSON or (of_person and verdict is not Verdict.THING)


def _split_value(item: Any, *, of_person: bool) -> tuple[Any, Any]:
    """Return the plain part and the hidden part, None if nothing is hidden."""
    if isinstance(item, dict):
        plain, personal = split(item, of_person=of_person)
        return plain, personal or None
    if isinstance(item, list):
        parts = [_split_value(one, of_person=of_person) for one in item]
        hidden = [part for _, part in parts]
        if hidden.count(None) < len(hidden):
            return [plain for plain, _ in parts], hidden
    return item, None


def _joined_value(plain: Any, hidden: Any) -> Any:
    if hidden is None:
        return plain
    if isinstance(plain, dict) and isinstance(hidden, dict):
        return joined(plain, hidden)
    if isinstance(plain, list) and isinstance(hidden, list):
        return [_joined_value(one, part) for one, part in zip(plain, hidden, strict=True)]
    return hidden
