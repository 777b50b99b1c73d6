"""Sex as sources write it: 男, F, 1 ..."""

import functools

from domain.cleaning.reading import Reading
from domain.cleaning.rules import Rules
from domain.cleaning.texts import even
from domain.kernel.folding import folded


def sex(value: object, rules: Rules, source: str) -> Reading:
    """Return `male` or `female`; a spelling of "not known" is nothing."""
    text = even(value)
    if text is None:
        return Reading.refused("sex.no_text")
    key = folded(text) or text
    if not key:
        return Reading.nothing("sex.blank")
    spelled = _spellings(rules, source)
    meant = spelled.get(key)
    if meant is None:
        return Reading.refused("sex.unknown_spelling")
    return Reading.nothing("sex.not_known") if meant == "unknown" else Reading(rule="sex.spelling", value=meant)


@functools.lru_cache(maxsize=256)
def _spellings(rules: Rules, source: str) -> dict[str, str]:
    listed = {"male": rules.sex.male, "female": rules.sex.female, "unknown": rules.sex.unknown}
    known = {folded(one) or one: meant for meant, spellings in listed.items() for one in spellings}
    own = rules.source.get(source)
    return known | {folded(one) or one: meant for one, meant in (own.sex if own else {}).items()}
