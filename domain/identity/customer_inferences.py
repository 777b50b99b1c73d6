"""What follows from what is known of a customer: noted with rule and evidence, taken back when the evidence goes."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from domain.identity.customer_words import CustomerWords
from domain.identity.inference import Grounds, Inference, Inferences
from domain.kernel import Event


class CustomerInferences(CustomerWords):
    """The part of a customer's stream that nobody said."""

    class AttributesInferred(Event, frozen=True, kw_only=True):
        """Something follows from what is known: `grounds` by name, the values beside them, the personal ones sealed."""

        TOPIC = "customer.attributes_inferred.v1"
        PERSONAL = ("personal",)
        grounds: dict[str, Grounds]
        attributes: dict[str, Any] = {}
        personal: dict[str, Any] = {}

    class InferencesWithdrawn(Event, frozen=True, kw_only=True):
        """These inferences, by name, no longer hold: their evidence has gone."""

        TOPIC = "customer.inferences_withdrawn.v1"
        names: tuple[str, ...]
        reason: str

    def __init__(self, stream_id: UUID) -> None:
        """Begin without any."""
        super().__init__(stream_id)
        self.inferred = Inferences()

    def infer(self, inferences: Iterable[Inference]) -> None:
        """Note what follows from what is known, unless it is noted already.

        Also where the attribute was said: the word may be taken back, and what was said goes before it anyway.
        """
        news = {} if self.is_erased else self.inferred.news(inferences)
        if news:
            self.record(
                self.AttributesInferred,
                occurred_at=max(one.occurred_at for one in news.values()),
                grounds={name: one.grounds for name, one in news.items()},
                attributes={name: one.value for name, one in news.items() if not one.is_personal},
                personal={name: one.value for name, one in news.items() if one.is_personal},
            )

    def withdraw_inferences(self, names: Iterable[str], reason: str) -> None:
        """Take inferences back by name; those that do not hold are passed over."""
        held = tuple(sorted(name for name in names if name in self.inferred))
        if held:
            self.record(self.InferencesWithdrawn, names=held, reason=reason)

    def follow(self, event: Event) -> None:
        """Assign what an event about inferences says."""
        match event:
            case CustomerInferences.AttributesInferred():
                self.inferred.hold(event.grounds, event.attributes | event.personal)
            case CustomerInferences.InferencesWithdrawn():
                self.inferred.drop(event.names)
