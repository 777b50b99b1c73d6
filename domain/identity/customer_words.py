"""What a customer says about being written to, and what sources say of her: consents and tags."""

from datetime import datetime
from typing import Any
from uuid import UUID

from domain.identity.consent_words import ConsentState, ConsentWord, ToldConsent, weighs_more
from domain.kernel import Aggregate, Event
from domain.kernel.event import upcast
from domain.tags.words import Tag, TagList, TagWords


class CustomerWords(Aggregate):
    """The part of a customer's stream that is words: of the customer on consent, of sources on tags."""

    class ConsentChanged(Event, frozen=True, kw_only=True):
        """The customer granted or withdrew consent for a purpose on a channel.

        Not proven is a grant that another system's list tells of without evidence: no withdrawal gives way to it. What
        proves it (`proof`: evidence) is sealed, since a form, an address or a scan may name the person; `evidence` is
        what earlier versions told in clear.
        """

        TOPIC = "customer.consent_changed.v3"
        PERSONAL = ("proof",)
        channel: str
        purpose: str
        state: ConsentState
        text_version: str
        source: str
        evidence: str = ""
        proof: dict[str, str] = {}
        is_proven: bool = True

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

    def __init__(self, stream_id: UUID) -> None:
        """Begin without a word."""
        super().__init__(stream_id)
        self.consents: dict[tuple[str, str], ConsentWord] = {}
        self.tags = TagWords()
        self.is_erased = False

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
        is_proven: bool = True,
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
            proof={"evidence": evidence} if evidence else {},
            is_proven=is_proven,
        )

    def hear_consent(self, told: ToldConsent) -> None:
        """Take another system's list at its word: what it repeats, and what counts less than ours, is not recorded."""
        if self.is_erased:
            return
        known = self.consents.get((told.channel, told.purpose))
        if known is not None and not told.is_news(known):
            return
        self.change_consent(
            told.channel,
            told.purpose,
            told.state,
            text_version=told.text_version,
            source=told.source,
            occurred_at=told.occurred_at,
            evidence=told.evidence,
            is_proven=told.is_proven,
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

    def hear(self, event: Event) -> None:
        """Assign what an event about words says."""
        match event:
            case CustomerWords.ConsentChanged():
                self._consent(event)
            case CustomerWords.Tagged() | CustomerWords.Untagged():
                is_present = isinstance(event, CustomerWords.Tagged)
                self.tags.take(event.source, event.tags, event.meta.occurred_at, is_present=is_present)

    def forget_words(self) -> None:
        """Forget all of them."""
        self.consents.clear()
        self.tags.forget()

    def _consent(self, event: "CustomerWords.ConsentChanged") -> None:
        known = self.consents.get((event.channel, event.purpose))
        word = ConsentWord(event.state, event.meta.occurred_at, event.text_version, event.is_proven)
        if known is None or weighs_more(word, known):
            self.consents[event.channel, event.purpose] = word


@upcast("customer.consent_changed.v1", to=CustomerWords.ConsentChanged)
def _proven(document: dict[str, Any]) -> dict[str, Any]:
    return document | {"is_proven": True}


@upcast("customer.consent_changed.v2", to=CustomerWords.ConsentChanged)
def _in_clear(document: dict[str, Any]) -> dict[str, Any]:
    return document
