"""Why customers are one person, or are not: the rules in words, for whoever asks."""

from domain.identity.resolving import Hold
from domain.identity.rules import Guards, Name, Strength

_JOINED = {
    Strength.CERTAIN: Name("一人一号，凭此认定为同一人", "names one person by definition"),
    Strength.STRONG: Name("强标识，不超过 {persons} 人共用时合并", "joins up to {persons} persons who share it"),
    Strength.WEAK: Name("弱标识，只归属唯一使用过它的人", "belongs to the one person seen with it"),
}
_HELD = {
    Hold.BLOCKED: Name("屏蔽值，不代表任何人", "a blocked value: it names nobody"),
    Hold.CROWDED: Name("关联超过 {links} 个，视为公用，不合并", "seen with more than {links} others: nobody's own"),
    Hold.SHARED: Name("超过 {persons} 人共用，不合并", "shared by more than {persons} persons: it joins nobody"),
}
MERGED = Name("人工认定为同一人", "somebody decided that they are one person")


def why_joined(kind: str, guards: Guards) -> Name:
    """Say by which rule an identifier of this kind joins."""
    return _with_limits(_JOINED[guards.limits[kind].strength], kind, guards)


def why_held(kind: str, hold: Hold, guards: Guards) -> Name:
    """Say by which rule an identifier of this kind joins nobody."""
    return _with_limits(_HELD[hold], kind, guards)


def _with_limits(words: Name, kind: str, guards: Guards) -> Name:
    limit = guards.limits[kind]
    return Name(*(text.format(persons=limit.persons, links=limit.links) for text in (words.zh, words.en)))
