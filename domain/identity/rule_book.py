"""The rule book: which identity rules are, and were, in force."""

from uuid import UUID

from domain.identity.rules import Guards, default_rules
from domain.kernel import Aggregate, DomainError, Event, NotFoundError
from domain.kernel.event import NIL
from domain.kernel.ids import derived


class RulesInForceError(DomainError):
    """The rules are in force already."""

    code = "identity_rules.in_force"


class RulesNotFoundError(NotFoundError):
    """No rules of this version were ever adopted."""

    code = "identity_rules.not_found"


# Until an installation adopts its first rules: the limits that come with Koi; only the installation's own pepper tells
# which ids its blocked values have.
UNTIL_ADOPTED = Guards(limits=default_rules().guards(lambda _: NIL).limits)


def rule_book_stream() -> UUID:
    """Return the one stream of the rules."""
    return derived("identity rules")


class RuleBook(Aggregate):
    """The rules adopted so far; the last ones are in force, over the whole history."""

    TOPIC = "identity_rules"

    class Adopted(Event, frozen=True, kw_only=True):
        """From now on these rules decide who is one person; `restores` names the version they were before, if any."""

        TOPIC = "identity_rules.adopted.v1"
        version: int
        guards: Guards
        reason: str
        restores: int | None = None

    def __init__(self, stream_id: UUID) -> None:
        """Begin with the rules that come with Koi."""
        super().__init__(stream_id)
        self.guards = UNTIL_ADOPTED
        self.adopted: dict[int, Guards] = {}

    def adopt(self, guards: Guards, reason: str) -> None:
        """Put rules in force; raises `RulesInForceError` if nothing would change."""
        self._adopt(guards, reason, None)

    def restore(self, version: int, reason: str) -> None:
        """Put the rules of an earlier version in force again; raises `RulesNotFoundError`."""
        if version not in self.adopted:
            known = ", ".join(map(str, self.adopted)) or "none"
            raise RulesNotFoundError(f"there is no version {version}: adopted so far: {known}", field="version")
        self._adopt(self.adopted[version], reason, version)

    def _adopt(self, guards: Guards, reason: str, restores: int | None) -> None:
        if self.adopted and guards == self.guards:
            raise RulesInForceError("exactly these rules are in force already")
        self.record(self.Adopted, version=len(self.adopted) + 1, guards=guards, reason=reason, restores=restores)

    def evolve(self, event: Event) -> None:
        """Assign what the event says."""
        match event:
            case RuleBook.Adopted():
                self.guards = self.adopted[event.version] = event.guards
