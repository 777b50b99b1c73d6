"""Metrics: what an operator watches, in Prometheus' form. Labels never hold an id or a personal value."""

from collections.abc import Iterable
from typing import Any, Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.registry import Collector

from projections.engine.lag import Lag
from projections.segment_membership.queries import Work

# Else there is a time series beside each counter that nobody asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves it untyped
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The instruments of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        here: dict[str, Any] = {"registry": self._registry}
        self._requests = Counter("koi_http_requests", "Requests answered.", ("method", "route", "status"), **here)
        self._seconds = Histogram(
            "koi_http_request_seconds", "Seconds to answer.", ("method", "route"), buckets=_BUCKETS, **here
        )
        self._ingested = Counter(
            "koi_ingest_events", "Events sent, by what came of them.", ("source", "outcome"), **here
        )
        self._refused = Counter(
            "koi_quarantine_entries", "What was put into the quarantine here.", ("source", "reason"), **here
        )
        self._lying = Gauge("koi_quarantine_open", "Entries that wait in the quarantine.", ("source", "reason"), **here)
        self._waiting = Gauge("koi_ingest_waiting_events", "Events received and not yet committed.", **here)
        self._head = Gauge("koi_log_position", "The position of the newest event of the log.", **here)
        self._position = Gauge("koi_projection_position", "How far the view has come.", ("view",), **here)
        self._behind = Gauge("koi_projection_lag_events", "Events the view has yet to take.", ("view",), **here)
        self._age = Gauge("koi_projection_lag_seconds", "How long the first of them has waited.", ("view",), **here)
        self._parked = Gauge("koi_dead_letters", "Events the view could not take.", ("view",), **here)

        self._segments = {
            name: Gauge(f"koi_segmenting_{name}", said, **here)
            for name, said in (
                ("live_segments", "Segments whose entering and leaving is told."),
                ("walking_segments", "Those for which everybody is being judged anew."),
                ("lag_events", "Events the worker has yet to take."),
                ("overdue_people", "People whose membership may have changed by time alone and is not judged yet."),
                ("overdue_seconds", "How long the first of them has waited."),
                ("differences", "Memberships that were not those of batch when they were compared last."),
            )
        }

    def watch(self, collector: Collector) -> None:
        """Show what another part of the process counts."""
        self._registry.register(collector)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request, by the template of its route."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def ingested(self, source: str, *, accepted: int, duplicates: int, quarantined: int, suppressed: int = 0) -> None:
        """Count events by what came of them."""
        outcomes = {
            "accepted": accepted,
            "duplicate": duplicates,
            "quarantined": quarantined,
            "suppressed": suppressed,
        }
        for outcome, count in outcomes.items():
            if count:
                self._ingested.labels(source, outcome).inc(count)

    def strangers(self, *, quarantined: int, dropped: int) -> None:
        """Count events nobody vouches for: those kept for someone to look at, and those there was no room for."""
        for outcome, count in (("quarantined", quarantined), ("dropped", dropped)):
            if count:
                self._ingested.labels("unknown", outcome).inc(count)

    def refused(self, source: str, reasons: Iterable[str]) -> None:
        """Count what was put into the quarantine; reasons are stable codes."""
        for reason in reasons:
            self._refused.labels(source, reason).inc()

    def segmenting(self, work: Work) -> None:
        """Show what the worker that tells entering and leaving has before it."""
        self._segments["live_segments"].set(work.segments)
        self._segments["walking_segments"].set(work.walking)
        self._segments["lag_events"].set(work.behind)
        self._segments["overdue_people"].set(work.overdue)
        self._segments["overdue_seconds"].set(work.overdue_seconds)
        self._segments["differences"].set(work.differences)

    def text(self, standing: Iterable[Lag], waiting: int, quarantined: Iterable[tuple[str, str, int]] = ()) -> bytes:
        """Return everything in Prometheus' text form.

        With it where the views stand, how many events wait now, and how many entries lie open by source and reason.
        """
        self._waiting.set(waiting)
        self._lying.clear()
        for source, reason, entries in quarantined:
            self._lying.labels(source, reason).set(entries)
        for view in standing:
            self._head.set(view.head)
            self._position.labels(view.view).set(view.position)
            self._behind.labels(view.view).set(view.behind)
            self._age.labels(view.view).set(view.age_seconds)
            self._parked.labels(view.view).set(view.parked)
        return generate_latest(self._registry)
