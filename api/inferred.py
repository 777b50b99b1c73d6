"""What was not said: inferences with the reason in words, and values that could not be understood."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from domain.cleaning.cleaning import RAW, REFUSED
from domain.inference.rules import InferenceRules
from projections.customer_360.folding import Attribute
from projections.inferred_attributes.queries import Inferred


class ShownInference(msgspec.Struct, frozen=True, kw_only=True):
    """A value nobody said: `rule` with its words in Chinese and English, how sure it is in percent, and its evidence.

    Evidence are references: `phone:<claim>`, `attribute:address`, `fact:<id>`.
    """

    value: Any
    rule: str
    zh: str
    en: str
    confidence: int
    evidence: tuple[str, ...]
    since: datetime
    expires_at: datetime | None


class Uncleaned(msgspec.Struct, frozen=True, kw_only=True):
    """A value that could not be understood: `raw` as it stood (masked without the scope `personal`), and why."""

    reason: str
    raw: Any
    said_at: datetime


def shown_inference(one: Inferred, value: Any, rules: InferenceRules) -> ShownInference:
    """Return an inference for reading; of a rule that is declared no longer its name stands for the words."""
    rule = rules.all().get(one.rule)
    return ShownInference(
        value=value,
        rule=one.rule,
        zh=rule.zh if rule else one.rule,
        en=rule.en if rule else one.rule,
        confidence=one.confidence,
        evidence=one.evidence,
        since=one.occurred_at,
        expires_at=one.expires_at,
    )


def apart(attributes: Iterable[Attribute], shown: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Uncleaned]]:
    """Return what is known, and what could not be understood; the latter only as long as nothing better was said."""
    said_at = {one.key: one.occurred_at for one in attributes}
    known = {key: value for key, value in shown.items() if not key.startswith((REFUSED, RAW))}
    uncleaned: dict[str, Uncleaned] = {}
    for key, reason in shown.items():
        name = key.removeprefix(REFUSED)
        if key != name and not (name in known and said_at[name] >= said_at[key]):
            uncleaned[name] = Uncleaned(reason=str(reason), raw=shown.get(f"{RAW}{name}"), said_at=said_at[key])
    return known, uncleaned
