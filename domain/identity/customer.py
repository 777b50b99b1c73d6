"""The customer: one stream per first-seen identifier; what it claims, who it is, what it consented to.

Joining customers into one profile is the identity graph's work (`graph.py`); a customer's own history never changes by
it, which is what makes a merge exactly reversible.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.identity.attributes import Attribute, Said, WordKind
from domain.identity.claim import Claim, CustomerErasedError, MergeError, Observed, claimed
from domain.identity.consent_words import ConsentState, ConsentWord
from domain.identity.customer_inferences import CustomerInferences
from domain.identity.inference import told_by
from domain.kernel import Event
from domain.kernel.errors import AlreadyExistsError, InvalidInputError
from domain.kernel.event import EPOCH

__all__ = ["Claim", "ConsentState", "ConsentWord", "Customer", "CustomerErasedError", "MergeError", "Observed"]

_Words = dict[str, Any]


class Customer(CustomerInferences):
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

    class AttributesFirstSet(Event, frozen=True, kw_only=True):
        """Words that hold from `meta.occurred_at` on, each if its attribute had no value then."""

        TOPIC = "customer.attributes_first_set.v1"
        PERSONAL = ("personal",)
        attributes: dict[str, Any] = {}
        personal: dict[str, Any] = {}

    class AttributesExtended(Event, frozen=True, kw_only=True):
        """Texts were added to attributes that are lists; those that are there already are there once."""

        TOPIC = "customer.attributes_extended.v1"
        PERSONAL = ("personal",)
        attributes: dict[str, list[str]] = {}
        personal: dict[str, list[str]] = {}

    class AttributesRemoved(Event, frozen=True, kw_only=True):
        """These attributes have no value any more."""

        TOPIC = "customer.attributes_removed.v1"
        names: tuple[str, ...]

    class ProfileCleared(Event, frozen=True, kw_only=True):
        """All attributes said until `meta.occurred_at` are forgotten in every view; the history stays."""

        TOPIC = "customer.profile_cleared.v1"

    class Bound(Event, frozen=True, kw_only=True):
        """The customer's own system says that these identifiers are hers; that a later one than an unbinding counts."""

        TOPIC = "customer.bound.v1"
        PERSONAL = ("identifiers",)
        claims: tuple[Claim, ...]
        identifiers: dict[str, str] = {}

    class Unbound(Event, frozen=True, kw_only=True):
        """The identifier that names this customer was cut from everybody: claims on it or by it until now are void."""

        TOPIC = "customer.unbound.v1"

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
        self.claimed_at: dict[UUID, datetime] = {}
        self.unbound_at: datetime | None = None
        self.identifiers: dict[UUID, tuple[str, str]] = {}
        self._said = Said()
        self.attributes: dict[str, Attribute] = self._said.attributes
        self.merged_with: set[UUID] = set()

    def register(self, identifiers: tuple[Observed, ...], occurred_at: datetime = EPOCH) -> None:
        """Begin the customer's history; raises `AlreadyExistsError` if it has one."""
        if self.exists:
            msg = "a customer with this identifier is registered already"
            raise AlreadyExistsError(msg, field="identifiers")
        named_by = next((observed.type for observed in identifiers if observed.id == self.id), None)
        if named_by is None:
            msg = "the identifier that names the customer must be among the identifiers"
            raise InvalidInputError(msg, field="identifiers")
        self.record(self.Registered, occurred_at=occurred_at, named_by=named_by, **claimed(identifiers))
        self.infer(told_by(identifiers))

    def observe(self, identifiers: tuple[Observed, ...], occurred_at: datetime = EPOCH) -> None:
        """Take note of the identifiers a fact came with: registers, adds claims, or does nothing if all is known."""
        if self.is_erased:
            return
        if not self.exists:
            self.register(identifiers, occurred_at)
            return
        new = tuple(o for o in identifiers if o.id not in self.claims and o.id not in self.withdrawn)
        if new:
            self.record(self.Identified, occurred_at=occurred_at, **claimed(new))
            self.infer(told_by(new))

    def bind(self, identifiers: tuple[Observed, ...], occurred_at: datetime) -> None:
        """Claim identifiers by the explicit word of the customer's own system, which outlasts unbindings before it.

        A claim that a person withdrew stays withdrawn: only `link` restores it.
        """
        if self.is_erased:
            return
        if not self.exists:
            self.register(tuple(one for one in identifiers if one.id == self.id), occurred_at)
        new = tuple(
            one
            for one in identifiers
            if one.id not in {self.id, *self.withdrawn} and self.claimed_at.get(one.id, EPOCH) < occurred_at
        )
        if new:
            self.record(self.Bound, occurred_at=occurred_at, **claimed(new))
            self.infer(told_by(new))

    def unbind(self, occurred_at: datetime) -> None:
        """Cut the identifier that names this customer from everybody it was joined with until then."""
        if (self.unbound_at or EPOCH) < occurred_at and not self.is_erased:
            self.record(self.Unbound, occurred_at=occurred_at)

    def link(self, identifiers: tuple[Observed, ...]) -> None:
        """Add identifiers by decision: unlike an observation this also restores a withdrawn claim."""
        new = tuple(o for o in identifiers if o.id not in self.claims)
        if new:
            self.record(self.Identified, **claimed(new))
            self.infer(told_by(new))

    def describe(self, attributes: dict[str, Any], personal: dict[str, Any], occurred_at: datetime) -> None:
        """Set attributes as of `occurred_at`; an older word than the one known changes nothing."""
        if self.is_erased:
            return
        plain, sealed = (self._said.described(said, occurred_at) for said in (attributes, personal))
        if plain or sealed:
            self.record(self.AttributesChanged, occurred_at=occurred_at, attributes=plain, personal=sealed)

    def set_attributes(self, attributes: dict[str, Any], personal: dict[str, Any], occurred_at: datetime) -> None:
        """Set attributes as of `occurred_at`; unlike `describe` also a value that is repeated is kept.

        Something may have been said, or counted, between the two that arrives later.
        """
        self._say(self.AttributesChanged, attributes, personal, occurred_at)

    def set_once(self, attributes: dict[str, Any], personal: dict[str, Any], occurred_at: datetime) -> None:
        """Set those attributes that had no value at `occurred_at`: the first word by business time holds."""
        self._say(self.AttributesFirstSet, attributes, personal, occurred_at)

    def extend(self, attributes: dict[str, Any], personal: dict[str, Any], occurred_at: datetime) -> None:
        """Add texts to attributes that are lists."""
        self._say(self.AttributesExtended, attributes, personal, occurred_at)

    def remove_attributes(self, names: Iterable[str], occurred_at: datetime) -> None:
        """Unset attributes as of `occurred_at`."""
        news = self._said.news(WordKind.UNSET, dict.fromkeys(names), occurred_at)
        if news and not self.is_erased:
            self.record(self.AttributesRemoved, occurred_at=occurred_at, names=tuple(news))

    def clear_profile(self, occurred_at: datetime) -> None:
        """Forget all attributes said until then; erasing a person is another matter."""
        if (self._said.cleared_at or EPOCH) < occurred_at and not self.is_erased:
            self.record(self.ProfileCleared, occurred_at=occurred_at)

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
        self.withdraw_inferences(self.inferred.resting_on(map(str, withdrawn)), "evidence_gone")

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
            case Customer.Registered() | Customer.Identified() | Customer.Bound():
                self._claim(event)
            case Customer.Unbound():
                self.unbound_at = event.meta.occurred_at
            case Customer.ConsentChanged() | Customer.Tagged() | Customer.Untagged():
                self.hear(event)
            case Customer.AttributesInferred() | Customer.InferencesWithdrawn():
                self.follow(event)
            case Customer.Merged():
                self.merged_with.add(event.other_id)
            case Customer.Unmerged():
                self.merged_with.discard(event.other_id)
                self._withdraw(event.withdrawn)
            case Customer.Erased():
                self._forget()
            case Customer.Readmitted():
                self.is_erased = False
            case _:
                self._describe(event)

    def _forget(self) -> None:
        self.is_erased = True
        self.claims.clear()
        self.claimed_at.clear()
        self.withdrawn.clear()
        self.identifiers.clear()
        self._said = Said()
        self.attributes = self._said.attributes
        self.inferred.clear()
        self.forget_words()
        self.merged_with.clear()

    def _claim(self, event: "Customer.Registered | Customer.Identified | Customer.Bound") -> None:
        if isinstance(event, Customer.Registered):
            self.named_by = event.named_by
        for claim in event.claims:
            self.claims[claim.id] = claim.type
            self.claimed_at[claim.id] = max(event.meta.occurred_at, self.claimed_at.get(claim.id, EPOCH))
            self.withdrawn.discard(claim.id)
            if str(claim.id) in event.identifiers:
                self.identifiers[claim.id] = (claim.type, event.identifiers[str(claim.id)])

    def _withdraw(self, claims: tuple[UUID, ...]) -> None:
        for claim in claims:
            self.claims.pop(claim, None)
            self.claimed_at.pop(claim, None)
            self.identifiers.pop(claim, None)
            self.withdrawn.add(claim)

    def _describe(self, event: Event) -> None:
        match event:
            case Customer.AttributesChanged() | Customer.AttributesFirstSet() | Customer.AttributesExtended():
                self._said.take(_KINDS[event.TOPIC], event.attributes | event.personal, event.meta.occurred_at)
            case Customer.AttributesRemoved():
                self._said.take(WordKind.UNSET, dict.fromkeys(event.names), event.meta.occurred_at)
            case Customer.ProfileCleared():
                self._said.clear(event.meta.occurred_at)

    def _say(self, event: type[Event], attributes: _Words, personal: _Words, occurred_at: datetime) -> None:
        plain, sealed = (self._said.news(_KINDS[event.TOPIC], said, occurred_at) for said in (attributes, personal))
        if (plain or sealed) and not self.is_erased:
            self.record(event, occurred_at=occurred_at, attributes=plain, personal=sealed)


_KINDS = {
    Customer.AttributesChanged.TOPIC: WordKind.SET,
    Customer.AttributesFirstSet.TOPIC: WordKind.ONCE,
    Customer.AttributesExtended.TOPIC: WordKind.ADDED,
}
