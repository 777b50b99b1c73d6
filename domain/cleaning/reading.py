"""What became of one value: a clean one, nothing, or something that cannot be understood."""

from typing import Any, Self

import msgspec

from domain.cleaning.rules import Sex


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one rule over one value.

    `value` is the clean form, None where the value says nothing (`is_refused` False) or cannot be understood
    (`is_refused` True). `rule` names what decided, as in `birthday.placeholder`; it never holds the value. `sex` is
    what the value gave away beside itself.
    """

    rule: str
    value: Any = None
    is_refused: bool = False
    sex: Sex | None = None

    @classmethod
    def nothing(cls, rule: str, *, sex: Sex | None = None) -> Self:
        """The value stands for "not known"."""
        return cls(rule=rule, sex=sex)

    @classmethod
    def refused(cls, rule: str) -> Self:
        """The value means something, but nobody can tell what."""
        return cls(rule=rule, is_refused=True)

    @property
    def outcome(self) -> str:
        """What to count it as: clean, dropped or refused."""
        if self.is_refused:
            return "refused"
        return "dropped" if self.value is None else "clean"
