"""That somebody was shown, in clear, what is otherwise sealed: for the audit."""

from uuid import UUID

from domain.kernel.event import Event


class QuarantineShown(Event, frozen=True, kw_only=True):
    """Somebody (`meta.actor`) saw what these entries of the quarantine hold."""

    TOPIC = "quarantine.shown.v1"
    entries: tuple[int, ...]
    source: str = ""


class PersonExported(Event, frozen=True, kw_only=True):
    """Somebody (`meta.actor`) was given everything that is kept about a person, as JSON or as a page."""

    TOPIC = "person.exported.v1"
    customer_id: UUID
    customers: tuple[UUID, ...]
    form: str
    language: str
