"""`koi context`."""

import os
from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import cyclopts
import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from commands.context.own_calendar import calendar_of_home
from commands.identity.describing import Describing
from commands.runtime.clock import now
from commands.runtime.settings import home_from
from domain.context.addresses import addresses
from domain.context.circumstances import circumstances
from domain.context.former_regions import former_regions
from domain.context.phone_places import phone_places
from domain.context.regions import regions

app = cyclopts.App(
    name="context",
    help="""Ask where and when: regions, addresses, phone segments, the calendar, and the rules of cleaning.

Needs no running Koi. Days and festivals of your own stand in `calendar.toml` in Koi's home, your rules of cleaning in
`cleaning.toml` and of inference in `inference.toml`; copies to begin with are in `domain/`.
""",
)
_out = Console()
_ZONE = ZoneInfo("Asia/Shanghai")

AsJson = Annotated[bool, Parameter(name="--json", negative=())]


@app.command
def day(on: str = "", *, country: str = "CN", as_json: AsJson = False) -> None:
    """Show what kind of day it is: holiday, make-up workday, lunar date, solar term, festivals.

    Args:
        on: The day, as in 2026-02-17; today, unless given.
        country: ISO 3166, such as CN, JP or US.
        as_json: As one JSON object.
    """
    when = date.fromisoformat(on) if on else now().astimezone(_ZONE).date()
    _show(msgspec.to_builtins(calendar_of_home(home_from(os.environ)).day(when, country)), as_json=as_json)


@app.command
def place(text: str, *, as_json: AsJson = False) -> None:
    """Show the region of an address or a division code, also one of former years.

    Args:
        text: As in 浙江省杭州市西湖区文三路, 330106 or 330184.
        as_json: As one JSON object.
    """
    if text.isascii() and text.isdigit():
        known = regions().get(text)
        resolved = former_regions().resolve(known.code if known else text)
        found: dict[str, Any] = msgspec.to_builtins(resolved)
    else:
        placed = addresses().placed(text)
        found = msgspec.to_builtins(placed)
        if placed.is_ambiguous:
            found["may_be"] = [regions().name(code) for code in placed.candidates]
    _show(found | {"name": regions().name(found["code"] or "")}, as_json=as_json)


@app.command
def phone(number: str, *, as_json: AsJson = False) -> None:
    """Show where a phone number or segment was issued: city and carrier in China, the country elsewhere.

    Args:
        number: As in +8613912345678, or the first seven digits of a Chinese one.
        as_json: As one JSON object.
    """
    found = phone_places().place(number) if number.startswith("+") else phone_places().mainland(number)
    _show(msgspec.to_builtins(found), as_json=as_json)


@app.command
def at(region: str = "", *, instant: str = "", as_json: AsJson = False) -> None:
    """Show the circumstances as rules see them, without the weather (which the API knows).

    Args:
        region: A name or a division code.
        instant: As in 2026-11-11T20:30:00+08:00; now, unless given.
        as_json: As one JSON object.
    """
    when = datetime.fromisoformat(instant) if instant else now()
    known = regions().get(region) if region.isdigit() else None
    code = known.code if known else addresses().placed(region).code if region else None
    calendar = calendar_of_home(home_from(os.environ))
    aware = when if when.tzinfo else when.replace(tzinfo=_ZONE)
    _show(circumstances(code, aware, calendar=calendar), as_json=as_json)


@app.command
def clean(attribute: str, value: str, *, source: str = "", as_json: AsJson = False) -> None:
    """Try the rules of cleaning on a value.

    Args:
        attribute: As in sex, birthday, name, phone, email, region, joined_at.
        value: What a source wrote.
        source: Whose, where the rules say something of it.
        as_json: As one JSON object.
    """
    cleaner = Describing.of_home(home_from(os.environ)).cleaner
    kind = cleaner.canonical(attribute)
    reading = cleaner.read(kind, value, source, now())
    found = {"attribute": kind, "value": reading.value, "rule": reading.rule, "outcome": reading.outcome}
    _show(found | {"version": cleaner.rules.version}, as_json=as_json)


def _show(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        _out.print(msgspec.json.encode(found).decode(), soft_wrap=True, highlight=False, markup=False)
        return
    table = Table(show_header=False, box=None)
    for key, value in found.items():
        table.add_row(key, str(value))
    _out.print(table)
