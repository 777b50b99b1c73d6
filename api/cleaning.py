"""What the rules of cleaning did, as Prometheus reads it."""

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector


class CleaningCounts(Collector):
    """The counts of this process's rules, read when a scraper asks; a value is never among the labels."""

    def __init__(self, counts: Mapping[tuple[str, str], int]) -> None:
        self._counts = counts

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Yield one counter by rule and outcome: clean, dropped (it said nothing), refused (kept as it stood)."""
        family = CounterMetricFamily(
            "koi_cleaning_values", "Values cleaned, by rule and what came of them.", labels=("rule", "outcome")
        )
        for (rule, outcome), count in sorted(self._counts.items()):
            family.add_metric((rule, outcome), count)
        yield family
