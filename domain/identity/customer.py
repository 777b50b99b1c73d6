"""The customer: one stream per first-seen identifier; what it claims, who it is, what it consented to.

Joining customers into one profile is the identity graph's work (`graph.py`); a customer's own history never changes by
it, which is what makes a merge exactly reversible.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from domain.kernel import Aggregate, DomainError, Event
from domain.kernel.errors import AlreadyExistsError, InvalidInputError
from domain.tags.words import Tag, TagList, TagWords

# The same value said again is written at most once in this time: enough for "last word wins" to be right to the day.
_CONFIRM_AFTER = timedelta(days=1)


class MergeError(DomainError):
    """A merge or its undoing that makes no sense for these two customers."""

    code = "customer.merge"


class CustomerErasedError(DomainError):
    """The person asked to be erased: nothing is recorded about her any more."""

    code = "customer.erased"


class ConsentState(StrEnum):
    """The two words a person can say about a channel and a purpose."""

    GRANTED = "granted"
    WITHDRAWN = "withdrawn"


class Claim(msgspec.Struct, frozen=True):
    """An identifier a customer was seen with: the id it names, and its type. The value itself is sealed beside it."""

    id: UUID
    type: str


class Observed(msgspec.Struct, frozen=True):
    """An identifier as observed: the id it names, its type and its value in clear (None where it is not kept)."""

    id: UUID
    type: str
    value: str | None


class Attribute(msgspec.Struct, frozen=True):
    """The last word on an attribute and when it was said."""

    value: Any
    occurred_at: datetime


class ConsentWord(msgspec.Struct, frozen=True):
    """The last word on a channel and purpose, under which wording, and when it was said."""

    state: str
    occurred_at: datetime
    text_version: str


class Customer(Aggregate):
    """One customer's stream, named by the strongest identifier it was first seen with."""

    TOPIC = "customer"

    class Registered(Event, frozen=True, kw_only=True):
        """A customer was seen for the first time, under these identifiers (its own is among the claims)."""

        TOPIC = "customer.registered.v1"
        PERSONAL = ("identifiers",)
        named_by: str
        claims: tuple[Claim, ...]
        identifiers: dict[str, str] = {}

    class Identified(Event, frozen=True, kw_only=True):
        """The customer was seen under further identifiers."""

        TOPIC = "customer.identified.v1"
        PERSONAL = ("identifiers",)
        claims: tuple[Claim, ...]
        identifiers: dict[str, str] = {}

    class AttributesChanged(Event, frozen=True, kw_only=True):
        """New words about the customer, valid from `meta.occurred_at`; the personal ones are sealed."""

        TOPIC = "customer.attributes_changed.v1"
        PERSONAL = ("personal",)
        attributes: dict[str, Any] = {}
        personal: dict[str, Any] = {}

    class ConsentChanged(Event, frozen=True, kw_only=True):
        """The customer granted or withdrew consent for a purpose on a channel."""

        TOPIC = "customer.consent_changed.v1"
        channel: str
        purpose: str
        state: ConsentState
        text_version: str
        source: str
        evidence: str = ""

    class Tagged(Event, frozen=True, kw_only=True):
        """A source said, as of `meta.occurred_at`, that the customer has these tags."""

        TOPIC = "customer.tagged.v1"
        source: str
        tags: tuple[Tag, ...]
        evidence: str = ""

    class Untagged(Event, frozen=True, kw_only=True):
        """A source said, or its complete list left them out, that the customer has these tags no more."""

        TOPIC = "customer.untagged.v1"
        source: str
        tags: tuple[Tag, ...]
        evidence: str = ""

    class Merged(Event, frozen=True, kw_only=True):
        """Someone decided that this customer and the other are one person."""

        TOPIC = "customer.merged.v1"
        other_id: UUID
        reason: str

    class Unmerged(Event, frozen=True, kw_only=True):
        """Someone decided that they are not: the merge ends and these claims of this customer no longer count."""

        TOPIC = "customer.unmerged.v1"
        other_id: UUID
        withdrawn: tuple[UUID, ...]
        reason: str

    class Erased(Event, frozen=True, kw_only=True):
        """The person is erased: who she is, what she said and claimed counts no more; its keys are destroyed.

        `receipt_id` is the erasure that proves it, `reason` why (nothing personal).
        """

        TOPIC = "customer.erased.v1"
        receipt_id: UUID
        reason: str
        legal_basis: str

    class Readmitted(Event, frozen=True, kw_only=True):
        """The person came back by a new consent: she begins anew, without what was erased."""

        TOPIC = "customer.readmitted.v1"
        receipt_id: UUID
        reason: str

    def __init__(self, stream_id: UUID) -> None:
        """Begin unknown."""
        super().__init__(stream_id)
        self.named_by = ""
        self.claims: dict[UUID, str] = {}
        self.withdrawn: set[UUID] = set()
        self.identifiers: dict[UUID, tuple[str, str]] = {}
        self.attributes: dict[str, Attribute] = {}
        self.consents: dict[tuple[str, str], ConsentWord] = {}
        self.tags = TagWords()
        self.merged_with: set[UUID] = set()
        self.is_erased = False

    def register(self, identifiers: tuple[Observed, ...]) -> None:
        """Begin the customer's history; raises `AlreadyExistsError` if it has one."""
        if self.exists:
            msg = "a customer with this identifier is registered already"
            raise AlreadyExistsError(msg, field="identifiers")
        named_by = next((observed.type for observed in identifiers if observed.id == self.id), None)
        if named_by is None:
            msg = "the identifier that names the customer must be among the identifiers"
            raise InvalidInputError(msg, field="identifiers")
        self.record(self.Registered, named_by=named_by, **_claimed(identifiers))

    def observe(self, identifiers: tuple[Observed, ...]) -> None:
        """Take note of the identifiers a fact came with: registers, adds claims, or does nothing if all is known."""
        if self.is_erased:
            return
        if not self.exists:
            self.register(identifiers)
            return
        new = tuple(o for o in identifiers if o.id not in self.claims and o.id not in self.withdrawn)
        if new:
            self.record(self.Identified, **_claimed(new))

    def link(self, identifiers: tuple[Observed, ...]) -> None:
        """Add identifiers by decision: unlike an observation this also restores a withdrawn claim."""
        new = tuple(o for o in identifiers if o.id not in self.claims)
        if new:
            self.record(self.Identified, **_claimed(new))

    def describe(self, attributes: dict[str, Any], personal: dict[str, Any], occurred_at: datetime) -> None:
        """Set attributes as of `occurred_at`; an older word than the one known changes nothing."""
        if self.is_erased:
            return
        plain = {key: value for key, value in attributes.items() if self._is_news(key, value, occurred_at)}
        sealed = {key: value for key, value in personal.items() if self._is_news(key, value, occurred_at)}
        if plain or sealed:
            self.record(self.AttributesChanged, occurred_at=occurred_at, attributes=plain, personal=sealed)

    def change_consent(  # a consent without any of these would be no proof
        self,
        channel: str,
        purpose: str,
        state: ConsentState,
        *,
        text_version: str,
        source: str,
        occurred_at: datetime,
        evidence: str = "",
    ) -> None:
        """Record what the person said; also when it repeats the last word, since each is a proof of its own."""
        self.record(
            self.ConsentChanged,
            occurred_at=occurred_at,
            channel=channel,
            purpose=purpose,
            state=state,
            text_version=text_version,
            source=source,
            evidence=evidence,
        )

    def tag(self, told: TagList) -> None:
        """Take a source's word on tags: what changes by it is recorded, what is known already is not."""
        if self.is_erased:
            return
        present, absent = self.tags.changed_by(told)
        for kind, tags in ((self.Untagged, absent), (self.Tagged, present)):
            if tags:
                said = {"source": told.source, "tags": tags, "evidence": told.evidence}
                self.record(kind, occurred_at=told.occurred_at, **said)

    def merge(self, other_id: UUID, reason: str) -> None:
        """Declare this and the other customer one person; raises `MergeError` if they are already, or are the same."""
        if other_id == self.id:
            msg = "a customer cannot be merged with itself"
            raise MergeError(msg, field="other_id")
        if other_id in self.merged_with:
            msg = "these two customers are merged already"
            raise MergeError(msg, field="other_id")
        self.record(self.Merged, other_id=other_id, reason=reason)

    def unmerge(self, other_id: UUID, withdrawn: tuple[UUID, ...], reason: str) -> None:
        """End the merge with the other customer and give up the claims that join the two."""
        unknown = [claim for claim in withdrawn if claim not in self.claims]
        if unknown or (not withdrawn and other_id not in self.merged_with):
            msg = "nothing of this customer joins it to the other"
            raise MergeError(msg, field="other_id")
        self.record(self.Unmerged, other_id=other_id, withdrawn=withdrawn, reason=reason)

    def erase(self, receipt_id: UUID, *, reason: str, legal_basis: str) -> None:
        """Forget who this is, once; a customer nobody ever saw has nothing to forget."""
        if self.exists and not self.is_erased:
            self.record(self.Erased, receipt_id=receipt_id, reason=reason, legal_basis=legal_basis)

    def readmit(self, receipt_id: UUID, reason: str) -> None:
        """Begin anew after an erasure that was lifted."""
        if self.is_erased:
            self.record(self.Readmitted, receipt_id=receipt_id, reason=reason)

    def evolve(self, event: Event) -> None:
        """Assign what the event says."""
        match event:
            case Customer.Registered() | Customer.Identified():
                self._claim(event)
            case Customer.AttributesChanged():
                for key, value in (event.attributes | event.personal).items():
                    self.attributes[key] = Attribute(value, event.meta.occurred_at)
            case Customer.ConsentChanged():
                self._consent(event)
            case Customer.Tagged() | Customer.Untagged():
                is_present = isinstance(event, Customer.Tagged)
                self.tags.take(event.source, event.tags, event.meta.occurred_at, is_present=is_present)
            case Customer.Merged():
                self.merged_with.add(event.other_id)
            case Customer.Unmerged():
                self.merged_with.discard(event.other_id)
                self._withdraw(event.withdrawn)
            case Customer.Erased():
                self._forget()
            case Customer.Readmitted():
                self.is_erased = False

    def _forget(self) -> None:
        self.is_erased = True
        self.claims.clear()
        self.withdrawn.clear()
        self.identifiers.clear()
        self.attributes.clear()
        self.consents.clear()
        self.tags.forget()
        self.merged_with.clear()

    def _claim(self, event: "Customer.Registered | Customer.Identified") -> None:
        if isinstance(event, Customer.Registered):
            self.named_by = event.named_by
        for claim in event.claims:
            self.claims[claim.id] = claim.type
            self.withdrawn.discard(claim.id)
            if str(claim.id) in event.identifiers:
                self.identifiers[claim.id] = (claim.type, event.identifiers[str(claim.id)])

    def _withdraw(self, claims: tuple[UUID, ...]) -> None:
        for claim in claims:
            self.claims.pop(claim, None)
            self.identifiers.pop(claim, None)
            self.withdrawn.add(claim)

    def _consent(self, event: "Customer.ConsentChanged") -> None:
        known = self.consents.get((event.channel, event.purpose))
        if known is None or known.occurred_at <= event.meta.occurred_at:
            self.consents[event.channel, event.purpose] = ConsentWord(
                event.state, event.meta.occurred_at, event.text_version
            )

    def _is_news(self, key: str, value: Any, occurred_at: datetime) -> bool:
        known = self.attributes.get(key)
        if known is None:
            return True
        if value == known.value:
            return occurred_at - known.occurred_at >= _CONFIRM_AFTER
        return (occurred_at, _order(value)) > (known.occurred_at, _order(known.value))


def _claimed(identifiers: tuple[Observed, ...]) -> dict[str, Any]:
    return {
        "claims": tuple(Claim(observed.id, observed.type) for observed in identifiers),
        "identifiers": {str(o.id): o.value for o in identifiers if o.value is not None},
    }


def _order(value: Any) -> bytes:
    # Two words said at the same instant: the greater one wins, whichever came first.
    return msgspec.json.encode(value, order="deterministic")
