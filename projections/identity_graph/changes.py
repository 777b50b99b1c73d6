"""What a page says about the graph, folded in memory: the last state of each claim and merge, and who may part."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from asyncpg.pgproto import pgproto

from domain.identity.customer import Customer
from domain.identity.graph import is_void
from domain.identity.identifier import IdentifierType
from domain.identity.resolving import UNKNOWN_RANK
from domain.identity.rule_book import RuleBook
from domain.identity.rules import Guards
from domain.kernel.event import EPOCH
from projections.engine.page import Entry

_RANKS = {kind.value: kind.rank for kind in IdentifierType}

Pair = tuple[UUID, UUID]


class _Meta(msgspec.Struct):
    occurred_at: datetime


class _Claim(msgspec.Struct):
    id: str
    type: str


class _Claims(msgspec.Struct):
    meta: _Meta
    claims: tuple[_Claim, ...]
    identifiers: dict[str, bytes] = {}
    named_by: str = ""


class _Said(msgspec.Struct):
    meta: _Meta


class _Merged(msgspec.Struct):
    meta: _Meta
    other_id: UUID
    withdrawn: tuple[UUID, ...] = ()


class ClaimState(msgspec.Struct):
    """A row of `claim`; the type is None where only the withdrawal is in the page."""

    type: str | None
    sealed: bytes | None
    position: int
    withdrawn: bool
    claimed_at: datetime


class Adopted(msgspec.Struct):
    """The rules that a page puts in force."""

    version: int
    guards: Guards


_claims = msgspec.json.Decoder(_Claims).decode
_said = msgspec.json.Decoder(_Said).decode
_merged = msgspec.json.Decoder(_Merged).decode
_adopted = msgspec.json.Decoder(Adopted).decode


class Changes:
    """The changes of a page."""

    def __init__(self) -> None:
        """Begin with none."""
        self.ranks: dict[UUID, int] = {}
        self.registered: dict[UUID, datetime] = {}
        self.claims: dict[Pair, ClaimState] = {}
        # Since when each merge holds and its position, None where it was undone.
        self.merges: dict[Pair, tuple[datetime, int] | None] = {}
        self.parted: set[UUID] = set()
        self.unbound: dict[UUID, datetime] = {}
        # Whose earlier claims and merges are gone; what the page says of them afterwards counts again.
        self.erased: set[UUID] = set()
        self.adopted: Adopted | None = None

    def live_claims(self, unbound: Mapping[UUID, datetime]) -> list[Pair]:
        """Return the claims that hold after the page, among those it speaks of, given when identifiers were unbound."""
        return [
            pair
            for pair, claim in self.claims.items()
            if not claim.withdrawn and pair[0] != pair[1] and not is_void(*pair, claim.claimed_at, unbound)
        ]

    def fold(self, entry: Entry) -> None:
        """Take one event."""
        _FOLD[entry.topic](self, entry)

    def registered_or_identified(self, entry: Entry) -> None:
        """A customer was seen under these identifiers."""
        seen = _claims(entry.state)
        customer_id = entry.stream_id
        if seen.named_by:
            self.registered[customer_id] = seen.meta.occurred_at
        self.ranks.setdefault(customer_id, _RANKS.get(seen.named_by, UNKNOWN_RANK))
        for claim in seen.claims:
            identifier_id = pgproto.UUID(claim.id)  # equal to a uuid.UUID, and three times as fast as a key
            sealed = seen.identifiers.get(claim.id)
            self.claims[customer_id, identifier_id] = ClaimState(
                claim.type, sealed, entry.position, withdrawn=False, claimed_at=seen.meta.occurred_at
            )
            self.ranks[identifier_id] = _RANKS.get(claim.type, UNKNOWN_RANK)

    def merged(self, entry: Entry) -> None:
        """Two customers are one person."""
        merged = _merged(entry.state)
        pair = (entry.stream_id, merged.other_id)
        self.merges[pair] = (merged.meta.occurred_at, entry.position)
        for customer_id in pair:
            self.ranks.setdefault(customer_id, UNKNOWN_RANK)

    def unmerged(self, entry: Entry) -> None:
        """They are not: the merge and these claims no longer count."""
        unmerged = _merged(entry.state)
        self.merges[entry.stream_id, unmerged.other_id] = None
        self.parted |= {entry.stream_id, unmerged.other_id, *unmerged.withdrawn}
        for identifier_id in unmerged.withdrawn:
            claim = self.claims.get((entry.stream_id, identifier_id))
            kind, sealed = (claim.type, claim.sealed) if claim else (None, None)
            claimed_at = claim.claimed_at if claim else EPOCH
            self.claims[entry.stream_id, identifier_id] = ClaimState(
                kind, sealed, entry.position, withdrawn=True, claimed_at=claimed_at
            )

    def was_unbound(self, entry: Entry) -> None:
        """An identifier was cut from everybody: what was claimed until then does not count."""
        self.unbound[entry.stream_id] = _said(entry.state).meta.occurred_at
        self.parted.add(entry.stream_id)

    def was_erased(self, entry: Entry) -> None:
        """Who this was is forgotten, and with whom she was one."""
        gone = entry.stream_id
        self.erased.add(gone)
        self.parted.add(gone)
        self.registered.pop(gone, None)
        self.claims = {pair: claim for pair, claim in self.claims.items() if pair[0] != gone}
        self.merges = {pair: made for pair, made in self.merges.items() if gone not in pair}

    def was_readmitted(self, entry: Entry) -> None:
        """She is here again, from now on."""
        self.registered[entry.stream_id] = _said(entry.state).meta.occurred_at
        self.ranks.setdefault(entry.stream_id, UNKNOWN_RANK)

    def rules_adopted(self, entry: Entry) -> None:
        """Other rules decide from here on."""
        self.adopted = _adopted(entry.state)


_FOLD: dict[str, Callable[[Changes, Entry], None]] = {
    Customer.Registered.TOPIC: Changes.registered_or_identified,
    Customer.Identified.TOPIC: Changes.registered_or_identified,
    Customer.Bound.TOPIC: Changes.registered_or_identified,
    Customer.Unbound.TOPIC: Changes.was_unbound,
    Customer.Merged.TOPIC: Changes.merged,
    Customer.Unmerged.TOPIC: Changes.unmerged,
    Customer.Erased.TOPIC: Changes.was_erased,
    Customer.Readmitted.TOPIC: Changes.was_readmitted,
    RuleBook.Adopted.TOPIC: Changes.rules_adopted,
}
TOPICS = tuple(_FOLD)
