"""Weather feeds: files and addresses become history; told again they change nothing; what is wrong is kept."""

import http.server
import json
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commands.runtime.event_store import open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from commands.runtime.sources import SourceError, read_source
from projections.history.queries import head
from projections.weather.projector import PROJECTION
from projections.weather.queries import WeatherRead, weather_of
from tests.projections.following import current
from workers.sources.kind import Came, Means, open_means
from workers.sources.registry import kind_of
from workers.weather.feeds import FeedError

HANGZHOU = ["330106", "330100", "330000"]


@pytest.fixture
async def means(settings: Settings, secrets: Secrets) -> AsyncIterator[Means]:
    """What a run works with."""
    settings.sources_folder.mkdir(parents=True)
    async with (
        open_event_store(settings.database_url, secrets.master_key) as store,
        open_means(settings, secrets, store) as means,
    ):
        yield means


async def came(means: Means, text: str) -> Came:
    """What came of a run of a feed declared so."""
    file = means.settings.sources_folder / "weather-feed.toml"
    file.write_text(f'kind = "weather"\n{text}', encoding="utf-8")
    source = read_source(file)
    return await kind_of(source).run(source, means)


async def known(means: Means, day: date) -> WeatherRead | None:
    """The weather of a day in a district of Hangzhou."""
    await current(means.settings.database_url, await head(means.store.pool), PROJECTION)
    found = await weather_of(means.store.pool, HANGZHOU, day, day)
    return found[0] if found else None


async def test_a_file_becomes_history_and_told_again_changes_nothing(means: Means) -> None:
    """A corrected day is a new word; what cannot be understood is in the quarantine."""
    file = means.settings.sources_folder / "w.csv"
    feed = """path = "w.csv"
[columns]
region = "city"
condition = "text"
temperature_high = "max"
"""
    rows = [
        "city,date,text,max",
        "杭州,2026-11-25,小雨,17",
        "杭州,2026-11-26,多云,19",
        "Atlantis,2026-11-25,sunny,20",
        "杭州,2026-11-27,frogs,20",
    ]
    file.write_text("\n".join(rows), encoding="utf-8")
    first = await came(means, feed)
    assert (first.read, first.accepted, first.duplicates, first.quarantined) == (4, 2, 0, 2)
    again = await came(means, feed)
    assert (again.read, again.accepted, again.quarantined) == (0, 0, 0)
    told = await known(means, date(2026, 11, 25))
    assert told is not None
    assert (told.region, told.condition, told.temperature_high) == ("330100", "light_rain", 17.0)
    file.write_text("\n".join(rows).replace("小雨,17", "中雨,16"), encoding="utf-8")
    assert (await came(means, feed)).accepted == 1
    corrected = await known(means, date(2026, 11, 25))
    assert corrected is not None
    assert (corrected.condition, corrected.temperature_high) == ("rain", 16.0)
    reasons = [(one.reason, one.detail.partition(":")[0]) for one in await means.into.quarantine.newest()]
    assert sorted(reasons) == [("weather.invalid", "city"), ("weather.invalid", "text")]


async def test_parquet_and_json_lines_are_read_as_well(means: Means) -> None:
    """Degrees of Fahrenheit become those of Celsius; one who observed goes before one who foretold."""
    folder = means.settings.sources_folder
    table = pa.table(
        {"region": ["330100"], "date": [date(2026, 11, 25)], "condition": ["Clear"], "temperature_high": [68.0]}
    )
    pq.write_table(table, folder / "w.parquet")
    assert (await came(means, 'path = "w.parquet"\nunit = "fahrenheit"')).accepted == 1
    found = await known(means, date(2026, 11, 25))
    assert found is not None
    assert (found.condition, found.temperature_high) == ("sunny", 20.0)
    forecast = {"region": "330106", "date": "2026-11-26", "condition": "Schauer", "is_forecast": "true"}
    (folder / "w.jsonl").write_text(json.dumps(forecast), encoding="utf-8")
    assert (await came(means, 'path = "w.jsonl"\nconditions = { Schauer = "light_rain" }')).accepted == 1
    own = await known(means, date(2026, 11, 26))
    assert own is not None
    assert own.is_forecast


class _Feed(http.server.BaseHTTPRequestHandler):
    """Answers for the region in its path, if the key is right."""

    def do_GET(self) -> None:
        """Answer as a weather service does."""
        _, region, key = self.path.split("/")
        body: dict[str, Any] = {
            "daily": [{"fxDate": "2026-11-25", "textDay": "多云", "tempMax": "18", "adcode": region}]
        }
        self.send_response(200 if key == "k3y" else 403)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    """A weather service on loopback."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Feed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


async def test_an_address_is_asked_for_each_region_and_its_key_is_never_told(means: Means, service: str) -> None:
    """A refusal says what was answered, not what was asked."""
    feed = f"""url = "{service}/{{region}}/{{key}}"
rows = "daily"
regions = ["330100", "310000"]
columns = {{ region = "adcode", date = "fxDate", condition = "textDay", temperature_high = "tempMax" }}
"""
    assert (await came(means, f'key = "k3y"\n{feed}')).accepted == 2
    with pytest.raises(FeedError) as refused:
        await came(means, f'key = "wrong"\n{feed}')
    assert "403" in str(refused.value)
    assert "wrong" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "path"),
        ('path = "a.csv"\nurl = "https://x"', "path"),
        ('url = "https://x/{region}"', "regions"),
        ('path = "a.csv"\nunit = "kelvin"', "unit"),
        ('path = "a.csv"\nconditions = { x = "frogs" }', "conditions"),
        ('path = "a.csv"\ncolumns = { colour = "c" }', "columns.colour"),
        ('path = "a.csv"\nevry = 5', ""),
    ],
)
def test_a_slip_in_a_declaration_is_told_with_its_key(tmp_path: Path, text: str, field: str) -> None:
    """Before anything runs."""
    file = tmp_path / "weather-feed.toml"
    file.write_text(f'kind = "weather"\n{text}', encoding="utf-8")
    source = read_source(file)
    with pytest.raises(SourceError) as wrong:
        kind_of(source).interval(source)
    assert field in (wrong.value.field or "")
