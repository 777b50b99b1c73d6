"""An inference: a value nobody said, the rule it follows from, and the evidence it rests on."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

import msgspec

from domain.identity.attributes import CONFIRM_AFTER

# Of what can be inferred, what tells who somebody is.
_PERSONAL = frozenset({"birthday"})


class Inference(msgspec.Struct, frozen=True, kw_only=True):
    """A value that follows from something else.

    `confidence` is in percent; the more confident one wins, then the greater `name`. `evidence` are references, never
    values: `phone:<id of the claim>`, `attribute:address`, `fact:123`. `expires_at` is when it stops holding (None:
    never). `basis` tells inferences of one rule apart: two phone numbers may say two regions. `occurred_at` is the time
    of the newest evidence.
    """

    attribute: str
    value: Any
    rule: str
    confidence: int
    evidence: tuple[str, ...]
    occurred_at: datetime
    basis: str = ""
    expires_at: datetime | None = None

    @property
    def name(self) -> str:
        """What it is called among the inferences of a customer: a later one of the same name takes its place."""
        return f"{self.rule}|{self.basis}" if self.basis else self.rule

    @property
    def is_personal(self) -> bool:
        """Whether the value has to be sealed."""
        return self.attribute in _PERSONAL

    @property
    def grounds(self) -> "Grounds":
        """Everything but the value."""
        return Grounds(
            attribute=self.attribute,
            rule=self.rule,
            confidence=self.confidence,
            evidence=self.evidence,
            occurred_at=self.occurred_at,
            expires_at=self.expires_at,
        )


class Grounds(msgspec.Struct, frozen=True, kw_only=True):
    """Why something was inferred, as the log keeps it in the open."""

    attribute: str
    rule: str
    confidence: int
    evidence: tuple[str, ...]
    occurred_at: datetime
    expires_at: datetime | None = None


class Held(msgspec.Struct, frozen=True):
    """An inference that holds: its value and its grounds."""

    value: Any
    grounds: Grounds


class Telling(Protocol):
    """Whatever gives something away by itself."""

    @property
    def tells(self) -> tuple[Inference, ...]: ...


class Inferences(dict[str, Held]):
    """What holds of one customer, by the name of the inference; any order of arrival comes to the same."""

    def news(self, inferences: Iterable[Inference]) -> dict[str, Inference]:
        """Return those that are new, by name."""
        return {one.name: one for one in inferences if self._is_news(one)}

    def hold(self, grounds: Mapping[str, Grounds], values: Mapping[str, Any]) -> None:
        """Keep inferences that were recorded; a value that can no longer be read is None."""
        for name, one in grounds.items():
            self[name] = Held(values.get(name), one)

    def drop(self, names: Iterable[str]) -> None:
        """Forget inferences that no longer hold."""
        for name in names:
            self.pop(name, None)

    def resting_on(self, claims: Iterable[str]) -> list[str]:
        """Return the names of those whose evidence is one of these claims."""
        gone = set(claims)
        return [
            name for name, held in self.items() if any(one.rpartition(":")[2] in gone for one in held.grounds.evidence)
        ]

    def _is_news(self, one: Inference) -> bool:
        held = self.get(one.name)
        if held is None:
            return True
        known = held.grounds
        if (held.value, known.evidence, known.expires_at) == (one.value, one.evidence, one.expires_at):
            # Said again it goes before another word from between the two; as the word itself, at most once a day.
            return _is_of_word(one) and one.occurred_at - known.occurred_at >= CONFIRM_AFTER
        if one.basis:
            # Of two values told at one instant the greater counts, whichever came first.
            return (one.occurred_at, _order(one.value)) > (known.occurred_at, _order(held.value))
        # It looked at all there is: the later look knows more, also where it knows of less.
        return True


def _is_of_word(one: Inference) -> bool:
    return any(evidence.startswith("attribute:") for evidence in one.evidence)


def _order(value: Any) -> bytes:
    return msgspec.json.encode(value, order="deterministic")


def told_by(identifiers: Iterable[Telling]) -> list[Inference]:
    """Return what the values of identifiers give away."""
    return [one for observed in identifiers for one in observed.tells]
