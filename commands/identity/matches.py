"""Decide matches: accept (merges the two), reject, undo (un-merges them), and propose what a linkage run found."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from commands.identity.customers import Changed, existing
from commands.identity.unmerge_customers import part
from commands.runtime.context import Context
from commands.runtime.streams import Streams
from domain.identity.customer import Customer
from domain.identity.match import Match, Reason, match_stream
from domain.identity.resolving import Hold
from domain.kernel.errors import InvalidInputError, NotFoundError, StaleVersionError
from domain.kernel.plain_words import plain_words

_AT_ONCE = 500


class MatchNotFoundError(NotFoundError):
    """No such pair was ever proposed."""

    code = "match.not_found"


class AcceptMatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """They are one person; what convinced you, if it is worth keeping, in words that name nobody."""

    note: str = ""


class RejectMatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """They are two persons; why, in words that name nobody."""

    reason: str


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A pair that a linkage run supports."""

    pair: tuple[UUID, UUID]
    probability: float
    weight: float
    reasons: tuple[Reason, ...]


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What came of candidates: those new in the queue, and those merged since a declared threshold says so."""

    proposed: int
    accepted: int


async def accept_match(
    command: AcceptMatch, *, match_id: UUID, expected_version: int | None, by: Context, streams: Streams
) -> Changed:
    """Merge the two customers, because of the match; raises `MatchStateError` unless it stands proposed."""
    match = await _standing(streams, match_id, expected_version)
    match.accept(note=plain_words(command.note, "note"))
    customer = await _merged(match, streams)
    return await _saved(match, customer, by=by, streams=streams)


async def reject_match(
    command: RejectMatch, *, match_id: UUID, expected_version: int | None, by: Context, streams: Streams
) -> Changed:
    """Keep them two; the pair is not proposed again."""
    match = await _standing(streams, match_id, expected_version)
    match.reject(_why(command))
    return await _saved(match, by=by, streams=streams)


async def undo_match(
    command: RejectMatch,
    *,
    match_id: UUID,
    members: Iterable[UUID],
    holds: Mapping[UUID, Hold],
    expected_version: int | None,
    by: Context,
    streams: Streams,
) -> Changed:
    """Un-merge the two, exactly, and reject the match; `members` and `holds` as for un-merging."""
    match = await _standing(streams, match_id, expected_version)
    reason = _why(command)
    left, right = match.customers
    match.undo(reason)
    parted = await part(left, right, members=members, holds=holds, reason=reason, streams=streams)
    return await _saved(match, *parted, by=by, streams=streams)


async def propose_matches(
    candidates: Sequence[Candidate], *, model: str, auto_accept: float | None, by: Context, streams: Streams
) -> Counts:
    """Propose the pairs that are neither in the queue nor decided; merges those that reach `auto_accept`, if declared.

    What another process decides meanwhile is left to it.
    """
    proposed = accepted = 0
    for start in range(0, len(candidates), _AT_ONCE):
        part_of = candidates[start : start + _AT_ONCE]
        matches = await streams.load_many(Match, [match_stream(*one.pair) for one in part_of])
        for one in part_of:
            match = matches[match_stream(*one.pair)]
            is_news = match.propose(
                one.pair, probability=one.probability, weight=one.weight, model=model, reasons=one.reasons
            )
            if not is_news:
                continue
            is_sure = auto_accept is not None and one.probability >= auto_accept
            if is_sure:
                match.accept(automatic=True)
            customers = [await _merged(match, streams)] if is_sure else []
            try:
                await streams.save(match, *customers, by=_because(by, match))
            except StaleVersionError:
                continue
            proposed += not is_sure
            accepted += is_sure
    return Counts(proposed=proposed, accepted=accepted)


async def withdraw_matches(match_ids: Iterable[UUID], *, reason: str, by: Context, streams: Streams) -> int:
    """Take proposals back that are no longer supported; returns how many stood."""
    withdrawn = 0
    for match in (await streams.load_many(Match, match_ids)).values():
        match.withdraw(reason)
        try:
            withdrawn += (await streams.save(match, by=by)).position > 0
        except StaleVersionError:
            continue
    return withdrawn


async def _standing(streams: Streams, match_id: UUID, expected_version: int | None) -> Match:
    match = await streams.load(Match, match_id)
    if not match.exists:
        raise MatchNotFoundError("there is no match with this id")
    if expected_version is not None and match.version != expected_version:
        raise StaleVersionError(f"the match is at version {match.version}: read it again and decide anew")
    return match


async def _merged(match: Match, streams: Streams) -> Customer:
    left, right = match.customers
    customer = await existing(streams, left)
    await existing(streams, right)
    if right not in customer.merged_with:
        customer.merge(right, f"match {match.id}")
    return customer


def _why(command: RejectMatch) -> str:
    if not command.reason.strip():
        raise InvalidInputError("say why they are two persons", field="reason")
    return plain_words(command.reason, "reason")


def _because(by: Context, match: Match) -> Context:
    return msgspec.structs.replace(by, causation_id=f"match:{match.id}")


async def _saved(match: Match, *customers: Customer, by: Context, streams: Streams) -> Changed:
    outcome = await streams.save(
        match, *customers, by=_because(by, match), result={"id": match.id, "version": match.version}
    )
    return Changed(id=match.id, version=match.version, position=outcome.position)
