"""That somebody was shown, in clear, what is otherwise sealed: for the audit."""

from domain.kernel.event import Event


class QuarantineShown(Event, frozen=True, kw_only=True):
    """Somebody (`meta.actor`) saw what these entries of the quarantine hold."""

    TOPIC = "quarantine.shown.v1"
    entries: tuple[int, ...]
    source: str = ""
