"""What a row of a customer says beside its fields: her tags, by the mapping of the CRM's tags, and her consents."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from domain.identity.consent_words import ConsentState, ToldConsent
from domain.ingestion.mapping import CONSENT, TAGS, Mapping, MappingError
from domain.ingestion.tag_mapping import TagMapping, TagMappingError, read_tags
from domain.tags.words import TagList, Told

_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Asides:
    """Takes the tags and consents out of what rows say; `unmapped` counts the tags that the mapping does not know."""

    def __init__(self, mapping: Mapping, base: Path) -> None:
        """Read the mapping of the tags, which lies beside (`base`); raises `MappingError`."""
        self._mapping = mapping
        self._tags = _tag_mapping(mapping, base)
        self.unmapped: Counter[str] = Counter()

    def look(self, bodies: Iterable[str]) -> None:
        """Count the tags that are not mapped, without taking any."""
        if self._mapping.tags:
            for body in bodies:
                self.tags(msgspec.json.decode(body), _ANY_TIME)

    def tags(self, said: dict[str, Any], occurred_at: datetime) -> TagList | None:
        """Take the tags out of what a row says; None where it says nothing about them."""
        listed = said.pop(TAGS, None)
        column = self._mapping.tags
        if column is None or (listed is None and not column.complete):
            return None
        present = tuple(self._told(str(listed or ""), column.separator, column.value_separator))
        return TagList(
            source=self._mapping.source, occurred_at=occurred_at, present=present, is_complete=column.complete
        )

    def consents(self, said: dict[str, Any], occurred_at: datetime) -> tuple[ToldConsent, ...]:
        """Take the words on consent out of what a row says."""
        words = []
        for number, one in enumerate(self._mapping.consent):
            name = f"{CONSENT}{number}"
            state, evidence = said.pop(name, None), said.pop(f"{name}.evidence", "")
            time = said.pop(f"{name}.time", None)
            if state is None:
                continue
            words.append(
                ToldConsent(
                    channel=one.channel,
                    purpose=one.purpose,
                    state=ConsentState(state),
                    text_version=one.text_version,
                    source=self._mapping.source,
                    occurred_at=datetime.fromisoformat(time).astimezone(UTC) if time else occurred_at,
                    evidence=evidence,
                    is_timed=time is not None,
                )
            )
        return tuple(words)

    def _told(self, listed: str, separator: str, value_separator: str) -> Iterator[Told]:
        for one in listed.split(separator):
            name, _, value = one.partition(value_separator)
            if name.strip():
                told, is_known = self._tags.told(name, value)
                if not is_known:
                    self.unmapped[told.tag.name] += 1
                yield told


def _tag_mapping(mapping: Mapping, base: Path) -> TagMapping:
    if mapping.tags is None or not mapping.tags.mapping:
        return TagMapping(source=mapping.source)
    file = base / mapping.tags.mapping
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        return read_tags({key: value for key, value in document.items() if key not in {"kind", "name"}})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise MappingError(f"{file.name} cannot be read as TOML", field="tags.mapping") from None
    except TagMappingError as error:
        raise MappingError(f"{file.name}: {error.field or ''} {error.detail}", field="tags.mapping") from None
