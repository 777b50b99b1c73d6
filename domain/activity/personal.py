"""Personal data in what sources send: which keys hold it, and the cut between the plain part and the part to seal."""

from typing import Any

from domain.activity.personal_keys import Verdict, verdict_on

_LINK_ENDS = ("?", "#")


def split(properties: dict[str, Any], *, of_person: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the plain and the personal part, each under the path it had; the argument is left as it is.

    `of_person` says that the properties describe a person, so that `name` is a person's and no product's. In a list of
    which some items are personal, the personal part holds a list of the same length, None where an item has nothing to
    hide. A link keeps its place and page in the plain part; whole, with its query, it goes into the personal one.
    """
    if _is_plain(properties, of_person=of_person):
        return properties, {}
    return _parted(properties, of_person=of_person)


def joined(plain: dict[str, Any], personal: dict[str, Any]) -> dict[str, Any]:
    """Return the properties as they were before `split`."""
    whole = dict(plain)
    for key, hidden in personal.items():
        whole[key] = _joined_value(plain[key], hidden) if key in plain else hidden
    return whole


def _is_plain(value: dict[str, Any], *, of_person: bool) -> bool:
    # Runs for every event: most have nothing to hide, and those are not copied.
    for key, item in value.items():
        verdict = verdict_on(key)
        if verdict is Verdict.PLAIN and item.__class__ is not dict and item.__class__ is not list:
            continue
        if _hides(verdict, item, of_person=of_person):
            return False
        if not _holds_only_plain(item, of_person=_about_person(verdict, of_person=of_person)):
            return False
    return True


def _holds_only_plain(item: object, *, of_person: bool) -> bool:
    if item.__class__ is dict:
        return _is_plain(item, of_person=of_person)
    if item.__class__ is list:
        return all(_holds_only_plain(one, of_person=of_person) for one in item)
    return True


def _hides(verdict: Verdict, item: object, *, of_person: bool) -> bool:
    if item is None or item == "" or isinstance(item, bool):
        return False
    if verdict is Verdict.PERSONAL or (verdict is Verdict.OF_PERSON and of_person):
        return True
    return verdict is Verdict.LINK and isinstance(item, str) and any(end in item for end in _LINK_ENDS)


def _about_person(verdict: Verdict, *, of_person: bool) -> bool:
    return verdict is Verdict.PERSON or (of_person and verdict is not Verdict.THING)


def _parted(value: dict[str, Any], *, of_person: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    plain: dict[str, Any] = {}
    personal: dict[str, Any] = {}
    for key, item in value.items():
        verdict = verdict_on(key)
        if _hides(verdict, item, of_person=of_person):
            personal[key] = item
            if verdict is Verdict.LINK:
                plain[key] = item.partition("?")[0].partition("#")[0]
        else:
            plain[key], hidden = _parted_value(item, of_person=_about_person(verdict, of_person=of_person))
            if hidden is not None:
                personal[key] = hidden
    return plain, personal


def _parted_value(item: Any, *, of_person: bool) -> tuple[Any, Any]:  # noqa: ANN401 - JSON is any of seven types
    """Return the plain part and the hidden part, None if nothing is hidden."""
    if isinstance(item, dict):
        plain, personal = _parted(item, of_person=of_person)
        return plain, personal or None
    if isinstance(item, list):
        parts = [_parted_value(one, of_person=of_person) for one in item]
        if any(hidden is not None for _, hidden in parts):
            return [plain for plain, _ in parts], [hidden for _, hidden in parts]
    return item, None


def _joined_value(plain: Any, hidden: Any) -> Any:  # noqa: ANN401 - JSON is any of seven types
    if hidden is None:
        return plain
    if isinstance(plain, dict) and isinstance(hidden, dict):
        return joined(plain, hidden)
    if isinstance(plain, list) and isinstance(hidden, list):
        return [_joined_value(one, part) for one, part in zip(plain, hidden, strict=True)]
    return hidden
