"""Tags, consents and identifiers over time: of all customers of a profile together."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.kernel.rules.history import Word
from projections.profile_history.decisions import CLAIMING, CONSENTED, PARTING, TAGGED, UNTAGGED, Decision


class _Move(NamedTuple):
    """Something came (True) or went, at an instant: what it is called, and whose it is."""

    at: datetime
    is_there: bool
    owner: tuple[UUID, ...]


def tags(decisions: Iterable[Decision]) -> dict[tuple[str, str, str], list[Word]]:
    """Return by (source, key, value) when the profile had the tag: while one of its customers did."""
    moves: dict[tuple[str, str, str], list[_Move]] = {}
    for one in decisions:
        if one.topic in {TAGGED, UNTAGGED}:
            for tag in one.said.tags:
                move = _Move(one.occurred_at, one.topic == TAGGED, (one.customer_id,))
                moves.setdefault((one.said.source, tag.key, tag.value), []).append(move)
    return {place: _presence(moved) for place, moved in moves.items()}


def identifiers(decisions: Iterable[Decision], unbound: Mapping[UUID, datetime]) -> dict[str, list[Word]]:
    """Return by type when an identifier of the profile was known; `unbound` says when identifiers were cut off."""
    moves: dict[str, list[_Move]] = {}
    types: dict[UUID, str] = {}
    for one in decisions:
        if one.topic in CLAIMING:
            for claim in one.said.claims:
                types[claim.id] = claim.type
                owner = (one.customer_id, claim.id)
                moves.setdefault(claim.type, []).append(_Move(one.occurred_at, True, owner))  # noqa: FBT003 - a row
                if cut := _cut(one.customer_id, claim.id, one.occurred_at, unbound):
                    moves[claim.type].append(_Move(cut, False, owner))  # noqa: FBT003 - a row
        elif one.topic == PARTING:
            for claimed in one.said.withdrawn:
                move = _Move(one.occurred_at, False, (one.customer_id, claimed))  # noqa: FBT003 - a row
                moves.setdefault(types.get(claimed, ""), []).append(move)
    return {kind: words for kind, moved in moves.items() if kind and (words := _presence(moved))}


def consents(decisions: Iterable[Decision]) -> dict[tuple[str, str], list[Word]]:
    """Return by (channel, purpose) the word that counts from each instant on: a proven one before others."""
    said: dict[tuple[str, str], list[Decision]] = {}
    for one in decisions:
        if one.topic in CONSENTED:
            said.setdefault((one.said.channel, one.said.purpose), []).append(one)
    return {place: _weightiest(words) for place, words in said.items()}


def _weightiest(words: Iterable[Decision]) -> list[Word]:
    found: list[Word] = []
    best: tuple[bool, datetime, str] | None = None
    for one in sorted(words, key=lambda one: (one.occurred_at, one.said.is_proven, one.said.state)):
        # Of two words said at the same instant, "withdrawn" prevails: in doubt nobody is written to.
        weight = (one.said.is_proven, one.occurred_at, one.said.state)
        if best is None or weight > best:
            best = weight
            found.append(Word(one.occurred_at, one.said.state))
    return found


def _cut(customer: UUID, claimed: UUID, at: datetime, unbound: Mapping[UUID, datetime]) -> datetime | None:
    """Return when the claim became void, None if it did not: the customer's own name stays."""
    if customer == claimed:
        return None
    cuts = [unbound[one] for one in (customer, claimed) if one in unbound and at <= unbound[one]]
    return min(cuts, default=None)


def _presence(moves: Iterable[_Move]) -> list[Word]:
    """Return from when on anything of it was there (True), or nothing any more (None)."""
    there: set[tuple[UUID, ...]] = set()
    found: list[Word] = []
    # A stable sort: what was decided later about one owner at one instant holds.
    for move in sorted(moves, key=lambda move: move.at):
        was = bool(there)
        (there.add if move.is_there else there.discard)(move.owner)
        if bool(there) != was:
            found.append(Word(move.at, True if there else None))
    return found
