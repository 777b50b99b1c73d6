"""The identifiers a message names its customer by."""

from typing import Any, Final

from domain.activity.folding import folded
from domain.identity.identifier import (
    BlankIdentifierError,
    Identifier,
    IdentifierError,
    IdentifierType,
    identifier,
)
from domain.ingestion.refusal import MessageError

# Segment's and RudderStack's names of external ids, beside our own.
_EXTERNAL: Final = {
    **{kind.value: kind.value for kind in IdentifierType},
    "user_id": "member_code",
    "anonymous_id": "anonymous",
    "cross_domain_id": "anonymous",
    "ios_id": "device",
    "ios_idfa": "device",
    "android_id": "device",
    "android_idfa": "device",
}


class Observed:
    """Gathers the identifiers of one message; what names nobody ("null", zeros) is left out."""

    def __init__(self, region: str, most: int) -> None:
        self._region = region
        self._most = most
        self._found: list[Identifier] = []

    @property
    def is_nobody(self) -> bool:
        """Whether nothing was found so far."""
        return not self._found

    def named(self, kind: str, value: object, field: str) -> None:
        """Add an identifier that the sender named as such; raises `MessageError` if it cannot be one."""
        if value is None:
            return
        try:
            found = identifier(kind, value, default_region=self._region)
        except BlankIdentifierError:
            return
        except IdentifierError as error:
            raise MessageError(error.code, error.detail, field=field) from None
        if found not in self._found:
            self._found.append(found)

    def noticed(self, kind: str, value: object) -> None:
        """Add an identifier found on the side, such as a phone in a form; a wrong one is no reason to refuse."""
        try:
            self.named(kind, value, kind)
        except MessageError:
            return

    def external(self, listed: object, field: str) -> None:
        """Add the external ids (`[{"type": .., "id": ..}]`) of the types we know."""
        for index, entry in enumerate(listed if isinstance(listed, list) else ()):
            kind = _EXTERNAL.get(_folded(entry.get("type"))) if isinstance(entry, dict) else None
            if kind is not None:
                self.named(kind, entry.get("id", entry.get("value")), f"{field}.{index}.id")

    def strongest_first(self, missing: str, field: str) -> tuple[Identifier, ...]:
        """Return what was found; raises `MessageError` for too many, and for none, when `missing` says what to send."""
        if not self._found:
            raise MessageError("identifier.missing", missing, field=field)
        if len(self._found) > self._most:
            raise MessageError(
                "identifier.too_many", f"one message may name at most {self._most} identifiers", field=field
            )
        if len(self._found) > 1:
            self._found.sort(key=_strength)
        return tuple(self._found)


def _folded(kind: Any) -> str:
    return folded(kind) if isinstance(kind, str) else ""


def _strength(found: Identifier) -> tuple[int, str]:
    return found.strength
