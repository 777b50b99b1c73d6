"""What a source of kind `weather` declares."""

from datetime import timedelta
from typing import Any, Final

import msgspec

from commands.runtime.sources import Source, SourceError, settings_of
from domain.context.weather import ObservationError, Reading

FIELDS: Final = (
    *("region", "date", "condition", "temperature_high", "temperature_low", "precipitation_mm", "is_forecast"),
)
_SECONDS_A_DAY: Final = 86_400
_FARTHEST: Final = 16  # days: no forecast reaches further


class WeatherFeed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A feed: `path` names files (a pattern, any fsspec URL), or `url` an address with {region}, {date} and {key}.

    `columns` says what the feed calls our fields, where it is not the same; `rows` where in an answer the list of rows
    is (`result.daily`), `conditions` what it calls the weather. An address is asked for each of `regions`, and, if it
    has a {date}, for each of the `days` from today on. `every` is in seconds.
    """

    path: str = ""
    url: str = ""
    key: str = ""
    every: int = 3_600
    columns: dict[str, str] = {}
    conditions: dict[str, str] = {}
    unit: str = "celsius"
    rows: str = ""
    regions: tuple[str, ...] = ()
    days: int = 3
    timeout: float = 20.0
    fixed: dict[str, Any] = {}

    @property
    def interval(self) -> timedelta:
        """How often to look."""
        return timedelta(seconds=self.every)

    def reading(self) -> Reading:
        """Return what reads its rows; raises `ObservationError`."""
        return Reading(self.conditions, is_fahrenheit=self.unit == "fahrenheit")


def feed_of(source: Source) -> WeatherFeed:
    """Return what the source declares; raises `SourceError` naming the key at fault."""
    feed = settings_of(source, WeatherFeed)
    wrong = _fault(feed)
    if wrong is not None:
        key, detail = wrong
        raise SourceError(f"{source.file.name}: {detail}", field=f"{source.file.name}: {key}")
    return feed


def _fault(feed: WeatherFeed) -> tuple[str, str] | None:
    unknown = sorted({*feed.columns, *feed.fixed} - set(FIELDS))
    rules = (
        (bool(feed.path) == bool(feed.url), "path", "name files by `path`, or an address by `url`"),
        (bool(feed.url) and not feed.url.startswith(("http://", "https://")), "url", "an address begins with https://"),
        ("{region}" in feed.url and not feed.regions, "regions", 'name the regions to ask for, such as ["330100"]'),
        (feed.unit not in {"celsius", "fahrenheit"}, "unit", "celsius or fahrenheit"),
        (bool(unknown), f"columns.{next(iter(unknown), '')}", f"one of {', '.join(FIELDS)}"),
        (not 0 < feed.every <= _SECONDS_A_DAY, "every", "between 1 second and a day"),
        (not 0 < feed.days <= _FARTHEST, "days", f"between 1 and {_FARTHEST}"),
    )
    for is_wrong, key, detail in rules:
        if is_wrong:
            return key, detail
    try:
        feed.reading()
    except ObservationError as error:
        return error.field or "conditions", error.detail
    return None
