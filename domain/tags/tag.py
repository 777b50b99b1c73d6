"""A tag of one's own: versions of what it is, weights that are tuned, and that it is over.

A tag that comes with Koi has no stream until somebody changes it: then its own versions go before the one shipped.
"""

from typing import Any, Final
from uuid import UUID

import msgspec

from domain.kernel.aggregate import Aggregate
from domain.kernel.event import Event
from domain.kernel.ids import derived
from domain.kernel.same import same_json
from domain.tags import errors
from domain.tags.definition import KEY, Type

_LONGEST: Final = 120


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a version of a tag says: `value` is the JSON form of a value, `labels` name the values of a text."""

    group: str
    name_zh: str
    name_en: str
    type: Type
    value: dict[str, Any]
    meaning_zh: str = ""
    meaning_en: str = ""
    unit: str = ""
    labels: dict[str, dict[str, str]] = {}
    owner: str = ""


def tag_stream(key: str) -> UUID:
    """Return the stream of the tag with this key; raises `TagTermsError`."""
    if not KEY.fullmatch(key):
        detail = "a tag's key is 2 to 64 small letters, digits and _, such as high_value"
        raise errors.TagTermsError(detail, field="key")
    return derived("tag", key)


class Tag(Aggregate):
    """One tag, named by its key. Values that are no trees are refused before."""

    class Defined(Event, frozen=True, kw_only=True):
        TOPIC = "tag.defined.v1"
        key: str
        tag_version: int
        terms: Terms

    class Redefined(Event, frozen=True, kw_only=True):
        TOPIC = "tag.redefined.v1"
        key: str
        tag_version: int
        terms: Terms

    class WeightsTuned(Event, frozen=True, kw_only=True):
        """The weights of the parts of a score, by their names; the rest stays as it was."""

        TOPIC = "tag.weights_tuned.v1"
        key: str
        tag_version: int
        weights: dict[str, float]
        terms: Terms

    class Retired(Event, frozen=True, kw_only=True):
        TOPIC = "tag.retired.v1"
        key: str
        reason: str

    def __init__(self, stream_id: UUID) -> None:
        """Begin before the tag is defined."""
        super().__init__(stream_id)
        self.key = ""
        self.tag_version = 0
        self.terms: Terms | None = None
        self.is_retired = False

    def define(self, key: str, terms: Terms) -> int:
        """Begin a tag and return its version."""
        if self.exists:
            raise errors.TagExistsError("a tag has this key: choose another, or define it anew", field="key")
        self.record(Tag.Defined, key=key, tag_version=1, terms=_checked(terms))
        return self.tag_version

    def redefine(self, key: str, terms: Terms, *, shipped: int = 0) -> int:
        """Give it another version and return its number; the same terms are no new one.

        `shipped` is the version that comes with Koi, if one does: its first change begins the stream.
        """
        self._require_use(shipped)
        terms = _checked(terms)
        if not same_json(terms, self.terms):
            version = max(self.tag_version, shipped) + 1
            self.record(Tag.Redefined, key=key, tag_version=version, terms=terms)
        return self.tag_version

    def tune(self, key: str, weights: dict[str, float], terms: Terms, *, shipped: int = 0) -> int:
        """Weigh the parts of a score otherwise; `terms` are those of now. Raises `TagTermsError`."""
        self._require_use(shipped)
        tuned = tuned_terms(terms, weights)
        if tuned not in (self.terms, terms):
            version = max(self.tag_version, shipped) + 1
            self.record(Tag.WeightsTuned, key=key, tag_version=version, weights=weights, terms=tuned)
        return self.tag_version or shipped

    def retire(self, key: str, reason: str, *, shipped: int = 0) -> None:
        """End it; its key stays taken, since history names it."""
        self._require_use(shipped)
        self.record(Tag.Retired, key=key, reason=reason.strip())

    def evolve(self, event: Event) -> None:
        """Assign what the event says."""
        match event:
            case Tag.Defined() | Tag.Redefined() | Tag.WeightsTuned():
                self.key, self.tag_version, self.terms = event.key, event.tag_version, event.terms
            case Tag.Retired():
                self.key, self.is_retired = event.key, True

    def _require_use(self, shipped: int) -> None:
        if not self.exists and not shipped:
            raise errors.TagNotFoundError("no tag has this key: define it first", field="key")
        if self.is_retired:
            raise errors.TagRetiredError("the tag is retired: define another", field="key")


def tuned_terms(terms: Terms, weights: dict[str, float]) -> Terms:
    """Return the terms of a score with other weights; raises `TagTermsError` if it is none, or has no such part."""
    parts = terms.value.get("parts")
    if terms.value.get("type") != "weighted" or not parts:
        raise errors.TagTermsError("only a score has weights: its value is of type weighted", field="weights")
    known = [part["name"] for part in parts]
    if unknown := sorted(weights.keys() - set(known)):
        detail = f"the score has no part {', '.join(unknown)}; its parts are {', '.join(known)}"
        raise errors.TagTermsError(detail, field=f"weights.{unknown[0]}")
    tuned = [part | {"weight": weights.get(part["name"], part["weight"])} for part in parts]
    return msgspec.structs.replace(terms, value=terms.value | {"parts": tuned})


def _checked(terms: Terms) -> Terms:
    for field in ("name_zh", "name_en"):
        if not 0 < len(getattr(terms, field).strip()) <= _LONGEST:
            raise errors.TagTermsError(f"give a name of 1 to {_LONGEST} letters", field=field)
    for value, words in terms.labels.items():
        if set(words) != {"zh", "en"}:
            raise errors.TagTermsError("a label has zh and en", field=f"labels.{value}")
    return terms
