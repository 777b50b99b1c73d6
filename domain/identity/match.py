"""A match: two customers who may be one person, proposed by a score and decided by a person."""

from uuid import UUID

import msgspec

from domain.kernel import Aggregate, DomainError, Event
from domain.kernel.ids import derived


class MatchStateError(DomainError):
    """What was asked does not fit where the match stands."""

    code = "match.state"


class Reason(msgspec.Struct, frozen=True):
    """Why two customers look alike: how far a field agrees, and the bits it adds to or takes from the odds.

    Levels, never values: who may read the match need not be allowed to read the persons.
    """

    field: str
    kind: str
    level: str
    weight: float


def match_stream(one: UUID, other: UUID) -> UUID:
    """Return the stream of a pair, whichever comes first: a pair proposed twice is proposed once."""
    return derived("match", *sorted((one, other)))


class Match(Aggregate):
    """One pair of customers."""

    TOPIC = "match"

    class Proposed(Event, frozen=True, kw_only=True):
        """The two look like one person; `probability` from 0 to 1, `weight` the same as odds in bits."""

        TOPIC = "match.proposed.v1"
        left_id: UUID
        right_id: UUID
        probability: float
        weight: float
        model: str
        reasons: tuple[Reason, ...]

    class Accepted(Event, frozen=True, kw_only=True):
        """They are one person; `automatic` where a declared threshold said so and nobody looked."""

        TOPIC = "match.accepted.v1"
        automatic: bool = False
        note: str = ""

    class Rejected(Event, frozen=True, kw_only=True):
        """They are two, for good: the pair is not proposed again. `undone`: it had been accepted before."""

        TOPIC = "match.rejected.v1"
        reason: str
        undone: bool = False

    class Withdrawn(Event, frozen=True, kw_only=True):
        """A later run no longer supports the proposal, or the two are one profile by other means."""

        TOPIC = "match.withdrawn.v1"
        reason: str

    def __init__(self, stream_id: UUID) -> None:
        """Begin unproposed."""
        super().__init__(stream_id)
        self.state = "none"
        self.pair: tuple[UUID, UUID] | None = None

    @property
    def customers(self) -> tuple[UUID, UUID]:
        """The two; raises `MatchStateError` if nothing was proposed."""
        if self.pair is None:
            raise MatchStateError("nothing was proposed here")
        return self.pair

    def propose(
        self, pair: tuple[UUID, UUID], *, probability: float, weight: float, model: str, reasons: tuple[Reason, ...]
    ) -> bool:
        """Propose the pair, unless it stands proposed or is decided already; returns whether that is news."""
        if self.state not in {"none", "withdrawn"}:
            return False
        left, right = sorted(pair)
        self.record(
            self.Proposed,
            left_id=left,
            right_id=right,
            probability=probability,
            weight=weight,
            model=model,
            reasons=reasons,
        )
        return True

    def accept(self, *, automatic: bool = False, note: str = "") -> None:
        """Decide that they are one person; raises `MatchStateError` unless it stands proposed."""
        self._expect("proposed", "accepted")
        self.record(self.Accepted, automatic=automatic, note=note)

    def reject(self, reason: str) -> None:
        """Decide that they are two; raises `MatchStateError` unless it stands proposed."""
        self._expect("proposed", "rejected")
        self.record(self.Rejected, reason=reason)

    def undo(self, reason: str) -> None:
        """Take an acceptance back, for good; raises `MatchStateError` unless it was accepted."""
        self._expect("accepted", "undone")
        self.record(self.Rejected, reason=reason, undone=True)

    def withdraw(self, reason: str) -> None:
        """Take the proposal back; does nothing unless it stands proposed."""
        if self.state == "proposed":
            self.record(self.Withdrawn, reason=reason)

    def _expect(self, state: str, what: str) -> None:
        if self.state != state:
            standing = "was never proposed" if self.state == "none" else f"is {self.state}"
            raise MatchStateError(f"only a match that is {state} can be {what}: this one {standing}")

    def evolve(self, event: Event) -> None:
        """Assign what the event says."""
        match event:
            case Match.Proposed():
                self.state = "proposed"
                self.pair = (event.left_id, event.right_id)
            case Match.Accepted():
                self.state = "accepted"
            case Match.Rejected():
                self.state = "rejected"
            case Match.Withdrawn():
                self.state = "withdrawn"
