"""The erasure of a person: begun as a decision, carried out step by step, proved by a receipt without a name."""

from typing import ClassVar
from uuid import UUID

from domain.kernel import Aggregate, Event
from domain.kernel.errors import AlreadyExistsError, DomainError, InvalidInputError


class ErasureExistsError(AlreadyExistsError):
    """This erasure was begun before."""

    code: ClassVar[str] = "erasure.exists"


class NotSuppressedError(DomainError):
    """Nothing of what was named is kept out by this erasure."""

    code: ClassVar[str] = "erasure.not_suppressed"


class Erasure(Aggregate):
    """One erasure: whom it concerns (ids that say nothing without the pepper), why, and what it destroyed."""

    TOPIC = "erasure"

    class Begun(Event, frozen=True, kw_only=True):
        """These customers are one person who is to be erased; what names the person is kept out from now on.

        `suppressed` are the ids that the person's identifiers name, keyed hashes of them. `reason`, `legal_basis` and
        `evidence` (a form's number, never its content) hold no personal value.
        """

        TOPIC = "erasure.begun.v1"
        customers: tuple[UUID, ...]
        suppressed: tuple[UUID, ...]
        reason: str
        legal_basis: str
        evidence: str = ""

    class Widened(Event, frozen=True, kw_only=True):
        """Further customers turned out to be the person: they were recorded while the erasure was being decided."""

        TOPIC = "erasure.widened.v1"
        customers: tuple[UUID, ...]
        suppressed: tuple[UUID, ...]

    class Completed(Event, frozen=True, kw_only=True):
        """Everything is destroyed: `destroyed` counts it by kind, `sha256` is the digest of the receipt."""

        TOPIC = "erasure.completed.v1"
        destroyed: dict[str, int]
        sha256: str

    class Lifted(Event, frozen=True, kw_only=True):
        """The person came back by a new consent: these identifiers name her again."""

        TOPIC = "erasure.lifted.v1"
        identifiers: tuple[UUID, ...]
        reason: str
        evidence: str

    def __init__(self, stream_id: UUID) -> None:
        """Begin before anyone asked."""
        super().__init__(stream_id)
        self.begun: Erasure.Begun | None = None
        self.completed: Erasure.Completed | None = None
        self.customers: set[UUID] = set()
        self.suppressed: set[UUID] = set()

    def begin(
        self,
        customers: tuple[UUID, ...],
        suppressed: tuple[UUID, ...],
        *,
        reason: str,
        legal_basis: str,
        evidence: str = "",
    ) -> None:
        """Decide it; raises `ErasureExistsError` if it was decided before."""
        if self.exists:
            msg = "this erasure was begun before"
            raise ErasureExistsError(msg)
        for field, text in (("reason", reason), ("legal_basis", legal_basis)):
            if not text.strip():
                msg = "an erasure needs it, to be judged later"
                raise InvalidInputError(msg, field=field)
        self.record(
            self.Begun,
            customers=customers,
            suppressed=suppressed,
            reason=reason.strip(),
            legal_basis=legal_basis.strip(),
            evidence=evidence.strip(),
        )

    def widen(self, customers: tuple[UUID, ...], suppressed: tuple[UUID, ...]) -> None:
        """Take in customers that turned out to be the person; those known already change nothing."""
        more = tuple(one for one in customers if one not in self.customers)
        names = tuple(one for one in suppressed if one not in self.suppressed)
        if more or names:
            self.record(self.Widened, customers=more, suppressed=names)

    def complete(self, destroyed: dict[str, int], sha256: str) -> None:
        """Note that everything is destroyed; said once."""
        if self.completed is None:
            self.record(self.Completed, destroyed=destroyed, sha256=sha256)

    def lift(self, identifiers: tuple[UUID, ...], *, reason: str, evidence: str) -> None:
        """Let these identifiers in again; raises `NotSuppressedError` where none of them was kept out by this."""
        for field, text in (("reason", reason), ("evidence", evidence)):
            if not text.strip():
                msg = "coming back needs the person's new consent: say where it was given"
                raise InvalidInputError(msg, field=field)
        known = tuple(one for one in identifiers if one in self.suppressed)
        if not known:
            msg = "none of these identifiers is kept out by this erasure"
            raise NotSuppressedError(msg, field="identifiers")
        self.record(self.Lifted, identifiers=known, reason=reason.strip(), evidence=evidence.strip())

    def evolve(self, event: Event) -> None:
        """Assign what the event says."""
        match event:
            case Erasure.Begun():
                self.begun = event
                self._take_in(event.customers, event.suppressed)
            case Erasure.Widened():
                self._take_in(event.customers, event.suppressed)
            case Erasure.Completed():
                self.completed = event
            case Erasure.Lifted():
                self.suppressed.difference_update(event.identifiers)

    def _take_in(self, customers: tuple[UUID, ...], suppressed: tuple[UUID, ...]) -> None:
        self.customers.update(customers)
        self.suppressed.update(suppressed)
